import type { ReplayStore } from '@holdfast/protocol/token'
import { failClosed, type SharedReplayOptions } from './replay-fail-closed.ts'
import { createTableReplayStore, type ReplayTableOptions } from './replay-table.ts'

/** The part of a `pg` pool or client that is used. */
export interface PostgresClient {
  readonly query: (
    sql: string,
    values?: (string | number)[],
  ) => Promise<{ readonly rowCount: number | null; readonly rows: readonly unknown[] }>
}

/** Options of {@link createPostgresReplayStore}. */
export interface PostgresReplayOptions extends ReplayTableOptions, SharedReplayOptions {}

/** The table: create it by a migration, before the store is used. */
export const postgresReplaySchema: string = `CREATE TABLE IF NOT EXISTS holdfast_used_proofs (
  id text PRIMARY KEY,
  expires_at_ms bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS holdfast_used_proofs_expiry ON holdfast_used_proofs (expires_at_ms);`

/**
 * Used proofs in PostgreSQL.
 *
 * @example
 * ```ts
 * const pool = new pg.Pool()
 * await pool.query(postgresReplaySchema)
 * protectedResource({ replay: createPostgresReplayStore(pool), … })
 * ```
 * @throws TokenError from `use`: `temporarily_unavailable` when the server is away or silent
 */
export function createPostgresReplayStore(
  client: PostgresClient,
  options: PostgresReplayOptions = {},
): ReplayStore {
  const store = createTableReplayStore(
    {
      insert: async (id, expiresAtMs) => {
        const { rowCount } = await client.query(
          'INSERT INTO holdfast_used_proofs (id, expires_at_ms) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING',
          [id, Math.ceil(expiresAtMs)],
        )
        return rowCount === 1
      },
      cleanUp: async (beforeMs) => {
        await client.query('DELETE FROM holdfast_used_proofs WHERE expires_at_ms < $1', [
          Math.floor(beforeMs),
        ])
        const { rows } = await client.query('SELECT count(*) AS size FROM holdfast_used_proofs')
        return Number((rows[0] as { size: string | number } | undefined)?.size)
      },
    },
    options,
  )
  return failClosed(store, options)
}
