import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Clients, resources, grants, token signing keys and the deny list. */
export const oauth: Migration = {
  up: (db) => [
    db.schema
      .createTable('clients')
      .addColumn('client_id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('source', 'text', (c) =>
        c.notNull().check(sql`source in ('builtin', 'manual', 'dynamic')`),
      )
      .addColumn('resource', 'text')
      .addColumn('created_by', 'text')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .addColumn('revoked_at_ms', 'integer')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('metadata', 'text', (c) => c.notNull())
      .addColumn('secret', 'blob')
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createTable('resources')
      .addColumn('resource', 'text', (c) => c.primaryKey().notNull())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('scopes', 'text', (c) => c.notNull())
      .addColumn('connections', 'text', (c) => c.notNull())
      .addColumn('dpop', 'text', (c) =>
        c.notNull().check(sql`dpop in ('off', 'preferred', 'required')`),
      )
      .addColumn('client_id', 'text', (c) => c.unique())
      .addColumn('deployment_id', 'text', (c) => c.unique())
      .addColumn('deployment_secret', 'blob')
      .addColumn('created_by', 'text')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    // Every spelling under which a resource is found, its canonical URI included, so that none is taken twice.
    db.schema
      .createTable('resource_names')
      .addColumn('name', 'text', (c) => c.primaryKey().notNull())
      .addColumn('resource', 'text', (c) =>
        c.notNull().references('resources.resource').onDelete('cascade'),
      )
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema
      .createIndex('resource_names_resource')
      .on('resource_names')
      .column('resource')
      .compile(),
    db.schema
      .createTable('grants')
      .addColumn('grant_id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('resource', 'text', (c) => c.notNull())
      .addColumn('scopes', 'text', (c) => c.notNull())
      .addColumn('connections', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer')
      .addColumn('revoked_at_ms', 'integer')
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createIndex('grants_parties')
      .on('grants')
      .columns(['user_id', 'client_id', 'resource'])
      .compile(),
    db.schema.createIndex('grants_client').on('grants').column('client_id').compile(),
    db.schema
      .createTable('signing_keys')
      .addColumn('kid', 'text', (c) => c.primaryKey().notNull())
      .addColumn('alg', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) =>
        c.notNull().check(sql`state in ('next', 'active', 'retired')`),
      )
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('activated_at_ms', 'integer')
      .addColumn('retired_at_ms', 'integer')
      .addColumn('private_jwk', 'blob', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createIndex('signing_keys_one_per_state')
      .unique()
      .on('signing_keys')
      .columns(['alg', 'state'])
      .where(sql.ref('state'), '!=', sql.lit('retired'))
      .compile(),
    db.schema
      .createTable('denials')
      .addColumn('kind', 'text', (c) =>
        c.notNull().check(sql`kind in ('user', 'client', 'grant', 'token')`),
      )
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('denials_pk', ['kind', 'value'])
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    db.schema.createIndex('denials_expiry').on('denials').column('expires_at_ms').compile(),
    db.schema
      .createTable('denial_epoch')
      .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
      .addColumn('epoch', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    sql`insert into denial_epoch (id, epoch) values (1, 0)`.compile(db),
  ],
}
