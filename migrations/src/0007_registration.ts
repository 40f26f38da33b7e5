import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Clients that register themselves: dynamic ones, and those whose id is the URL of a document. */
export const registration: Migration = {
  up: (db) => [
    // Equal metadata of public clients share one row while it is not revoked.
    db.schema.alterTable('clients').addColumn('fingerprint', 'blob').compile(),
    db.schema.alterTable('clients').addColumn('management_hash', 'blob').compile(),
    sql`create unique index clients_fingerprint on clients (fingerprint)
      where fingerprint is not null and revoked_at_ms is null`.compile(db),
    sql`create index clients_dynamic on clients (updated_at_ms) where source = 'dynamic'`.compile(
      db,
    ),
    db.schema
      .createTable('client_documents')
      .addColumn('client_id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('document', 'text')
      .addColumn('etag', 'text')
      .addColumn('fetched_at_ms', 'integer')
      .addColumn('fresh_until_ms', 'integer', (c) => c.notNull())
      .addColumn('failure', 'text')
      .addColumn('failed_at_ms', 'integer')
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema
      .createIndex('client_documents_age')
      .on('client_documents')
      .column('updated_at_ms')
      .compile(),
    db.schema
      .createTable('client_pins')
      .addColumn('client_id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('pinned_by', 'text', (c) => c.notNull())
      .addColumn('pinned_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema
      .createTable('client_hosts')
      .addColumn('host', 'text', (c) => c.primaryKey().notNull())
      .addColumn('decision', 'text', (c) =>
        c.notNull().check(sql`decision in ('waiting', 'approved', 'denied')`),
      )
      .addColumn('client_id', 'text')
      .addColumn('first_seen_ms', 'integer', (c) => c.notNull())
      .addColumn('decided_by', 'text')
      .addColumn('decided_at_ms', 'integer')
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema
      .createTable('registration_tokens')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('token_hash', 'blob', (c) => c.notNull().unique())
      .addColumn('label', 'text')
      .addColumn('uses_left', 'integer')
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addColumn('last_used_at_ms', 'integer')
      .addColumn('revoked_at_ms', 'integer')
      .modifyEnd(sql`strict`)
      .compile(),
  ],
}
