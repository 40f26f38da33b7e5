import { hash, randomBytes } from 'node:crypto'
import type { Backend } from './backend.ts'
import type { Page } from './paging.ts'
import { limitOf, notFound } from './rows.ts'
import type { RegistrationTokenRow } from './schema.ts'
import { newUlid } from './ulid.ts'

/** An initial access token of RFC 7591; only its hash is stored. */
export interface RegistrationToken {
  readonly id: string
  readonly label: string | undefined
  /** Undefined: as many as the time allows. */
  readonly usesLeft: number | undefined
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly lastUsedAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export interface RegistrationTokens {
  /** Returns the token (256 random bits behind a prefix); it cannot be read again. */
  create(
    token: Pick<RegistrationToken, 'label' | 'usesLeft' | 'createdBy' | 'expiresAtMs'>,
  ): Promise<{ readonly record: RegistrationToken; readonly token: string }>
  /** True when it may register a client now. */
  isValid(token: string): Promise<boolean>
  /** Spends one use; undefined when there is none left. */
  spend(token: string): Promise<RegistrationToken | undefined>
  list(page?: Page): Promise<RegistrationToken[]>
  /** @throws StorageError NOT_FOUND */
  revoke(id: string): Promise<RegistrationToken>
}

const usable =
  'revoked_at_ms is null and expires_at_ms > ? and (uses_left is null or uses_left > 0)'

export function createRegistrationTokens({ db, commit, now }: Backend): RegistrationTokens {
  const insert = db.prepare<RegistrationTokenRow>(
    `insert into registration_tokens (id, token_hash, label, uses_left, created_by, created_at_ms,
       expires_at_ms) values (?, ?, ?, ?, ?, ?, ?) returning *`,
  )
  const find = db.prepare<{ id: string }>(
    `select id from registration_tokens where token_hash = ? and ${usable}`,
  )
  const spend = db.prepare<RegistrationTokenRow>(
    `update registration_tokens set uses_left = uses_left - 1, last_used_at_ms = ?
     where token_hash = ? and ${usable} returning *`,
  )
  const page = db.prepare<RegistrationTokenRow>(
    'select * from registration_tokens where id > ? order by id limit ?',
  )
  const revoke = db.prepare<RegistrationTokenRow>(
    'update registration_tokens set revoked_at_ms = coalesce(revoked_at_ms, ?) where id = ? returning *',
  )
  return {
    async create({ label, usesLeft, createdBy, expiresAtMs }) {
      const token = `hrt_${randomBytes(32).toString('base64url')}`
      const nowMs = now()
      const row = await commit.statement(() =>
        insert.get(
          `rt_${newUlid(nowMs)}`,
          hashOf(token),
          label ?? null,
          usesLeft ?? null,
          createdBy,
          nowMs,
          expiresAtMs,
        ),
      )
      return { record: toRecord(row!), token }
    },
    async isValid(token) {
      return find.get(hashOf(token), now()) !== undefined
    },
    spend: (token) =>
      commit.statement(() => {
        const row = spend.get(now(), hashOf(token), now())
        return row === undefined ? undefined : toRecord(row)
      }),
    async list(wanted) {
      return page.all(wanted?.after ?? '', limitOf(wanted)).map(toRecord)
    },
    revoke: (id) =>
      commit.statement(() => {
        const row = revoke.get(now(), id)
        if (row === undefined) throw notFound('registration token')
        return toRecord(row)
      }),
  }
}

const hashOf = (token: string): Uint8Array => hash('sha256', token, 'buffer')

const toRecord = (row: RegistrationTokenRow): RegistrationToken => ({
  id: row.id,
  label: row.label ?? undefined,
  usesLeft: row.uses_left ?? undefined,
  createdBy: row.created_by,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
  revokedAtMs: row.revoked_at_ms ?? undefined,
})
