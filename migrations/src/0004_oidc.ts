import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Rows of the OpenID provider library: keys hashed, payloads encrypted. */
export const oidc: Migration = {
  up: (db) => [
    db.schema
      .createTable('oidc_records')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('key', 'blob', (c) => c.notNull().unique())
      .addColumn('grant_key', 'integer')
      .addColumn('lookup_key', 'blob')
      .addColumn('expires_at_ms', 'integer')
      .addColumn('consumed_at_ms', 'integer')
      .addColumn('payload', 'blob', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    // Partial, so that the rows without a grant or a second name cost nothing here.
    sql`create index oidc_records_grant on oidc_records (grant_key) where grant_key is not null`.compile(
      db,
    ),
    sql`create unique index oidc_records_lookup on oidc_records (lookup_key) where lookup_key is not null`.compile(
      db,
    ),
    db.schema
      .createIndex('oidc_records_expiry')
      .on('oidc_records')
      .column('expires_at_ms')
      .compile(),
    db.schema
      .createTable('oidc_replays')
      .addColumn('key', 'blob', (c) => c.primaryKey().notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema
      .createIndex('oidc_replays_expiry')
      .on('oidc_replays')
      .column('expires_at_ms')
      .compile(),
  ],
}
