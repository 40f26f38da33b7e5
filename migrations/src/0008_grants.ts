import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What clients may ask for as themselves, resources that demand DPoP nonces, and details of grants. */
export const grants: Migration = {
  up: (db) => [
    // A JSON list of canonical resource URIs; null stands for every registered resource.
    db.schema.alterTable('clients').addColumn('resources', 'text').compile(),
    db.schema
      .alterTable('resources')
      .addColumn('dpop_nonce', 'integer', (c) =>
        c
          .notNull()
          .defaultTo(0)
          .check(sql`dpop_nonce in (0, 1)`),
      )
      .compile(),
    // RFC 9396 authorization details as JSON.
    db.schema.alterTable('grants').addColumn('authorization_details', 'text').compile(),
  ],
}
