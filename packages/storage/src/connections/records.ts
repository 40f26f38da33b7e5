import type { Backend } from '../backend.ts'
import { StorageError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { notFound } from '../rows.ts'
import { query, run } from '../sqlite/queries.ts'
import type { ConnectionInfo } from './connection.ts'
import type { ConnectionTable } from './table.ts'

/** When a token ends, and when to renew it. */
export interface TokenTimes {
  readonly expiresAtMs: number | null
  readonly refreshAtMs: number | null
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

/** Vault records that take the place of others. */
export interface ConnectionRecords {
  /**
   * Compare-and-swap of the record (policy change, re-wrap, refreshed credential).
   * @throws StorageError VERSION_CONFLICT, NOT_FOUND
   */
  replaceRecord(handle: string, update: RecordUpdate): Promise<ConnectionInfo>
}

export function createConnectionRecords(
  backend: Backend,
  { change, usable, infoOf }: ConnectionTable,
): ConnectionRecords {
  return {
    replaceRecord: (handle, update) =>
      change(handle, () => {
        if (usable(handle).record === null) throw notFound('sealed connection')
        writeRecord(backend, handle, update)
        return infoOf(handle)
      }),
  }
}

/**
 * Writes the next record, inside the caller's transaction.
 * @throws StorageError VERSION_CONFLICT, INVALID_VALUE
 */
export function writeRecord({ db, now }: Backend, handle: string, update: RecordUpdate): void {
  if (update.version <= update.expectedVersion) {
    throw new StorageError('INVALID_VALUE', 'a new record needs a higher version than the old one')
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

/** The columns that a new token sets. */
const tokenColumns = ({ expiresAtMs, refreshAtMs }: TokenTimes) => ({
  token_expires_at_ms: expiresAtMs,
  token_refresh_at_ms: refreshAtMs,
  refresh_owner: null,
  refresh_until_ms: null,
  refresh_failures: 0,
  refresh_retry_at_ms: null,
})
