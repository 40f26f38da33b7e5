import type { Cipher } from './cipher.ts'
import { forgetChoices } from './connection-choices.ts'
import { addDenials } from './denials.ts'
import { grantRecords } from './oidc/grant-records.ts'
import { grantKeyOf, recordKeyOf } from './oidc/keys.ts'
import type { Database } from './sqlite/database.ts'
import { all, query, run } from './sqlite/queries.ts'

/** Exactly one of these. */
export type GrantSelector =
  { readonly grantId: string } | { readonly userId: string } | { readonly clientId: string }

/**
 * Marks unrevoked grants as revoked and deletes everything that could still be exchanged for a token under
 * them, inside the caller's transaction.
 */
export function revokeGrants(
  db: Database,
  cipher: Cipher,
  selector: GrantSelector,
  nowMs: number,
): void {
  let chosen = query.selectFrom('grants').select('grant_id').where('revoked_at_ms', 'is', null)
  if ('grantId' in selector) chosen = chosen.where('grant_id', '=', selector.grantId)
  else if ('userId' in selector) chosen = chosen.where('user_id', '=', selector.userId)
  else chosen = chosen.where('client_id', '=', selector.clientId)

  for (const { grant_id: grantId } of all(db, chosen)) {
    run(
      db,
      query
        .updateTable('grants')
        .set({ revoked_at_ms: nowMs, updated_at_ms: nowMs })
        .where('grant_id', '=', grantId),
    )
    forgetChoices(db, grantId)
    deleteGrantRecords(db, cipher, grantId)
    grantRecords(db).forget(grantId)
    db.prepare('delete from oidc_records where key = ?').run(recordKeyOf(cipher, 'Grant', grantId))
  }
}

/**
 * Revokes the grants that came of a key or of an issuer's word (`<id>.…`) and denies their tokens,
 * inside the caller's transaction.
 */
export function revokeGrantsMadeBy(
  db: Database,
  cipher: Cipher,
  id: string,
  { nowMs, denyUntilMs }: { readonly nowMs: number; readonly denyUntilMs: number },
): void {
  // The character after the full stop ends the range.
  const made = db
    .prepare<{ grant_id: string }>(
      'select grant_id from grants where revoked_at_ms is null and grant_id > ? and grant_id < ?',
    )
    .all(`${id}.`, `${id}/`)
  for (const { grant_id: grantId } of made) revokeGrants(db, cipher, { grantId }, nowMs)
  addDenials(
    db,
    made.map(({ grant_id: value }) => ({ kind: 'grant', value, expiresAtMs: denyUntilMs })),
  )
}

/** Deletes the codes and tokens of a grant. */
export function deleteGrantRecords(db: Database, cipher: Cipher, grantId: string): void {
  db.prepare('delete from oidc_records where grant_key = ?').run(grantKeyOf(cipher, grantId))
}
