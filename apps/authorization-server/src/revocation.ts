import type { DenialEntry, Grant, Storage } from '@holdfast/storage'

/** The names under which an access token can be denied. */
export interface Deniable {
  readonly sub: string
  readonly client_id: string
  readonly jti: string
  readonly act?: { readonly sub: string } | undefined
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
  /** Disables the user, revokes their grants and denies their tokens. @throws StorageError NOT_FOUND */
  revokeUser(userId: string): Promise<void>
  /** Revokes the client with its grants and tokens. @throws StorageError NOT_FOUND */
  revokeClient(clientId: string): Promise<void>
  /** Revokes one grant with its tokens. @throws StorageError NOT_FOUND */
  revokeGrant(grantId: string): Promise<Grant>
  /** Denies a single access token until it expires. */
  revokeToken(jti: string, expiresAtMs: number): Promise<void>
  denyList(): Promise<DenyList>
}

export interface RevocationOptions {
  readonly storage: Pick<Storage, 'users' | 'clients' | 'grants' | 'denials'>
  /** Longest life of an access token. */
  readonly accessTokenTtlSeconds: number
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** How far the clocks of resource servers may lag behind ours. */
const clockSkewMs = 120_000

/** Makes the revocation service; it keeps the deny list in memory and re-reads it when its epoch moved. */
export function createRevocation(options: RevocationOptions): Revocation {
  const { storage, clock } = options
  let denied: { epoch: number; names: ReadonlySet<string>; list: DenyList } | undefined

  const denial = () => ({
    denyUntilMs: clock() + options.accessTokenTtlSeconds * 1000 + clockSkewMs,
  })

  async function current(): Promise<NonNullable<typeof denied>> {
    if (denied?.epoch === (await storage.denials.epoch())) return denied
    const list = await storage.denials.list()
    const names = new Set(list.entries.map(({ kind, value }) => `${kind}:${value}`))
    denied = { epoch: list.epoch, names, list }
    return denied
  }

  return {
    async isRevoked(token) {
      const { names } = await current()
      if (names.size === 0) return false
      const grant = token['ddls:grant']
      return (
        names.has(`user:${token.sub}`) ||
        names.has(`client:${token.client_id}`) ||
        names.has(`token:${token.jti}`) ||
        (grant !== undefined && names.has(`grant:${grant}`)) ||
        (token.act !== undefined && names.has(`client:${token.act.sub}`))
      )
    },
    revokeUser: (userId) => storage.users.disable(userId, denial()),
    revokeClient: (clientId) => storage.clients.revoke(clientId, denial()),
    revokeGrant: (grantId) => storage.grants.revoke(grantId, denial()),
    revokeToken: (jti, expiresAtMs) =>
      storage.denials.add([{ kind: 'token', value: jti, expiresAtMs: expiresAtMs + clockSkewMs }]),
    async denyList() {
      const { list } = await current()
      const now = clock()
      return { epoch: list.epoch, entries: list.entries.filter((e) => e.expiresAtMs > now) }
    },
  }
}
