import type { Backend } from './backend.ts'
import type { JsonObject } from './json.ts'
import { parseJson } from './rows.ts'
import type { ConnectionRow, TokenRevocationRow } from './schema.ts'
import { newUlid } from './ulid.ts'

/** Tokens that a provider still has to be told to end, with all that the enclave needs for it, sealed. */
export interface TokenRevocation {
  readonly id: string
  readonly handle: string
  readonly owner: string
  /** What the record is bound to, as it was when the connection was revoked. */
  readonly context: JsonObject
  readonly record: Uint8Array
  readonly app: { readonly context: JsonObject; readonly record: Uint8Array } | undefined
  /** Attempts so far, the one that is claimed not counted. */
  readonly attempts: number
  readonly createdAtMs: number
}

/** The queue of {@link TokenRevocation}s; it survives restarts. */
export interface TokenRevocations {
  /**
   * Hands out what is due; nobody else gets it for `holdMs`. Each claim counts as an attempt: one that
   * ends the process is not tried again at once.
   */
  claim(limit: number, holdMs: number): Promise<TokenRevocation[]>
  /** Forgets one for good, sealed record and all. */
  finish(id: string): Promise<void>
  retryAt(id: string, atMs: number): Promise<void>
  /** How many wait. */
  count(): Promise<number>
}

/** A sealed record with tokens, and the app that they were given to, as its caller bound both. */
export type LateTokens = Pick<TokenRevocation, 'handle' | 'owner' | 'context' | 'record'> & {
  readonly app: NonNullable<TokenRevocation['app']>
}

/** What a record is bound to: the fields of a connection that the enclave authenticates. */
const contextText = (row: ConnectionRow): string =>
  JSON.stringify({
    handle: row.handle,
    owner: row.owner,
    provider: row.provider,
    allowed_hosts: parseJson(row.allowed_hosts),
    policy: parseJson(row.policy),
    version: row.record_version,
  })

/** The queue's row of a connection that is being revoked. */
export function toRevocationRow(
  row: ConnectionRow,
  app: ConnectionRow | undefined,
  nowMs: number,
): TokenRevocationRow {
  return {
    ...newRow(nowMs),
    handle: row.handle,
    owner: row.owner,
    context: contextText(row),
    record: row.record!,
    app_context: app?.record ? contextText(app) : null,
    app_record: app?.record ?? null,
  }
}

/** The queue's row of tokens that came too late. */
export function toLateRow(
  { handle, owner, context, record, app }: LateTokens,
  nowMs: number,
): TokenRevocationRow {
  return {
    ...newRow(nowMs),
    handle,
    owner,
    context: JSON.stringify(context),
    record,
    app_context: JSON.stringify(app.context),
    app_record: app.record,
  }
}

const newRow = (nowMs: number) => ({
  id: `rev_${newUlid(nowMs)}`,
  attempts: 0,
  next_attempt_at_ms: nowMs,
  created_at_ms: nowMs,
})

export function createTokenRevocations({ db, commit, now }: Backend): TokenRevocations {
  const claim = db.prepare<TokenRevocationRow>(
    `update token_revocations set attempts = attempts + 1, next_attempt_at_ms = ?
     where id in (select id from token_revocations where next_attempt_at_ms <= ?
                  order by next_attempt_at_ms limit ?)
     returning *`,
  )
  const anyDue = db.prepare<{ found: 1 }>(
    'select 1 as found from token_revocations where next_attempt_at_ms <= ? limit 1',
  )
  const remove = db.prepare('delete from token_revocations where id = ?')
  const postpone = db.prepare('update token_revocations set next_attempt_at_ms = ? where id = ?')
  const total = db.prepare<{ total: number }>('select count(*) as total from token_revocations')
  return {
    async claim(limit, holdMs) {
      // Asked every few seconds: an idle server writes nothing.
      if (anyDue.get(now()) === undefined) return []
      return commit.transaction(() =>
        claim.all(now() + holdMs, now(), limit).map((row) => ({
          id: row.id,
          handle: row.handle,
          owner: row.owner,
          context: parseJson(row.context) as JsonObject,
          record: row.record,
          app:
            row.app_context === null || row.app_record === null
              ? undefined
              : { context: parseJson(row.app_context) as JsonObject, record: row.app_record },
          attempts: row.attempts - 1,
          createdAtMs: row.created_at_ms,
        })),
      )
    },
    async finish(id) {
      await commit.statement(() => remove.run(id))
    },
    async retryAt(id, atMs) {
      await commit.statement(() => postpone.run(atMs, id))
    },
    async count() {
      return total.get()!.total
    },
  }
}
