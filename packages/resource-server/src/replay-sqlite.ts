import type { ReplayStore } from '@holdfast/protocol/token'
import { createTableReplayStore, type ReplayTableOptions } from './replay-table.ts'

/** The parts of `better-sqlite3` and `node:sqlite` that are used. */
export interface SqliteClient {
  readonly exec: (sql: string) => unknown
  readonly prepare: (sql: string) => {
    readonly run: (...values: (string | number)[]) => { readonly changes: number | bigint }
    readonly get: (...values: (string | number)[]) => unknown
  }
}

/** The table, for those who make theirs by migrations; the store makes it when it is missing. */
export const sqliteReplaySchema: string = `CREATE TABLE IF NOT EXISTS holdfast_used_proofs (
  id TEXT PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holdfast_used_proofs_expiry ON holdfast_used_proofs (expires_at_ms);`

/**
 * Used proofs in an SQLite file that processes of one machine share. Open it with a busy timeout, and
 * in WAL mode.
 *
 * @example
 * ```ts
 * const database = new Database('proofs.db', { timeout: 5000 })
 * database.pragma('journal_mode = WAL')
 * protectedResource({ replay: createSqliteReplayStore(database), … })
 * ```
 */
export function createSqliteReplayStore(
  database: SqliteClient,
  options: ReplayTableOptions = {},
): ReplayStore {
  database.exec(sqliteReplaySchema)
  const insert = database.prepare(
    'INSERT INTO holdfast_used_proofs (id, expires_at_ms) VALUES (?, ?) ON CONFLICT (id) DO NOTHING',
  )
  const remove = database.prepare('DELETE FROM holdfast_used_proofs WHERE expires_at_ms < ?')
  const count = database.prepare('SELECT count(*) AS size FROM holdfast_used_proofs')
  return createTableReplayStore(
    {
      insert: (id, expiresAtMs) => Number(insert.run(id, expiresAtMs).changes) === 1,
      cleanUp: (beforeMs) => {
        remove.run(beforeMs)
        return Number((count.get() as { size: number | bigint }).size)
      },
    },
    options,
  )
}
