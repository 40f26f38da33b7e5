import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What the provider did when it was told to end the tokens of a revoked connection. */
export const providerRevocation: Migration = {
  up: (db) => [
    sql`alter table connections add column provider_revocation text check (provider_revocation in
      ('pending', 'revoked', 'nothing_to_revoke', 'not_supported', 'failed'))`.compile(db),
    // Those that were told before this was noted stay without a word.
    sql`update connections set provider_revocation = 'pending'
      where handle in (select handle from token_revocations)`.compile(db),
  ],
}
