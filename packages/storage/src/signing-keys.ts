import type { Backend } from './backend.ts'
import type { JsonObject } from './json.ts'
import { notFound, orExists, parseJson } from './rows.ts'
import type { SigningKeyRow } from './schema.ts'
import { query, run } from './sqlite/queries.ts'

export type SigningKeyState = 'next' | 'active' | 'retired'

/** A token signing key; the private JWK is encrypted at rest. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateJwk: JsonObject
  readonly state: SigningKeyState
  readonly createdAtMs: number
  readonly activatedAtMs: number | undefined
  readonly retiredAtMs: number | undefined
}

export interface NewSigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateJwk: JsonObject
  /** `active` only for the very first key; later ones start as `next`. */
  readonly state: 'next' | 'active'
}

export interface SigningKeys {
  /** @throws StorageError EXISTS for a known kid, or for a second active or next key of this alg */
  create(key: NewSigningKey): Promise<SigningKey>
  /** Active first, then next, then retired (newest first). */
  list(): Promise<SigningKey[]>
  /**
   * Makes the `next` key active and the active ones of all algorithms retired, in one transaction.
   * @throws StorageError NOT_FOUND when this kid is not `next`
   */
  promote(kid: string): Promise<void>
  /**
   * Deletes a retired key once no token signed by it can be valid, or a next one, which signed none.
   * @throws StorageError NOT_FOUND
   */
  remove(kid: string): Promise<void>
}

export function createSigningKeys({ db, commit, cipher, now }: Backend): SigningKeys {
  const context = (kid: string): string => `signing-key\0${kid}`
  const toKey = (row: SigningKeyRow): SigningKey => ({
    kid: row.kid,
    alg: row.alg,
    privateJwk: parseJson(
      Buffer.from(cipher.open(context(row.kid), row.private_jwk)).toString(),
    ) as JsonObject,
    state: row.state,
    createdAtMs: row.created_at_ms,
    activatedAtMs: row.activated_at_ms ?? undefined,
    retiredAtMs: row.retired_at_ms ?? undefined,
  })
  return {
    create: (key) =>
      commit.statement(() => {
        const nowMs = now()
        const row: SigningKeyRow = {
          kid: key.kid,
          alg: key.alg,
          state: key.state,
          created_at_ms: nowMs,
          activated_at_ms: key.state === 'active' ? nowMs : null,
          retired_at_ms: null,
          private_jwk: cipher.seal(context(key.kid), JSON.stringify(key.privateJwk)),
        }
        orExists('this key id, or a key of this algorithm in this state, exists', () =>
          run(db, query.insertInto('signing_keys').values(row)),
        )
        return toKey(row)
      }),
    async list() {
      const rows = db
        .prepare<SigningKeyRow>(
          `select * from signing_keys
           order by case state when 'active' then 0 when 'next' then 1 else 2 end,
             retired_at_ms desc, kid`,
        )
        .all()
      return rows.map(toKey)
    },
    promote: (kid) =>
      commit.transaction(() => {
        const nowMs = now()
        const next = db
          .prepare<{ kid: string }>(`select kid from signing_keys where kid = ? and state = 'next'`)
          .get(kid)
        if (next === undefined) throw notFound('next signing key')
        db.prepare(
          `update signing_keys set state = 'retired', retired_at_ms = ? where state = 'active'`,
        ).run(nowMs)
        db.prepare(
          `update signing_keys set state = 'active', activated_at_ms = ? where kid = ?`,
        ).run(nowMs, kid)
      }),
    remove: (kid) =>
      commit.statement(() => {
        const removed = db
          .prepare(`delete from signing_keys where kid = ? and state <> 'active'`)
          .run(kid)
        if (removed === 0) throw notFound('signing key that signs no more, or not yet')
      }),
  }
}
