import { hash, timingSafeEqual } from 'node:crypto'
import type { Backend } from './backend.ts'
import { addDenials } from './denials.ts'
import { revokeGrants } from './grant-revocation.ts'
import type { JsonObject } from './json.ts'
import type { Denial, Page } from './paging.ts'
import { createReadCache } from './read-cache.ts'
import { limitOf, notFound, orExists, parseJson } from './rows.ts'
import type { ClientRow } from './schema.ts'
import { all, query, run } from './sqlite/queries.ts'

export type ClientSource = 'builtin' | 'manual' | 'dynamic'

/** A registered OAuth client; the secret is never part of it. */
export interface Client {
  readonly clientId: string
  readonly source: ClientSource
  /** Client metadata in wire form (RFC 7591 names) without `client_id` and `client_secret`. */
  readonly metadata: JsonObject
  readonly hasSecret: boolean
  /** Canonical URI of the resource whose own client this is. */
  readonly resource: string | undefined
  /** Canonical URIs that it may ask for as itself (client credentials); undefined = every registered one. */
  readonly resources: readonly string[] | undefined
  /** The user who registered it. */
  readonly createdBy: string | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly revokedAtMs: number | undefined
}

export interface NewClient {
  readonly clientId: string
  readonly source: ClientSource
  readonly metadata: JsonObject
  /** Encrypted at rest: the library compares it in clear for `client_secret_basic`. */
  readonly secret?: string | undefined
  readonly resource?: string | undefined
  readonly resources?: readonly string[] | undefined
  readonly createdBy?: string | undefined
}

export interface Clients {
  /** @throws StorageError EXISTS, also for the id of a revoked client */
  create(client: NewClient): Promise<Client>
  /** Creates or replaces metadata and secret, for built-in clients at start-up; never un-revokes. */
  put(client: NewClient): Promise<Client>
  /** Also finds revoked clients: look at `revokedAtMs`. */
  find(clientId: string): Promise<Client | undefined>
  list(page?: Page): Promise<Client[]>
  /** True when the client is not revoked, has a secret, and this is it (constant time). */
  checkSecret(clientId: string, secret: string): Promise<boolean>
  /**
   * Revokes the client, all its grants and tokens in one transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(clientId: string, denial: Denial): Promise<void>
}

/** The part of the repository that the adapter of the library reads on every request. */
export interface ClientMetadataSource {
  /**
   * Metadata with `client_id` and secret in clear; undefined for an unknown or revoked client. As JSON it is a
   * hash of itself: the library writes it so, and hashes that, to look up with every request what it made of it.
   */
  metadataOf(clientId: string): Record<string, unknown> | undefined
  /** Deletes a dynamic client that the library was told to delete. */
  forget(clientId: string): Promise<void>
}

/** Under this name the library's clients carry their {@link ClientSource}; metadata never sets it. */
export const sourceProperty = 'holdfast_source'

/** How many clients' decrypted metadata are kept; beyond it the oldest is read and decrypted again. */
const cacheSize = 1000

export function createClients({
  db,
  commit,
  cipher,
  now,
}: Backend): Clients & ClientMetadataSource {
  const byId = db.prepare<ClientRow>('select * from clients where client_id = ?')
  const revisionOf = db.prepare<{ revision: number }>(
    'select revision from clients where client_id = ? and revoked_at_ms is null',
  )
  const known = createReadCache<ClientRow>(db, cacheSize, 'clients')
  const revisions = createReadCache<number>(db, cacheSize, 'clients')
  const cache = new Map<string, CachedMetadata>()

  const toRow = (client: NewClient, nowMs: number): ClientRow => ({
    client_id: client.clientId,
    source: client.source,
    resource: client.resource ?? null,
    resources: client.resources === undefined ? null : JSON.stringify(client.resources),
    created_by: client.createdBy ?? null,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
    revoked_at_ms: null,
    revision: 1,
    metadata: JSON.stringify(client.metadata),
    secret:
      client.secret === undefined
        ? null
        : cipher.seal(secretContext(client.clientId), client.secret),
    fingerprint: null,
    management_hash: null,
  })
  const secretOf = (row: ClientRow): string | undefined =>
    row.secret === null
      ? undefined
      : Buffer.from(cipher.open(secretContext(row.client_id), row.secret)).toString()

  return {
    create: (client) =>
      commit.statement(() => {
        const row = toRow(client, now())
        orExists('a client with this id exists', () =>
          run(db, query.insertInto('clients').values(row)),
        )
        return toClient(row)
      }),
    put: (client) =>
      commit.transaction(() => {
        const row = toRow(client, now())
        run(
          db,
          query
            .insertInto('clients')
            .values(row)
            .onConflict((conflict) =>
              conflict.column('client_id').doUpdateSet((eb) => ({
                source: row.source,
                resource: row.resource,
                resources: row.resources,
                metadata: row.metadata,
                secret: row.secret,
                updated_at_ms: row.updated_at_ms,
                revision: eb('clients.revision', '+', 1),
              })),
            ),
        )
        return toClient(byId.get(client.clientId)!)
      }),
    async find(clientId) {
      const row = known.get(clientId, (id) => byId.get(id))
      return row === undefined ? undefined : toClient(row)
    },
    async list(page) {
      return all(
        db,
        query
          .selectFrom('clients')
          .selectAll()
          .where('client_id', '>', page?.after ?? '')
          .orderBy('client_id')
          .limit(limitOf(page)),
      ).map(toClient)
    },
    async checkSecret(clientId, secret) {
      const row = byId.get(clientId)
      const expected = row === undefined || row.revoked_at_ms !== null ? undefined : secretOf(row)
      return expected !== undefined && equalInConstantTime(expected, secret)
    },
    revoke: (clientId, { denyUntilMs }) =>
      commit.transaction(() => {
        const nowMs = now()
        const changed = db
          .prepare(
            `update clients set revoked_at_ms = coalesce(revoked_at_ms, ?), updated_at_ms = ?,
             revision = revision + 1 where client_id = ?`,
          )
          .run(nowMs, nowMs, clientId)
        if (changed === 0) throw notFound('client')
        revokeGrants(db, cipher, { clientId }, nowMs)
        addDenials(db, [{ kind: 'client', value: clientId, expiresAtMs: denyUntilMs }])
      }),
    async forget(clientId) {
      await commit.statement(() =>
        run(
          db,
          query
            .deleteFrom('clients')
            .where('client_id', '=', clientId)
            .where('source', '=', 'dynamic'),
        ),
      )
    },
    metadataOf(clientId) {
      const current = revisions.get(clientId, (id) => revisionOf.get(id)?.revision)
      if (current === undefined) return undefined
      let cached = cache.get(clientId)
      if (cached?.revision !== current) {
        const row = byId.get(clientId)!
        const text = JSON.stringify({
          ...(parseJson(row.metadata) as JsonObject),
          client_id: clientId,
          client_secret: secretOf(row),
          [sourceProperty]: row.source,
        })
        if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!)
        cached = { revision: row.revision, text, hash: hash('sha256', text, 'base64url') }
        cache.set(clientId, cached)
      }
      // Parsed anew each time: the library may keep or change what it is given.
      const metadata = parseJson(cached.text) as Record<string, unknown>
      const { hash: value } = cached
      return Object.defineProperty(metadata, 'toJSON', { value: () => value })
    },
  }
}

interface CachedMetadata {
  readonly revision: number
  readonly text: string
  readonly hash: string
}

export const secretContext = (clientId: string): string => `client-secret\0${clientId}`

function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}

export function toClient(row: ClientRow): Client {
  return {
    clientId: row.client_id,
    source: row.source,
    metadata: parseJson(row.metadata) as JsonObject,
    hasSecret: row.secret !== null,
    resource: row.resource ?? undefined,
    resources: row.resources === null ? undefined : (parseJson(row.resources) as string[]),
    createdBy: row.created_by ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
