import type { Backend } from '../backend.ts'
import type { JsonObject } from '../json.ts'
import { notFound, orExists } from '../rows.ts'
import type { ConnectionRow } from '../schema.ts'
import { query, run } from '../sqlite/queries.ts'
import type { Connection, ConnectionInfo, NewConnection } from './connection.ts'
import { type ConnectionUses, createConnectionUses } from './last-uses.ts'
import { type ConnectionLists, createConnectionLists } from './lists.ts'
import { type ConnectionRecords, createConnectionRecords } from './records.ts'
import { type ConnectionRevocation, createConnectionRevocation } from './revocation.ts'
import { toInfo, toReservedRow } from './row.ts'
import type { ConnectionTable } from './table.ts'
import { createTokenRefreshes, neverMs, type TokenRefreshes } from './token-refreshes.ts'
import { type ConnectionUploads, createConnectionUploads } from './uploads.ts'

/** The connections of all owners, with their sealed credentials. */
export interface Connections
  extends
    ConnectionLists,
    ConnectionUploads,
    ConnectionRecords,
    TokenRefreshes,
    ConnectionRevocation,
    ConnectionUses {
  /** @throws StorageError EXISTS */
  reserve(connection: NewConnection): Promise<ConnectionInfo>
  /** With the record; the hot read of every dispatch. */
  find(handle: string): Promise<Connection | undefined>
  /**
   * Changes what no record authenticates. What needs its owner at the provider does not become active by
   * this, nor by a pause in between.
   * @throws StorageError NOT_FOUND, also when revoked, or for `status` still reserved
   */
  update(
    handle: string,
    changes: {
      readonly label?: string | undefined
      readonly status?: 'active' | 'paused' | undefined
      /** The account at the provider, as the provider names it; null forgets it. */
      readonly account?: string | null | undefined
    },
  ): Promise<ConnectionInfo>
}

export function createConnections(backend: Backend, table: ConnectionTable): Connections {
  const { db, commit, now } = backend
  const { change, usable, infoOf } = table
  return {
    ...createConnectionLists(backend),
    ...createConnectionUploads(backend, table),
    ...createConnectionRecords(backend, table),
    ...createTokenRefreshes(backend, table),
    ...createConnectionRevocation(backend, table),
    ...createConnectionUses(backend, table),
    reserve: (connection) =>
      commit.statement(() => {
        const row = toReservedRow(connection, now())
        orExists('this handle exists', () => run(db, query.insertInto('connections').values(row)))
        return toInfo(row)
      }),
    async find(handle) {
      return table.find(handle)
    },
    update: (handle, { label, status, account }) =>
      change(handle, () => {
        const row = usable(handle)
        if (status !== undefined && row.status === 'reserved') throw notFound('sealed connection')
        const isDead = row.status === 'needs_reconnect' || row.refresh_retry_at_ms === neverMs
        run(
          db,
          query
            .updateTable('connections')
            .set({
              updated_at_ms: now(),
              ...(label !== undefined && { label }),
              ...(status !== undefined && {
                status: status === 'active' && isDead ? 'needs_reconnect' : status,
                ...(isDead && { refresh_retry_at_ms: neverMs }),
              }),
              ...(account !== undefined && { summary: summaryWith(row, account) }),
            })
            .where('handle', '=', handle),
        )
        return infoOf(handle)
      }),
  }
}

/** The account stands beside what the enclave said of the credential: a new credential forgets both. */
function summaryWith({ summary }: ConnectionRow, account: string | null): string {
  const before = summary === null ? {} : (JSON.parse(summary) as JsonObject)
  return JSON.stringify({ ...before, account })
}
