import type { Backend } from '../backend.ts'
import type { ConnectionRow } from '../schema.ts'
import type { Connection, ConnectionInfo } from './connection.ts'
import { type RecordUpdate, type TokenTimes, writeRecord } from './records.ts'
import { toConnection } from './row.ts'
import type { ConnectionTable } from './table.ts'

/** A right to renew a token, for a time. */
export interface RefreshLease {
  /** Names the holder; random for each attempt. */
  readonly owner: string
  /** The record version that is to be renewed. */
  readonly version: number
  readonly untilMs: number
}

/** When to try again with a token that is of no use any more; it outlasts a pause of the connection. */
export const neverMs = Number.MAX_SAFE_INTEGER

/** How an attempt to renew failed. */
export interface RefreshFailure {
  readonly owner: string
  /** The record version that could not be renewed. */
  readonly version: number
  /** When to try again. */
  readonly retryAtMs: number
  /** Nobody needs to try again until the owner gives a new authorization. */
  readonly needsReconnect: boolean
}

/**
 * Renewal of tokens by several processes: one holds the lease, and what it stores is fenced by the
 * record version. @see the ADR on token refresh
 */
export interface TokenRefreshes {
  /**
   * Takes the lease if nobody holds it and the record is still of that version; answers the connection
   * as it is under the lease.
   */
  leaseRefresh(handle: string, lease: RefreshLease): Promise<Connection | undefined>
  /** Gives the lease back, if this owner still holds it. */
  releaseRefresh(handle: string, owner: string): Promise<void>
  /**
   * Stores a record with new tokens: ends the lease, forgets failures, makes the connection active
   * unless it is paused.
   * @throws StorageError VERSION_CONFLICT, NOT_FOUND
   */
  storeTokens(
    handle: string,
    update: RecordUpdate & { readonly tokens: TokenTimes },
  ): Promise<ConnectionInfo>
  /** Notes a failure, if the record is still of that version; ends the lease. Tells whether it was. */
  failRefresh(handle: string, failure: RefreshFailure): Promise<boolean>
  /** Handles whose renewal somebody began and did not end in time. */
  abandonedRefreshes(limit: number): Promise<string[]>
}

export function createTokenRefreshes(
  backend: Backend,
  { changeRelaxed, change, usable, infoOf }: ConnectionTable,
): TokenRefreshes {
  const { db, now } = backend
  const lease = db.prepare<ConnectionRow>(
    `update connections set refresh_owner = ?, refresh_until_ms = ?
     where handle = ? and record_version = ? and status <> 'revoked' and record is not null
       and (refresh_until_ms is null or refresh_until_ms <= ?)
     returning *`,
  )
  const release = db.prepare(
    `update connections set refresh_owner = null, refresh_until_ms = null
     where handle = ? and refresh_owner = ?`,
  )
  const activate = db.prepare(
    `update connections set status = 'active'
     where handle = ? and status in ('reserved', 'needs_reconnect')`,
  )
  const fail = db.prepare(
    `update connections set refresh_failures = refresh_failures + 1, refresh_retry_at_ms = ?,
       status = case when ? and status = 'active' then 'needs_reconnect' else status end,
       refresh_owner = null, refresh_until_ms = null, updated_at_ms = ?
     where handle = ? and record_version = ? and refresh_owner = ?`,
  )
  const abandoned = db.prepare<{ handle: string }>(
    `select handle from connections where refresh_until_ms <= ? and status in ('active', 'paused')
     order by refresh_until_ms limit ?`,
  )
  return {
    // A power cut ends the holder too: the lease itself need not survive it.
    leaseRefresh: (handle, { owner, version, untilMs }) =>
      changeRelaxed(handle, () => {
        const row = lease.get(owner, untilMs, handle, version, now())
        return row === undefined ? undefined : toConnection(row)
      }),
    async releaseRefresh(handle, owner) {
      await changeRelaxed(handle, () => release.run(handle, owner))
    },
    storeTokens: (handle, update) =>
      change(handle, () => {
        usable(handle)
        writeRecord(backend, handle, update)
        activate.run(handle)
        return infoOf(handle)
      }),
    failRefresh: (handle, { owner, version, retryAtMs, needsReconnect }) =>
      change(handle, () => {
        const againAtMs = needsReconnect ? neverMs : retryAtMs
        return fail.run(againAtMs, needsReconnect ? 1 : 0, now(), handle, version, owner) > 0
      }),
    async abandonedRefreshes(limit) {
      return abandoned.all(now(), limit).map(({ handle }) => handle)
    },
  }
}
