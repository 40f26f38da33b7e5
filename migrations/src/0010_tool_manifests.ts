import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What resources say about their tools. */
export const toolManifests: Migration = {
  up: (db) => [
    db.schema
      .createTable('tool_manifests')
      .addColumn('resource', 'text', (c) =>
        c.primaryKey().notNull().references('resources.resource').onDelete('cascade'),
      )
      .addColumn('manifest', 'text', (c) => c.notNull())
      .addColumn('updated_at_ms', 'integer', (c) => c.notNull())
      .modifyEnd(sql`without rowid, strict`)
      .compile(),
  ],
}
