import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Connections and their vault records. */
export const connections: Migration = {
  up: (db) => [
    db.schema
      .createTable('connections')
      .addColumn('handle', 'text', (c) => c.primaryKey().notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('provider', 'text', (c) => c.notNull())
      .addColumn('name', 'text')
      .addColumn('label', 'text')
      .addColumn('status', 'text', (c) =>
        c.notNull().check(sql`status in ('reserved', 'active', 'paused', 'revoked')`),
      )
      .addColumn('base_url', 'text', (c) => c.notNull())
      .addColumn('allowed_hosts', 'text', (c) => c.notNull())
      .addColumn('policy', 'text', (c) => c.notNull())
      .addColumn('kind', 'text')
      .addColumn('summary', 'text')
      .addColumn('record_version', 'integer', (c) => c.notNull())
      .addColumn('upload_nonce_hash', 'blob')
      .addColumn('upload_expires_at_ms', 'integer')
      .addColumn('last_used_at_ms', 'integer')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .addColumn('revoked_at_ms', 'integer')
      .addColumn('record', 'blob')
      .addCheckConstraint('revoked_has_no_record', sql`status <> 'revoked' or record is null`)
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createIndex('connections_owner')
      .on('connections')
      .columns(['owner', 'handle'])
      .compile(),
  ],
}
