import type { Backend } from './backend.ts'
import { type Client, secretContext, toClient } from './clients.ts'
import type { JsonObject } from './json.ts'
import { notFound } from './rows.ts'
import type { ClientRow } from './schema.ts'

export interface NewDynamicClient {
  /** Used when no equal client exists. */
  readonly clientId: string
  readonly metadata: JsonObject
  readonly secret?: string | undefined
  /** Hash of the metadata of a public client; an unrevoked client with the same one is the client. */
  readonly fingerprint?: Uint8Array | undefined
  /** SHA-256 of the registration access token. */
  readonly managementHash?: Uint8Array | undefined
}

/** What became of a registration; `full` when every client that is stored is in use. */
export type DynamicRegistration =
  { readonly client: Client; readonly created: boolean } | { readonly client: undefined }

export interface ReapOptions {
  /** Only clients that nobody registered again since. */
  readonly unusedSinceMs: number
  /** A grant that was alive at or after this keeps its client. */
  readonly grantsSinceMs: number
  /** At most this many at once. */
  readonly limit: number
}

/** Clients that registered themselves (RFC 7591, RFC 7592). */
export interface DynamicClients {
  /** The unrevoked client with this fingerprint, which counts as registered again now. */
  reuse(fingerprint: Uint8Array): Promise<Client | undefined>
  /**
   * Finds the equal client or stores this one, in one transaction. At `maxClients` the oldest client
   * that never had a grant makes room.
   */
  register(client: NewDynamicClient, maxClients: number): Promise<DynamicRegistration>
  /** The unrevoked client whose registration access token has this hash. */
  findManaged(clientId: string, managementHash: Uint8Array): Promise<Client | undefined>
  /**
   * Changes a client and its registration access token.
   * @throws StorageError NOT_FOUND when it is revoked or gone, or the token is not this one any more
   */
  update(
    clientId: string,
    change: {
      readonly metadata: JsonObject
      /** Absent: the secret stays; null: it goes. */
      readonly secret?: string | null | undefined
      readonly expectedHash: Uint8Array
      readonly managementHash: Uint8Array
    },
  ): Promise<Client>
  /** Deletes clients that nobody uses; answers how many. */
  reap(options: ReapOptions): Promise<number>
}

const neverGranted = 'not exists (select 1 from grants g where g.client_id = c.client_id)'

export function createDynamicClients({ db, commit, cipher, now }: Backend): DynamicClients {
  const equal = db.prepare<ClientRow>(
    'select * from clients where fingerprint = ? and revoked_at_ms is null',
  )
  const touch = db.prepare('update clients set updated_at_ms = ? where client_id = ?')
  const count = db.prepare<{ n: number }>(
    `select count(*) as n from clients where source = 'dynamic'`,
  )
  const makeRoom = db.prepare(
    `delete from clients where client_id in (
       select client_id from clients c where source = 'dynamic' and ${neverGranted}
       order by updated_at_ms limit 1)`,
  )
  const insert = db.prepare<ClientRow>(
    `insert into clients (client_id, source, created_at_ms, updated_at_ms, revision, metadata, secret,
       fingerprint, management_hash) values (?, 'dynamic', ?, ?, 1, ?, ?, ?, ?) returning *`,
  )
  const managed = db.prepare<ClientRow>(
    `select * from clients where client_id = ? and management_hash = ? and revoked_at_ms is null`,
  )
  const change = db.prepare<ClientRow>(
    `update clients set metadata = ?, secret = iif(?, secret, ?), management_hash = ?,
       updated_at_ms = ?, revision = revision + 1
     where client_id = ? and management_hash = ? and source = 'dynamic'
       and revoked_at_ms is null returning *`,
  )
  const reap = db.prepare(
    `delete from clients where client_id in (
       select client_id from clients c
       where source = 'dynamic' and updated_at_ms < ? and not exists (
         select 1 from grants g where g.client_id = c.client_id
           and coalesce(g.revoked_at_ms, g.expires_at_ms, 9e15) >= ?)
       limit ?)`,
  )
  const sealed = (clientId: string, secret: string | undefined): Uint8Array | null =>
    secret === undefined ? null : cipher.seal(secretContext(clientId), secret)

  const reuse = (fingerprint: Uint8Array | undefined): Client | undefined => {
    const known = fingerprint && equal.get(fingerprint)
    if (!known) return undefined
    touch.run(now(), known.client_id)
    return toClient(known)
  }

  return {
    async reuse(fingerprint) {
      // Most look-ups find nothing, and then need no transaction.
      return equal.get(fingerprint) && commit.transaction(() => reuse(fingerprint))
    },
    register: (client, maxClients) =>
      commit.transaction((): DynamicRegistration => {
        const nowMs = now()
        const known = reuse(client.fingerprint)
        if (known) return { client: known, created: false }
        if (count.get()!.n >= maxClients && makeRoom.run() === 0) return { client: undefined }
        const row = insert.get(
          client.clientId,
          nowMs,
          nowMs,
          JSON.stringify(client.metadata),
          sealed(client.clientId, client.secret),
          client.fingerprint ?? null,
          client.managementHash ?? null,
        )
        return { client: toClient(row!), created: true }
      }),
    async findManaged(clientId, managementHash) {
      const row = managed.get(clientId, managementHash)
      return row === undefined ? undefined : toClient(row)
    },
    update: (clientId, { metadata, secret, expectedHash, managementHash }) =>
      commit.statement(() => {
        const row = change.get(
          JSON.stringify(metadata),
          secret === undefined ? 1 : 0,
          sealed(clientId, secret ?? undefined),
          managementHash,
          now(),
          clientId,
          expectedHash,
        )
        if (row === undefined) throw notFound('client')
        return toClient(row)
      }),
    reap: ({ unusedSinceMs, grantsSinceMs, limit }) =>
      commit.statement(() => reap.run(unusedSinceMs, grantsSinceMs, limit)),
  }
}
