import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Addresses from which accounts signed in, by a hash of both; they were among the attempts before. */
export const signInAddresses: Migration = {
  up: (db) => [
    db.schema
      .createTable('sign_in_addresses')
      .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    sql`create index sign_in_addresses_expiry on sign_in_addresses (expires_at_ms)`.compile(db),
    sql`insert into sign_in_addresses (hash, expires_at_ms)
      select substr(name, length('signed-in ') + 1), expires_at_ms from attempts
      where name like 'signed-in %'`.compile(db),
    sql`delete from attempts where name like 'signed-in %'`.compile(db),
  ],
}
