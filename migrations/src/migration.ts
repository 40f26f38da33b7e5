import type { CompiledQuery, Kysely } from 'kysely'

/**
 * One step of the schema. It only builds statements; the runner executes those of all pending steps
 * in one transaction. A released migration is never edited: change the schema by adding the next one.
 */
export interface Migration {
  up(db: Kysely<unknown>): readonly CompiledQuery[]
}
