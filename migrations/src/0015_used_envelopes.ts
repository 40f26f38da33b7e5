import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Envelopes without a binding of their own that were uploaded once, by their hash. */
export const usedEnvelopes: Migration = {
  up: (db) => [
    db.schema
      .createTable('used_envelopes')
      .addColumn('hash', 'blob', (c) => c.primaryKey().notNull())
      .addColumn('used_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
  ],
}
