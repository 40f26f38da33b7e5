import { hash } from 'node:crypto'
import type { ConnectionStatus, ProviderRevocation } from '@holdfast/protocol'
import type { Backend } from './backend.ts'
import { toConnection, toInfo, toReservedRow } from './connection-row.ts'
import { StorageError } from './errors.ts'
import type { JsonObject } from './json.ts'
import type { Page } from './paging.ts'
import { createReadCache } from './read-cache.ts'
import { limitOf, notFound, orExists } from './rows.ts'
import type { ConnectionRow } from './schema.ts'
import { query, run } from './sqlite/queries.ts'
import { createTokenRefreshes, tokenColumns, type TokenRefreshes } from './token-refreshes.ts'
import { toRevocationRow } from './token-revocations.ts'

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

/** When a token ends, and when to renew it. */
export interface TokenTimes {
  readonly expiresAtMs: number | null
  readonly refreshAtMs: number | null
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
  /** Given when the record holds another token than the last one. */
  readonly tokens?: TokenTimes | undefined
}

export interface Connections extends TokenRefreshes {
  /** @throws StorageError EXISTS */
  reserve(connection: NewConnection): Promise<ConnectionInfo>
  /** With the record; the hot read of every dispatch. */
  find(handle: string): Promise<Connection | undefined>
  /** Without `purpose` only credentials. */
  list(
    filter?: {
      readonly owner?: string | undefined
      readonly purpose?: ConnectionPurpose | undefined
    } & Page,
  ): Promise<ConnectionInfo[]>
  /** How many connections that are not revoked are authorized with an OAuth app. */
  countOfApp(handle: string): Promise<number>
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
  /** Changes what no record authenticates. @throws StorageError NOT_FOUND, also when revoked, or for `status` still reserved */
  update(
    handle: string,
    changes: {
      readonly label?: string | undefined
      readonly status?: 'active' | 'paused' | undefined
      /** The account at the provider, as the provider names it; null forgets it. */
      readonly account?: string | null | undefined
    },
  ): Promise<ConnectionInfo>
  /**
   * Revokes for good and deletes the record and any open nonce. With `atProvider` the sealed record goes
   * into the queue of token revocations in the same transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(handle: string, options?: { readonly atProvider?: boolean }): Promise<ConnectionInfo>
  /** Notes how telling the provider of a revoked connection ended. */
  noteProviderRevocation(handle: string, outcome: ProviderRevocation): Promise<void>
  /** Notes a use; kept in memory and written at most once a minute per handle. */
  touch(handle: string): void
}

/** Every column that lists need; the record stays on disk. */
const infoColumnNames = [
  'handle',
  'owner',
  'provider',
  'name',
  'label',
  'status',
  'base_url',
  'allowed_hosts',
  'policy',
  'kind',
  'summary',
  'record_version',
  'upload_expires_at_ms',
  'last_used_at_ms',
  'created_at_ms',
  'updated_at_ms',
  'revoked_at_ms',
  'purpose',
  'app_handle',
  'token_expires_at_ms',
  'token_refresh_at_ms',
  'refresh_failures',
  'refresh_retry_at_ms',
  'provider_revocation',
] as const

type InfoRow = Pick<ConnectionRow, (typeof infoColumnNames)[number]>
const infoColumns = infoColumnNames.join(', ')

/** How often a connection's last use is written, and how many handles are remembered for it. */
const touchIntervalMs = 60_000
const touchedHandles = 10_000
/** Records are of a few hundred bytes, and of 256 KiB at most. */
const cachedConnections = 500

export function createConnections({ db, commit, now }: Backend): Connections {
  const byHandle = db.prepare<ConnectionRow>('select * from connections where handle = ?')
  const page = db.prepare<InfoRow>(
    `select ${infoColumns} from connections
     where handle > ? and purpose = ? order by handle limit ?`,
  )
  // Asked by every consent page.
  const pageOfOwner = db.prepare<InfoRow>(
    `select ${infoColumns} from connections
     where owner = ? and handle > ? and purpose = ? order by handle limit ?`,
  )
  const ofApp = db.prepare<{ total: number }>(
    `select count(*) as total from connections where app_handle = ? and status <> 'revoked'`,
  )
  const openNonce = db.prepare<{ found: 1 }>(
    `select 1 as found from connections where handle = ? and upload_nonce_hash = ?
       and upload_expires_at_ms > ? and status <> 'revoked'`,
  )
  const known = createReadCache<Connection>(db, cachedConnections)
  /** A change of a connection, after which everybody reads it anew. */
  const change = <T>(handle: string, work: () => T): Promise<T> =>
    commit.transaction(() => {
      known.forget(handle)
      return work()
    })
  const touchRow = db.prepare('update connections set last_used_at_ms = ? where handle = ?')
  const touchedAt = new Map<string, number>()

  const infoOf = (handle: string): ConnectionInfo => toInfo(byHandle.get(handle)!)
  const usable = (handle: string): ConnectionRow => {
    const row = byHandle.get(handle)
    if (row === undefined || row.status === 'revoked') throw notFound('connection')
    return row
  }
  const writeRecord = (handle: string, update: RecordUpdate): void => {
    if (update.version <= update.expectedVersion) {
      throw new StorageError(
        'INVALID_VALUE',
        'a new record needs a higher version than the old one',
      )
    }
    const changed = run(
      db,
      query
        .updateTable('connections')
        .set({
          record: update.record,
          record_version: update.version,
          updated_at_ms: now(),
          ...(update.kind !== undefined && { kind: update.kind }),
          ...(update.summary !== undefined && { summary: JSON.stringify(update.summary) }),
          ...(update.baseUrl !== undefined && { base_url: update.baseUrl }),
          ...(update.policy !== undefined && { policy: JSON.stringify(update.policy) }),
          ...(update.tokens !== undefined && tokenColumns(update.tokens)),
          ...(update.allowedHosts !== undefined && {
            allowed_hosts: JSON.stringify(update.allowedHosts),
          }),
        })
        .where('handle', '=', handle)
        .where('record_version', '=', update.expectedVersion),
    )
    if (changed === 0) {
      throw new StorageError(
        'VERSION_CONFLICT',
        'the connection was changed meanwhile: read it again',
      )
    }
  }

  return {
    ...createTokenRefreshes({ db, commit, now }, { known, change, usable, infoOf, writeRecord }),
    reserve: (connection) =>
      commit.statement(() => {
        const { upload } = connection
        const row = toReservedRow(connection, upload ? sha256(upload.nonce) : null, now())
        orExists('this handle exists', () => run(db, query.insertInto('connections').values(row)))
        return toInfo(row)
      }),
    async find(handle) {
      return known.get(handle, () => {
        const row = byHandle.get(handle)
        return row === undefined ? undefined : toConnection(row)
      })
    },
    async list(filter) {
      const { owner, after = '', purpose = 'credential' } = filter ?? {}
      const limit = limitOf(filter)
      const rows =
        owner === undefined
          ? page.all(after, purpose, limit)
          : pageOfOwner.all(owner, after, purpose, limit)
      return rows.map(toInfo)
    },
    async countOfApp(handle) {
      return ofApp.get(handle)!.total
    },
    openUpload: (handle, { nonce, expiresAtMs }) =>
      change(handle, () => {
        usable(handle)
        run(
          db,
          query
            .updateTable('connections')
            .set({ upload_nonce_hash: sha256(nonce), upload_expires_at_ms: expiresAtMs })
            .where('handle', '=', handle),
        )
      }),
    async checkUpload(handle, nonce) {
      return openNonce.get(handle, sha256(nonce), now()) !== undefined
    },
    completeUpload: (handle, nonce, update) =>
      change(handle, () => {
        const { status } = usable(handle)
        if (openNonce.get(handle, sha256(nonce), now()) === undefined) {
          throw new StorageError(
            'ONE_TIME_KEY_INVALID',
            'the upload was completed or has expired: open a new one',
          )
        }
        writeRecord(handle, update)
        run(
          db,
          query
            .updateTable('connections')
            .set({
              upload_nonce_hash: null,
              upload_expires_at_ms: null,
              status: status === 'paused' ? status : 'active',
            })
            .where('handle', '=', handle),
        )
        return infoOf(handle)
      }),
    replaceRecord: (handle, update) =>
      change(handle, () => {
        if (usable(handle).record === null) throw notFound('sealed connection')
        writeRecord(handle, update)
        return infoOf(handle)
      }),
    update: (handle, { label, status, account }) =>
      change(handle, () => {
        const row = usable(handle)
        if (status !== undefined && row.status === 'reserved') throw notFound('sealed connection')
        run(
          db,
          query
            .updateTable('connections')
            .set({
              updated_at_ms: now(),
              ...(label !== undefined && { label }),
              ...(status !== undefined && { status }),
              ...(account !== undefined && { summary: summaryWith(row, account) }),
            })
            .where('handle', '=', handle),
        )
        return infoOf(handle)
      }),
    revoke: (handle, options) =>
      change(handle, () => {
        const row = byHandle.get(handle)
        if (row === undefined) throw notFound('connection')
        const nowMs = now()
        const isQueued = options?.atProvider === true && row.record !== null
        if (isQueued) {
          const app = row.app_handle === null ? undefined : byHandle.get(row.app_handle)
          run(db, query.insertInto('token_revocations').values(toRevocationRow(row, app, nowMs)))
        }
        db.prepare(
          `update connections set status = 'revoked', record = null, upload_nonce_hash = null,
             upload_expires_at_ms = null, refresh_owner = null, refresh_until_ms = null,
             token_refresh_at_ms = null, revoked_at_ms = ?, updated_at_ms = ?,
             provider_revocation = ?
           where handle = ? and status <> 'revoked'`,
        ).run(nowMs, nowMs, isQueued ? 'pending' : null, handle)
        return infoOf(handle)
      }),
    noteProviderRevocation: (handle, outcome) =>
      change(handle, () => {
        run(
          db,
          query
            .updateTable('connections')
            .set({ provider_revocation: outcome })
            .where('handle', '=', handle)
            .where('status', '=', 'revoked'),
        )
      }),
    touch(handle) {
      const nowMs = now()
      if (nowMs - (touchedAt.get(handle) ?? -Infinity) < touchIntervalMs) return
      if (touchedAt.size >= touchedHandles) touchedAt.clear()
      touchedAt.set(handle, nowMs)
      // Nobody waits for it and nothing depends on it: a failed write only leaves an older time.
      change(handle, () => touchRow.run(nowMs, handle)).catch(() => undefined)
    },
  }
}

/** The account stands beside what the enclave said of the credential: a new credential forgets both. */
function summaryWith({ summary }: ConnectionRow, account: string | null): string {
  const before = summary === null ? {} : (JSON.parse(summary) as JsonObject)
  return JSON.stringify({ ...before, account })
}

function sha256(nonce: string): Uint8Array {
  return hash('sha256', nonce, 'buffer')
}
