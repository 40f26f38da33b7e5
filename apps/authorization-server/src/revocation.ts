import {
  type ApiKey,
  type ClientHost,
  type DenialEntry,
  type Grant,
  type Storage,
  StorageError,
  type TrustedIssuer,
} from '@holdfast/storage'

/** Who acts, and for whom that one acted before. */
export interface Actor {
  readonly sub: string
  readonly act?: Actor | undefined
}

/** The names under which an access token can be denied. */
export interface Deniable {
  readonly sub: string
  readonly client_id: string
  readonly jti: string
  readonly act?: Actor | undefined
  readonly 'ddls:grant'?: string | undefined
}

/** The deny list as resource servers fetch it. */
export interface DenyList {
  /** Changes whenever an entry is added or lifted. */
  readonly epoch: number
  readonly entries: readonly DenialEntry[]
}

/** Takes rights back, for refresh tokens and for unexpired JWTs alike; in force on the next request. */
export interface Revocation {
  /** One epoch read and a few map look-ups: call it on every request. */
  isRevoked(token: Deniable): Promise<boolean>
  /**
   * Disables the user, revokes their grants and connections and denies their tokens.
   * @returns the handles of the connections
   * @throws StorageError NOT_FOUND
   */
  revokeUser(userId: string): Promise<readonly string[]>
  /** Revokes the client with its grants and tokens. @throws StorageError NOT_FOUND */
  revokeClient(clientId: string): Promise<void>
  /** Turns away the clients whose documents lie on this host, with their grants and tokens. */
  denyClientHost(host: string, decidedBy: string): Promise<ClientHost>
  /** Revokes an API key with the tokens that it gave. @throws StorageError NOT_FOUND */
  revokeApiKey(id: string): Promise<ApiKey>
  /** Removes a trusted issuer with the tokens that users got by its word. @throws StorageError NOT_FOUND */
  removeIssuer(id: string): Promise<TrustedIssuer>
  /** Revokes one grant with its tokens. @throws StorageError NOT_FOUND */
  revokeGrant(grantId: string): Promise<Grant>
  /** The same for a grant that the library gave up, which may never have been recorded. */
  revokeGrantIfKnown(grantId: string): Promise<Grant | undefined>
  /** Denies a single access token until it expires. */
  revokeToken(jti: string, expiresAtMs: number): Promise<void>
  denyList(): Promise<DenyList>
}

export interface RevocationOptions {
  readonly storage: Pick<
    Storage,
    'users' | 'clients' | 'clientHosts' | 'apiKeys' | 'trustedIssuers' | 'grants' | 'denials'
  >
  /** Longest life of an access token. */
  readonly accessTokenTtlSeconds: number
  /** Unix milliseconds. */
  readonly clock: () => number
}

interface Denied {
  readonly names: ReadonlySet<string>
  readonly list: DenyList
  /** Grants found unrevoked at this epoch. */
  readonly liveGrants: Set<string>
}

const liveGrantLimit = 10_000

/** How far the clocks of resource servers may lag behind ours. */
const clockSkewMs = 120_000

/** Everyone who acts, the last one first. */
export function actorsOf({ act }: { readonly act?: Actor | undefined }): string[] {
  const actors: string[] = []
  for (let actor = act; actor; actor = actor.act) actors.push(actor.sub)
  return actors
}

/** Makes the revocation service; it keeps the deny list in memory and re-reads it when its epoch moved. */
export function createRevocation(options: RevocationOptions): Revocation {
  const { storage, clock } = options
  let denied: Denied | undefined

  const denial = () => ({
    denyUntilMs: clock() + options.accessTokenTtlSeconds * 1000 + clockSkewMs,
  })

  async function current(): Promise<Denied> {
    if (denied?.list.epoch === (await storage.denials.epoch())) return denied
    const list = await storage.denials.list()
    const names = new Set(list.entries.map(({ kind, value }) => `${kind}:${value}`))
    denied = { names, list, liveGrants: new Set() }
    return denied
  }

  /** An exchanged token no longer names the client that the user trusted: ask its grant. */
  async function isGrantRevoked({ liveGrants }: Denied, grantId: string): Promise<boolean> {
    if (liveGrants.has(grantId)) return false
    const grant = await storage.grants.find(grantId)
    if (!grant || grant.revokedAtMs !== undefined) return true
    if (liveGrants.size < liveGrantLimit) liveGrants.add(grantId)
    return false
  }

  return {
    async isRevoked(token) {
      const state = await current()
      const { names } = state
      const grant = token['ddls:grant']
      if (
        names.size > 0 &&
        (names.has(`user:${token.sub}`) ||
          names.has(`client:${token.client_id}`) ||
          names.has(`token:${token.jti}`) ||
          actorsOf(token).some((actor) => names.has(`client:${actor}`)) ||
          (grant !== undefined && names.has(`grant:${grant}`)))
      ) {
        return true
      }
      return token.act !== undefined && grant !== undefined && isGrantRevoked(state, grant)
    },
    revokeUser: (userId) => storage.users.disable(userId, denial()),
    revokeClient: (clientId) => storage.clients.revoke(clientId, denial()),
    denyClientHost: (host, decidedBy) => storage.clientHosts.deny(host, decidedBy, denial()),
    revokeApiKey: (id) => storage.apiKeys.revoke(id, denial()),
    removeIssuer: (id) => storage.trustedIssuers.remove(id, denial()),
    revokeGrant: (grantId) => storage.grants.revoke(grantId, denial()),
    async revokeGrantIfKnown(grantId) {
      try {
        return await storage.grants.revoke(grantId, denial())
      } catch (error) {
        if (error instanceof StorageError && error.code === 'NOT_FOUND') return undefined
        throw error
      }
    },
    revokeToken: (jti, expiresAtMs) =>
      storage.denials.add([{ kind: 'token', value: jti, expiresAtMs: expiresAtMs + clockSkewMs }]),
    async denyList() {
      const { list } = await current()
      const now = clock()
      return { epoch: list.epoch, entries: list.entries.filter((e) => e.expiresAtMs > now) }
    },
  }
}
