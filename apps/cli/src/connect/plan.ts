import type { ConnectionPolicy, CredentialKind } from '@holdfast/protocol'

/** A connection that is decided but for its secrets, which are asked for last. */
export interface ConnectionPlan {
  readonly provider: string
  readonly baseUrl: string
  readonly credential: CredentialKind
  /** Absent = nothing may use it. */
  readonly policy: ConnectionPolicy | undefined
  /** Whether the catalog knows a harmless request that names the account. */
  readonly isIdentified: boolean
  /** Reads and checks the secrets; nothing was sent before and nothing is sent here. */
  readonly readSecrets: () => Promise<Record<string, Uint8Array>>
}

/** The options of `holdfast connections add` that both ways take. */
export interface AddOptions {
  readonly baseUrl?: string
  readonly kind?: string
  readonly header?: string
  readonly template?: string
  readonly injection?: string
  readonly in?: string
  readonly field?: string
  readonly secretFile?: readonly string[]
  readonly set?: readonly string[]
  readonly allow?: 'none' | 'read'
  readonly operations?: readonly string[]
  readonly methods?: readonly string[]
  readonly paths?: readonly string[]
  readonly resources?: readonly string[]
  readonly scopes?: readonly string[]
  readonly anyKey?: boolean
  readonly secretStdin?: boolean
}
