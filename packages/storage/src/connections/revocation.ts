import type { ProviderRevocation } from '@holdfast/protocol'
import type { Backend } from '../backend.ts'
import { notFound } from '../rows.ts'
import { query, run } from '../sqlite/queries.ts'
import { toRevocationRow } from '../token-revocations.ts'
import type { ConnectionInfo } from './connection.ts'
import type { ConnectionTable } from './table.ts'

/** How connections end. */
export interface ConnectionRevocation {
  /**
   * Revokes for good and deletes the record and any open nonce. With `atProvider` the sealed record goes
   * into the queue of token revocations in the same transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(handle: string, options?: { readonly atProvider?: boolean }): Promise<ConnectionInfo>
  /** Notes how telling the provider of a revoked connection ended. */
  noteProviderRevocation(handle: string, outcome: ProviderRevocation): Promise<void>
}

export function createConnectionRevocation(
  { db, now }: Backend,
  { change, rowOf, infoOf }: ConnectionTable,
): ConnectionRevocation {
  return {
    revoke: (handle, options) =>
      change(handle, () => {
        const row = rowOf(handle)
        if (row === undefined) throw notFound('connection')
        const nowMs = now()
        const isQueued = options?.atProvider === true && row.record !== null
        if (isQueued) {
          const app = row.app_handle === null ? undefined : rowOf(row.app_handle)
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
  }
}
