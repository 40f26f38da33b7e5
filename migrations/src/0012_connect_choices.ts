import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Whom a connect link serves and where it leads back, and what people chose for apps that another server vouches for. */
export const connectChoices: Migration = {
  up: (db) => [
    db.schema.alterTable('connect_tickets').addColumn('agent_id', 'text').compile(),
    db.schema.alterTable('connect_tickets').addColumn('interaction', 'text').compile(),
    db.schema
      .createTable('connection_choices')
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('resource', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('handle', 'text', (c) => c.notNull())
      .addColumn('chosen_at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('connection_choices_key', [
        'user_id',
        'client_id',
        'resource',
        'name',
      ])
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
  ],
}
