import type { JsonObject } from './json.ts'
import type { Denial, Page } from './paging.ts'

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
