import type { ConnectionChoiceRow } from './schema.ts'
import type { Database } from './sqlite/database.ts'

/** What a user chose for an app at a resource, beside what they consented to. */
export interface ConnectionChoice {
  /** Name that the resource uses. */
  readonly name: string
  readonly handle: string
  readonly chosenAtMs: number
}

/** Who chose for whom. */
export interface ChoiceParties {
  readonly userId: string
  readonly clientId: string
  readonly resource: string
}

/** Keeps the choice for the parties of a grant, in place of one of the same name. */
export function rememberChoice(
  db: Database,
  grantId: string,
  { name, handle, chosenAtMs }: ConnectionChoice,
): void {
  db.prepare(
    `insert into connection_choices (user_id, client_id, resource, name, handle, chosen_at_ms)
       select user_id, client_id, resource, ?, ?, ? from grants where grant_id = ?
     on conflict do update set handle = excluded.handle, chosen_at_ms = excluded.chosen_at_ms`,
  ).run(name, handle, chosenAtMs, grantId)
}

export function listChoices(
  db: Database,
  { userId, clientId, resource }: ChoiceParties,
): ConnectionChoice[] {
  return db
    .prepare<ConnectionChoiceRow>(
      'select * from connection_choices where user_id = ? and client_id = ? and resource = ?',
    )
    .all(userId, clientId, resource)
    .map(({ name, handle, chosen_at_ms: chosenAtMs }) => ({ name, handle, chosenAtMs }))
}

/** Whoever takes a grant back takes back what they chose for it, inside the caller's transaction. */
export function forgetChoices(db: Database, grantId: string): void {
  db.prepare(
    `delete from connection_choices where (user_id, client_id, resource) in
       (select user_id, client_id, resource from grants where grant_id = ?)`,
  ).run(grantId)
}
