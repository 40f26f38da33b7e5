import type { JsonObject } from './json.ts'
import type { Page } from './paging.ts'

export type ConnectionStatus = 'reserved' | 'active' | 'paused' | 'revoked'

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
  readonly upload: UploadNonce
}

/** A one-time right to upload a credential; only the nonce's hash is stored. */
export interface UploadNonce {
  readonly nonce: string
  readonly expiresAtMs: number
}

/** A vault record and what was authenticated together with it. */
export interface RecordUpdate {
  /** The version that the caller read; anything else stored by now is a conflict. */
  readonly expectedVersion: number
  /** The version inside the new record, greater than `expectedVersion`. */
  readonly version: number
  readonly record: Uint8Array
  readonly kind?: string | undefined
  readonly summary?: JsonObject | undefined
  readonly baseUrl?: string | undefined
  readonly allowedHosts?: readonly string[] | undefined
  readonly policy?: JsonObject | undefined
}

export interface Connections {
  /** @throws StorageError EXISTS */
  reserve(connection: NewConnection): Promise<ConnectionInfo>
  /** With the record; the hot read of every dispatch. */
  find(handle: string): Promise<Connection | undefined>
  list(filter?: { readonly owner?: string | undefined } & Page): Promise<ConnectionInfo[]>
  /** Opens a new upload (re-seal); the stored record stays in use until the upload completes. */
  openUpload(handle: string, upload: UploadNonce): Promise<void>
  /** True while this nonce is open, unexpired and the connection not revoked; does not use it up. */
  checkUpload(handle: string, nonce: string): Promise<boolean>
  /**
   * Stores the first or next record, uses up the nonce and makes a reserved connection active, if and only if
   * the nonce is still open and the version still `expectedVersion`: one winner, also across processes.
   * @throws StorageError ONE_TIME_KEY_INVALID, VERSION_CONFLICT, NOT_FOUND
   */
  completeUpload(handle: string, nonce: string, update: RecordUpdate): Promise<ConnectionInfo>
  /**
   * Compare-and-swap of the record (policy change, re-wrap, refreshed credential).
   * @throws StorageError VERSION_CONFLICT, NOT_FOUND
   */
  replaceRecord(handle: string, update: RecordUpdate): Promise<ConnectionInfo>
  /** Changes what no record authenticates. @throws StorageError NOT_FOUND (also when revoked or still reserved) */
  update(
    handle: string,
    changes: {
      readonly label?: string | undefined
      readonly status?: 'active' | 'paused' | undefined
    },
  ): Promise<ConnectionInfo>
  /** Revokes for good and deletes the record and any open nonce. @throws StorageError NOT_FOUND */
  revoke(handle: string): Promise<ConnectionInfo>
  /** Notes a use; kept in memory and written at most once a minute per handle. */
  touch(handle: string): void
}
