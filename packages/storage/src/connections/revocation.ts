import { isTokenKind, type ProviderRevocation } from '@holdfast/protocol'
import type { Backend } from '../backend.ts'
import { notFound } from '../rows.ts'
import type { ConnectionRow } from '../schema.ts'
import { query, run } from '../sqlite/queries.ts'
import { type LateTokens, toLateRow, toRevocationRow } from '../token-revocations.ts'
import type { ConnectionInfo } from './connection.ts'
import type { ConnectionTable } from './table.ts'

/** How connections end. */
export interface ConnectionRevocation {
  /**
   * Revokes for good and deletes the record and any open nonce. A record that holds tokens goes into the
   * queue of token revocations in the same transaction, sealed as it is.
   * @throws StorageError NOT_FOUND
   */
  revoke(handle: string): Promise<ConnectionInfo>
  /** Queues tokens that a provider gave a connection when it was revoked already. */
  endLateTokens(tokens: LateTokens): Promise<void>
  /** Notes how telling the provider of a revoked connection ended. */
  noteProviderRevocation(handle: string, outcome: ProviderRevocation): Promise<void>
}

export function createConnectionRevocation(
  backend: Backend,
  table: ConnectionTable,
): ConnectionRevocation {
  const { db, now } = backend
  const { change, rowOf, infoOf } = table
  const note = (handle: string, outcome: ProviderRevocation): void => {
    run(
      db,
      query
        .updateTable('connections')
        .set({ provider_revocation: outcome })
        .where('handle', '=', handle)
        .where('status', '=', 'revoked'),
    )
  }
  return {
    revoke: (handle) =>
      change(handle, () => {
        const row = rowOf(handle)
        if (row === undefined) throw notFound('connection')
        revokeRow(backend, table, row)
        return infoOf(handle)
      }),
    endLateTokens: (tokens) =>
      change(tokens.handle, () => {
        run(db, query.insertInto('token_revocations').values(toLateRow(tokens, now())))
        note(tokens.handle, 'pending')
      }),
    noteProviderRevocation: (handle, outcome) => change(handle, () => note(handle, outcome)),
  }
}

/** Revokes what a user connected, inside the caller's transaction; returns the handles. */
export function revokeConnectionsOf(
  backend: Backend,
  table: ConnectionTable,
  owner: string,
): readonly string[] {
  const rows = backend.db
    .prepare<ConnectionRow>(
      `select * from connections
       where owner = ? and purpose = 'credential' and status <> 'revoked' order by handle`,
    )
    .all(owner)
  for (const row of rows) {
    table.forget(row.handle)
    revokeRow(backend, table, row)
  }
  return rows.map(({ handle }) => handle)
}

function revokeRow(
  { db, now }: Backend,
  { rowOf }: Pick<ConnectionTable, 'rowOf'>,
  row: ConnectionRow,
): void {
  const nowMs = now()
  const isQueued = row.record !== null && row.kind !== null && isTokenKind({ kind: row.kind })
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
  ).run(nowMs, nowMs, isQueued ? 'pending' : null, row.handle)
}
