import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Keys with which programs act for a user, and issuers whose assertions are believed. */
export const apiKeysAndIssuers: Migration = {
  up: (db) => [
    db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('key_hash', 'blob', (c) => c.notNull().unique())
      .addColumn('environment', 'text', (c) =>
        c.notNull().check(sql`environment in ('live', 'test')`),
      )
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('label', 'text')
      // JSON lists; null stands for all of them.
      .addColumn('resources', 'text')
      .addColumn('scopes', 'text')
      // JSON: name → handle; null stands for every connection of the owner.
      .addColumn('connections', 'text')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer')
      .addColumn('last_used_at_ms', 'integer')
      .addColumn('revoked_at_ms', 'integer')
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema.createIndex('api_keys_owner').on('api_keys').columns(['owner', 'id']).compile(),
    db.schema
      .createTable('trusted_issuers')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('issuer', 'text', (c) => c.notNull())
      // What it is trusted for, as JSON.
      .addColumn('trust', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('removed_at_ms', 'integer')
      .modifyEnd(sql`strict`)
      .compile(),
    sql`create unique index trusted_issuers_issuer on trusted_issuers (issuer)
      where removed_at_ms is null`.compile(db),
  ],
}
