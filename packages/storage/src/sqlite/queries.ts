import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Compilable,
} from 'kysely'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

/** Builds queries and never runs them: better-sqlite3 does, synchronously, with statements prepared once. */
export const query: Kysely<Schema> = createBuilder<Schema>()

export function createBuilder<DB>(): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

export function all<Row>(db: Database, built: Compilable<Row>): Row[] {
  const compiled = built.compile()
  return db.prepare<Row>(compiled.sql).all(...compiled.parameters)
}

/** Answers how many rows changed. */
export function run(db: Database, built: Compilable): number {
  const compiled = built.compile()
  return db.prepare(compiled.sql).run(...compiled.parameters)
}
