import type { Backend } from './backend.ts'
import { revokeGrantsMadeBy } from './grant-revocation.ts'
import type { JsonObject } from './json.ts'
import type { Denial, Page } from './paging.ts'
import { createReadCache } from './read-cache.ts'
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
  /** The very same object until any issuer changes, here or in another process. */
  findByIssuer(issuer: string): Promise<TrustedIssuer | undefined>
  list(page?: Page): Promise<TrustedIssuer[]>
  /**
   * True when its user took the grant `<id>.<name>` back that this or an earlier registration of the issuer
   * stood for. What ended with a registration was not the user.
   */
  isTakenBack(issuer: string, name: string): Promise<boolean>
  /**
   * Removes the issuer, the grants that were made by its word (`<id>.…`) and their tokens, in one
   * transaction.
   * @throws StorageError NOT_FOUND
   */
  remove(id: string, denial: Denial): Promise<TrustedIssuer>
}

const idPrefix = 'ti_'

/** Each with rules of some KiB, and the keys that are imported for it. */
const cachedIssuers = 200

/** True for the id of a grant that an issuer's word stands for. */
export const isVouchedFor = (grantId: string): boolean => grantId.startsWith(idPrefix)

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
  const takenBack = db.prepare<{ readonly id: string }>(
    `select i.id from trusted_issuers i join grants g on g.grant_id = i.id || '.' || ?
     where i.issuer = ? and g.revoked_at_ms is not null
       and (i.removed_at_ms is null or g.revoked_at_ms < i.removed_at_ms) limit 1`,
  )
  const lastRevoked = db.prepare<{ readonly at: number | null }>(
    'select max(revoked_at_ms) as at from grants where grant_id > ? and grant_id < ?',
  )
  const known = createReadCache<TrustedIssuer>(db, cachedIssuers, 'trusted_issuers')
  return {
    create: ({ issuer, trust, createdBy }) =>
      commit.statement(() => {
        const nowMs = now()
        const id = `${idPrefix}${newUlid(nowMs)}`
        const row = orExists('this issuer is trusted already', () =>
          insert.get(id, issuer, JSON.stringify(trust), createdBy, nowMs),
        )
        return toIssuer(row!)
      }),
    async findByIssuer(issuer) {
      return known.get(issuer, (name) => {
        const row = byIssuer.get(name)
        return row === undefined ? undefined : toIssuer(row)
      })
    },
    async list(wanted) {
      return page.all(wanted?.after ?? '', limitOf(wanted)).map(toIssuer)
    },
    async isTakenBack(issuer, name) {
      return takenBack.get(name, issuer) !== undefined
    },
    remove: (id, { denyUntilMs }) =>
      commit.transaction(() => {
        // Later than whatever a user took back, and never equal: the two are told apart by it.
        const takenBackMs = lastRevoked.get(`${id}.`, `${id}/`)?.at ?? 0
        const nowMs = Math.max(now(), takenBackMs + 1)
        const row = remove.get(nowMs, id)
        if (row === undefined) throw notFound('trusted issuer')
        revokeGrantsMadeBy(db, cipher, id, { nowMs, denyUntilMs })
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
