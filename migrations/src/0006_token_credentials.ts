import { sql } from 'kysely'
import type { Migration } from './migration.ts'

const statuses = sql`status in ('reserved', 'active', 'paused', 'needs_reconnect', 'revoked')`

const kept = [
  ...['handle', 'owner', 'provider', 'name', 'label', 'status', 'base_url', 'allowed_hosts'],
  ...['policy', 'kind', 'summary', 'record_version', 'upload_nonce_hash', 'upload_expires_at_ms'],
  ...['last_used_at_ms', 'created_at_ms', 'updated_at_ms', 'revoked_at_ms', 'record'],
].join(', ')

/**
 * Credentials whose tokens expire: when, who renews them right now, and what became of it; sign-ins at
 * providers that are under way; tokens that providers still have to be told to end.
 */
export const tokenCredentials: Migration = {
  up: (db) => [
    // SQLite cannot change a check: the table is made anew.
    sql`alter table connections rename to connections_before`.compile(db),
    sql`drop index connections_owner`.compile(db),
    db.schema
      .createTable('connections')
      .addColumn('handle', 'text', (c) => c.primaryKey().notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('provider', 'text', (c) => c.notNull())
      .addColumn('name', 'text')
      .addColumn('label', 'text')
      .addColumn('status', 'text', (c) => c.notNull().check(statuses))
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
      .addColumn('purpose', 'text', (c) =>
        c
          .notNull()
          .defaultTo('credential')
          .check(sql`purpose in ('credential', 'oauth_app')`),
      )
      .addColumn('app_handle', 'text')
      .addColumn('token_expires_at_ms', 'integer')
      .addColumn('token_refresh_at_ms', 'integer')
      .addColumn('refresh_owner', 'text')
      .addColumn('refresh_until_ms', 'integer')
      .addColumn('refresh_failures', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('refresh_retry_at_ms', 'integer')
      .addCheckConstraint('revoked_has_no_record', sql`status <> 'revoked' or record is null`)
      .modifyEnd(sql`strict`)
      .compile(),
    sql`insert into connections (${sql.raw(kept)}) select ${sql.raw(kept)} from connections_before`.compile(
      db,
    ),
    sql`drop table connections_before`.compile(db),
    db.schema
      .createIndex('connections_owner')
      .on('connections')
      .columns(['owner', 'handle'])
      .compile(),
    sql`create index connections_app on connections (app_handle) where app_handle is not null`.compile(
      db,
    ),
    sql`create index connections_refreshing on connections (refresh_until_ms)
      where refresh_until_ms is not null`.compile(db),
    db.schema
      .createTable('pending_authorizations')
      .addColumn('ticket_hash', 'blob', (c) => c.primaryKey().notNull())
      .addColumn('state_hash', 'blob', (c) => c.notNull().unique())
      .addColumn('browser_hash', 'blob')
      .addColumn('handle', 'text', (c) => c.notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('app_handle', 'text', (c) => c.notNull())
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('pending', 'blob', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createIndex('pending_authorizations_expiry')
      .on('pending_authorizations')
      .column('expires_at_ms')
      .compile(),
    db.schema
      .createTable('token_revocations')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('handle', 'text', (c) => c.notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('context', 'text', (c) => c.notNull())
      .addColumn('record', 'blob', (c) => c.notNull())
      .addColumn('app_context', 'text')
      .addColumn('app_record', 'blob')
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('next_attempt_at_ms', 'integer', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createIndex('token_revocations_due')
      .on('token_revocations')
      .column('next_attempt_at_ms')
      .compile(),
  ],
}
