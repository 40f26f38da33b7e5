import type { ConnectionStatus, ProviderRevocation } from '@holdfast/protocol'
import type { JsonObject } from '../json.ts'

/** An `oauth_app` is an operator's OAuth client: others are authorized with it, nobody calls through it. */
export type ConnectionPurpose = 'credential' | 'oauth_app'

/** A connection without its ciphertext: what lists and the management API show. */
export interface ConnectionInfo {
  readonly handle: string
  /** The `sub` of its owner. */
  readonly owner: string
  readonly provider: string
  /** The name that a resource asks for; several connections may share one. */
  readonly name: string | undefined
  readonly label: string | undefined
  readonly status: ConnectionStatus
  readonly baseUrl: string
  readonly allowedHosts: readonly string[]
  readonly policy: JsonObject
  /** Credential kind, known after ingest. */
  readonly kind: string | undefined
  /** What the enclave said about the credential without showing it. */
  readonly summary: JsonObject | undefined
  /** 0 before the first ingest; every stored record has a higher one than the last. */
  readonly recordVersion: number
  /** Until when an upload nonce is open; undefined when none is. */
  readonly uploadExpiresAtMs: number | undefined
  readonly lastUsedAtMs: number | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly revokedAtMs: number | undefined
  readonly purpose: ConnectionPurpose
  /** The OAuth app with which it is authorized. */
  readonly appHandle: string | undefined
  /** Undefined for a token without end, and for kinds without tokens. */
  readonly tokenExpiresAtMs: number | undefined
  /** From when on the token is to be renewed before use; 0 = it has none yet. */
  readonly tokenRefreshAtMs: number | undefined
  /** Failed attempts to renew in a row. */
  readonly refreshFailures: number
  /** Before this nobody tries again. */
  readonly refreshRetryAtMs: number | undefined
  /** Undefined unless it was revoked with tokens that its provider could end. */
  readonly providerRevocation: ProviderRevocation | undefined
}

/** A connection with its vault record (ciphertext that only the enclave opens). */
export interface Connection extends ConnectionInfo {
  /** Undefined until ingest and after revocation. */
  readonly record: Uint8Array | undefined
}

export interface NewConnection {
  readonly handle: string
  readonly owner: string
  readonly provider: string
  readonly name?: string | undefined
  readonly label?: string | undefined
  readonly baseUrl: string
  readonly allowedHosts: readonly string[]
  readonly policy: JsonObject
  /** Absent when nobody uploads its credential. */
  readonly upload?: UploadNonce | undefined
  /** Default `credential`. */
  readonly purpose?: ConnectionPurpose | undefined
  readonly appHandle?: string | undefined
}

/** A one-time right to upload a credential; only the nonce's hash is stored. */
export interface UploadNonce {
  readonly nonce: string
  readonly expiresAtMs: number
}
