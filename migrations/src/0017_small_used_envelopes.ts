import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Rows that are kept for good are as small as they can be: half of the hash, and no time. */
export const smallUsedEnvelopes: Migration = {
  up: (db) => [
    db.schema.alterTable('used_envelopes').renameTo('used_envelopes_before').compile(),
    db.schema
      .createTable('used_envelopes')
      .addColumn('fingerprint', 'blob', (c) => c.primaryKey().notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    sql`insert or ignore into used_envelopes (fingerprint)
      select substr(hash, 1, 16) from used_envelopes_before`.compile(db),
    db.schema.dropTable('used_envelopes_before').compile(),
  ],
}
