import type { Storage } from '@holdfast/storage'
import type { EnclaveClient } from '../enclave-client/client.ts'
import type { TokenRefresher } from './refresh.ts'
import type { TokenMaintenance } from './token-maintenance.ts'

/** What the operations on connections need of the process. */
export interface ConnectionParts {
  readonly storage: Pick<Storage, 'connections' | 'resources' | 'usedEnvelopes' | 'audit'>
  readonly enclave: Pick<EnclaveClient, 'ingest' | 'rewrap' | 'dispatch'>
  readonly tokens: TokenRefresher
  readonly tokenMaintenance: Pick<TokenMaintenance, 'kick'>
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** Who asks. */
export interface Actor {
  /** `sub` of the access token: the owner of what it may touch. */
  readonly sub: string
  readonly clientId: string
  readonly requestId: string
}
