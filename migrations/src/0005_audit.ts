import { sql, type CompiledQuery, type Kysely } from 'kysely'
import type { Migration } from './migration.ts'

/** The audit chain and its signed heads; triggers keep ordinary code from rewriting either. */
export const audit: Migration = {
  up: (db) => [
    db.schema
      .createTable('audit')
      .addColumn('seq', 'integer', (c) => c.primaryKey())
      .addColumn('time_ms', 'integer', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('actor', 'text')
      .addColumn('subject', 'text')
      .addColumn('client', 'text')
      .addColumn('resource', 'text')
      .addColumn('connection', 'text')
      .addColumn('grant_id', 'text')
      .addColumn('request_id', 'text')
      .addColumn('detail', 'text')
      .addColumn('prev_hash', 'blob', (c) => c.notNull())
      .addColumn('hash', 'blob', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .compile(),
    db.schema
      .createTable('audit_heads')
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('time', 'text', (c) => c.notNull())
      .addColumn('key_id', 'text', (c) => c.notNull())
      .addColumn('signature', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('audit_heads_pk', ['seq', 'signature'])
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
    ...appendOnly(db, 'audit'),
    ...appendOnly(db, 'audit_heads'),
    // INSERT OR REPLACE deletes without firing delete triggers, so an insert must also be the next in line.
    sql`create trigger audit_no_replace before insert on audit
      when new.seq is not (select coalesce(max(seq), 0) + 1 from audit)
      begin select raise(abort, 'audit is append-only'); end`.compile(db),
  ],
}

function appendOnly(db: Kysely<unknown>, table: string): CompiledQuery[] {
  return ['update', 'delete'].map((verb) =>
    sql`create trigger ${sql.raw(`${table}_no_${verb} before ${verb} on ${table}`)}
      begin select raise(abort, 'audit is append-only'); end`.compile(db),
  )
}
