import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'
import { revokeGrantsMadeBy } from './grant-revocation.ts'
import type { Denial, Page } from './paging.ts'
import { limitOf, notFound, parseJson } from './rows.ts'
import type { ApiKeyRow } from './schema.ts'
import { newUlid } from './ulid.ts'

/** A key with which programs act for its owner; only its hash is stored. */
export interface ApiKey {
  readonly id: string
  readonly environment: 'live' | 'test'
  /** The user. */
  readonly owner: string
  readonly label: string | undefined
  /** Canonical URIs; undefined = every registered resource. */
  readonly resources: readonly string[] | undefined
  /** Undefined = every scope of those resources. */
  readonly scopes: readonly string[] | undefined
  /** Name → handle; undefined = every connection of the owner. */
  readonly connections: Readonly<Record<string, string>> | undefined
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly lastUsedAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export type NewApiKey = Omit<ApiKey, 'id' | 'createdAtMs' | 'lastUsedAtMs' | 'revokedAtMs'>

export interface ApiKeys {
  /** Stores the hash of a key that has at least 128 random bits. @throws StorageError EXISTS */
  create(key: string, properties: NewApiKey): Promise<ApiKey>
  /** Also finds revoked and expired keys; one indexed look-up of the key's hash. */
  findByKey(key: string): Promise<ApiKey | undefined>
  find(id: string): Promise<ApiKey | undefined>
  list(filter: { readonly owner: string } & Page): Promise<ApiKey[]>
  /** Notes the use, once a minute at most. */
  touch(id: string): Promise<void>
  /**
   * Revokes the key, the grants that were made with it (`<id>.…`) and their tokens, in one transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(id: string, denial: Denial): Promise<ApiKey>
}

const touchEveryMs = 60_000

const idPrefix = 'ak_'

/** True for the id of a grant that an API key stands for. */
export const isOfApiKey = (grantId: string): boolean => grantId.startsWith(idPrefix)

export function createApiKeys({ db, commit, cipher, now }: Backend): ApiKeys {
  const insert = db.prepare<ApiKeyRow>(
    `insert into api_keys (id, key_hash, environment, owner, label, resources, scopes, connections,
       created_at_ms, expires_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *`,
  )
  const byHash = db.prepare<ApiKeyRow>('select * from api_keys where key_hash = ?')
  const byId = db.prepare<ApiKeyRow>('select * from api_keys where id = ?')
  const page = db.prepare<ApiKeyRow>(
    'select * from api_keys where owner = ? and id > ? order by id limit ?',
  )
  const touch = db.prepare(
    `update api_keys set last_used_at_ms = ?
     where id = ? and (last_used_at_ms is null or last_used_at_ms <= ?)`,
  )
  const revoke = db.prepare<ApiKeyRow>(
    'update api_keys set revoked_at_ms = coalesce(revoked_at_ms, ?) where id = ? returning *',
  )
  return {
    async create(key, wanted) {
      const nowMs = now()
      const row = await commit.statement(() =>
        insert.get(
          `${idPrefix}${newUlid(nowMs)}`,
          hashOf(key),
          wanted.environment,
          wanted.owner,
          wanted.label ?? null,
          toJson(wanted.resources),
          toJson(wanted.scopes),
          toJson(wanted.connections),
          nowMs,
          wanted.expiresAtMs ?? null,
        ),
      )
      return toApiKey(row!)
    },
    async findByKey(key) {
      const row = byHash.get(hashOf(key))
      return row === undefined ? undefined : toApiKey(row)
    },
    async find(id) {
      const row = byId.get(id)
      return row === undefined ? undefined : toApiKey(row)
    },
    async list({ owner, ...wanted }) {
      return page.all(owner, wanted.after ?? '', limitOf(wanted)).map(toApiKey)
    },
    async touch(id) {
      const nowMs = now()
      await commit.relaxed(() => touch.run(nowMs, id, nowMs - touchEveryMs))
    },
    revoke: (id, { denyUntilMs }) =>
      commit.transaction(() => {
        const row = revoke.get(now(), id)
        if (row === undefined) throw notFound('API key')
        revokeGrantsMadeBy(db, cipher, id, { nowMs: now(), denyUntilMs })
        return toApiKey(row)
      }),
  }
}

// The key itself is random: there is nothing to guess that a slow hash would slow down.
const hashOf = (key: string): Uint8Array => hash('sha256', key, 'buffer')

const toJson = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

const fromJson = (text: string | null): unknown => (text === null ? undefined : parseJson(text))

const toApiKey = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  environment: row.environment,
  owner: row.owner,
  label: row.label ?? undefined,
  resources: fromJson(row.resources) as ApiKey['resources'],
  scopes: fromJson(row.scopes) as ApiKey['scopes'],
  connections: fromJson(row.connections) as ApiKey['connections'],
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms ?? undefined,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
  revokedAtMs: row.revoked_at_ms ?? undefined,
})
