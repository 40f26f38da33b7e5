import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Links on which a person connects an account, and the sign-ins at providers that lead back to one. */
export const connectTickets: Migration = {
  up: (db) => [
    db.schema
      .createTable('connect_tickets')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('provider', 'text')
      .addColumn('name', 'text')
      .addColumn('label', 'text')
      .addColumn('policy', 'text')
      .addColumn('resource', 'text')
      .addColumn('client_id', 'text')
      .addColumn('grant_id', 'text')
      .addColumn('handle', 'text')
      .addColumn('is_renewal', 'integer', (c) => c.notNull())
      .addColumn('browser_hash', 'blob')
      .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('usable_until_ms', 'integer', (c) => c.notNull())
      .addColumn('connected_at_ms', 'integer')
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    sql`create index connect_tickets_expiry on connect_tickets (expires_at_ms)`.compile(db),
    sql`create index connect_tickets_owner on connect_tickets (owner)`.compile(db),
    sql`alter table pending_authorizations add column connect_ticket text`.compile(db),
  ],
}
