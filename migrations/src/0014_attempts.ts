import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** How often a secret was guessed at, so that neither a restart nor a second process forgets. */
export const attempts: Migration = {
  up: (db) => [
    db.schema
      .createTable('attempts')
      .addColumn('name', 'text', (c) => c.primaryKey().notNull())
      .addColumn('count', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    sql`create index attempts_expiry on attempts (expires_at_ms)`.compile(db),
  ],
}
