import { migrations as known, type Migration } from '@holdfast/migrations'
import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'
import { createBuilder } from './queries.ts'

/**
 * Brings the schema up to date: all pending migrations in one transaction, so that a crash leaves either the
 * old schema or the new one, and of two processes that start at once one waits for the other.
 *
 * @throws StorageError SCHEMA_TOO_NEW for a database that a later version has migrated
 */
export function migrate(
  db: Database,
  nowMs: number,
  migrations: Readonly<Record<string, Migration>> = known,
): void {
  db.transaction(() => {
    db.prepare(
      'create table if not exists migrations (name text not null primary key, applied_at_ms integer not null) strict',
    ).run()
    const applied = db
      .prepare<{ name: string }>('select name from migrations order by name')
      .all()
      .map(({ name }) => name)
    const names = Object.keys(migrations)
    if (applied.some((name) => !names.includes(name))) {
      throw new StorageError(
        'SCHEMA_TOO_NEW',
        'the database was written by a newer version of Holdfast: start that version, or restore a backup',
      )
    }
    const builder = createBuilder<unknown>()
    for (const name of names.filter((one) => !applied.includes(one))) {
      for (const { sql, parameters } of migrations[name]!.up(builder)) {
        db.prepare(sql).run(...parameters)
      }
      db.prepare('insert into migrations (name, applied_at_ms) values (?, ?)').run(name, nowMs)
    }
  })
}
