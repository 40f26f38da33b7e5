import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** People, the one-time keys that let them in, and small settings. */
export const accounts: Migration = {
  up: (db) => [
    db.schema
      .createTable('users')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('email', 'text', (c) => c.notNull().unique())
      .addColumn('password_hash', 'text', (c) => c.notNull())
      .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('admin', 'member')`))
      .addColumn('status', 'text', (c) => c.notNull().check(sql`status in ('active', 'disabled')`))
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createTable('invitations')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('key_hash', 'blob', (c) => c.notNull().unique())
      .addColumn('purpose', 'text', (c) => c.notNull().check(sql`purpose in ('setup', 'invite')`))
      .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('admin', 'member')`))
      .addColumn('email', 'text')
      .addColumn('created_by', 'text')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addColumn('used_at_ms', 'integer')
      .addColumn('used_by', 'text')
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createTable('settings')
      .addColumn('name', 'text', (c) => c.primaryKey().notNull())
      .addColumn('value', 'blob', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
  ],
}
