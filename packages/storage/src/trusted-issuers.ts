import type { Backend } from './backend.ts'
import { revokeGrantsMadeBy } from './grant-revocation.ts'
import type { JsonObject } from './json.ts'
import type { Denial, Page } from './paging.ts'
import { limitOf, notFound, orExists, parseJson } from './rows.ts'
import type { TrustedIssuerRow } from './schema.ts'
import { newUlid } from './ulid.ts'

/** Somebody else's server whose assertions are believed. */
export interface TrustedIssuer {
  readonly id: string
  /** The `iss` of its assertions, byte for byte. */
  readonly issuer: string
  /** Keys, and what it may say about whom, as the authorization server checked it. */
  readonly trust: JsonObject
  /** The administrator. */
  readonly createdBy: string
  readonly createdAtMs: number
}

export interface TrustedIssuers {
  /** @throws StorageError EXISTS */
  create(issuer: Pick<TrustedIssuer, 'issuer' | 'trust' | 'createdBy'>): Promise<TrustedIssuer>
  findByIssuer(issuer: string): Promise<TrustedIssuer | undefined>
  list(page?: Page): Promise<TrustedIssuer[]>
  /**
   * Removes the issuer, the grants that were made by its word (`<id>.…`) and their tokens, in one
   * transaction.
   * @throws StorageError NOT_FOUND
   */
  remove(id: string, denial: Denial): Promise<TrustedIssuer>
}

export function createTrustedIssuers({ db, commit, cipher, now }: Backend): TrustedIssuers {
  const insert = db.prepare<TrustedIssuerRow>(
    `insert into trusted_issuers (id, issuer, trust, created_by, created_at_ms)
     values (?, ?, ?, ?, ?) returning *`,
  )
  const byIssuer = db.prepare<TrustedIssuerRow>(
    'select * from trusted_issuers where issuer = ? and removed_at_ms is null',
  )
  const page = db.prepare<TrustedIssuerRow>(
    'select * from trusted_issuers where id > ? and removed_at_ms is null order by id limit ?',
  )
  const remove = db.prepare<TrustedIssuerRow>(
    'update trusted_issuers set removed_at_ms = ? where id = ? and removed_at_ms is null returning *',
  )
  return {
    create: ({ issuer, trust, createdBy }) =>
      commit.statement(() => {
        const nowMs = now()
        const id = `ti_${newUlid(nowMs)}`
        const row = orExists('this issuer is trusted already', () =>
          insert.get(id, issuer, JSON.stringify(trust), createdBy, nowMs),
        )
        return toIssuer(row!)
      }),
    async findByIssuer(issuer) {
      const row = byIssuer.get(issuer)
      return row === undefined ? undefined : toIssuer(row)
    },
    async list(wanted) {
      return page.all(wanted?.after ?? '', limitOf(wanted)).map(toIssuer)
    },
    remove: (id, { denyUntilMs }) =>
      commit.transaction(() => {
        const row = remove.get(now(), id)
        if (row === undefined) throw notFound('trusted issuer')
        revokeGrantsMadeBy(db, cipher, id, { nowMs: now(), denyUntilMs })
        return toIssuer(row)
      }),
  }
}

const toIssuer = (row: TrustedIssuerRow): TrustedIssuer => ({
  id: row.id,
  issuer: row.issuer,
  trust: parseJson(row.trust) as JsonObject,
  createdBy: row.created_by,
  createdAtMs: row.created_at_ms,
})
