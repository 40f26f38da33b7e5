import type { ProcessStart } from '@holdfast/protocol/token'
import type { Storage } from '@holdfast/storage'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { TokenRefresher } from './connections/refresh.ts'
import type { TokenMaintenance } from './connections/token-maintenance.ts'
import type { EnclaveClient } from './enclave-client/client.ts'
import type { Keystore } from './keystore.ts'
import type { DpopNonces } from './oauth/dpop-nonces.ts'
import type { Outbound } from './outbound/outbound.ts'
import type { ClientDocuments } from './registration/documents/client-documents.ts'
import type { Revocation } from './revocation.ts'
import type { VerifyToken } from './tokens.ts'

/** What every part of this process is handed; made once in `create-context.ts`. */
export interface AppContext {
  /** `issuer` holds the port that was really bound. */
  readonly config: Config
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Proofs that seem older need its nonce: what was used before it is forgotten. */
  readonly processStart: ProcessStart
  readonly logger: Logger
  readonly storage: Storage
  readonly enclave: EnclaveClient
  /** Renews the tokens of connections. */
  readonly tokens: TokenRefresher
  /** What tokens need in the background. */
  readonly tokenMaintenance: TokenMaintenance
  readonly keystore: Keystore
  readonly revocation: Revocation
  /** The way to hosts that somebody else named. */
  readonly outbound: Outbound
  /** Clients whose id is the URL of a document about them. */
  readonly documents: ClientDocuments
  /** Checks one of our own access tokens: form, signature, issuer, audience, time, revocation. */
  readonly verifyToken: VerifyToken
  /** Nonces that proofs at our own resources must carry; undefined when they need none. */
  readonly proofNonces: DpopNonces | undefined
}

/** Koa state of every request. */
export interface RequestState {
  /** Also in the `X-Request-Id` answer header and in audit records. */
  requestId: string
  /** The caller's address, after the proxy rule of the configuration. */
  remoteAddress: string
  /** Set for token requests whose proof must carry a nonce. */
  needsNonce?: boolean | undefined
  /** The code of a link to the device page, in the form of one. */
  deviceCode?: string | undefined
  /** Set when a code was typed that no device has. */
  wrongDeviceCode?: boolean | undefined
  /** Set once a token request has shown a good token of a user: what is refused from then on is no guess. */
  isUserKnown?: boolean | undefined
  /** Set once the refusal of a token request has its record. */
  isRefusalRecorded?: boolean | undefined
}
