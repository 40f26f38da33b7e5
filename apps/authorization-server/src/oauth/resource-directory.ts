import { BoundedCache } from '@holdfast/protocol/token'
import type { DpopPolicy, RequiredConnection, ResourceScope, Storage } from '@holdfast/storage'
import { builtInResources } from './built-in-resources.ts'

/** A resource that tokens can be asked for: registered, or this server itself. */
export interface KnownResource {
  /** Canonical URI; the `aud` of its tokens. */
  readonly resource: string
  readonly builtIn?: 'management' | 'dispatch' | undefined
  readonly displayName: string
  readonly scopes: readonly ResourceScope[]
  readonly connections: readonly RequiredConnection[]
  readonly dpop: DpopPolicy
  /** True when proofs for its tokens must carry a nonce of this server. */
  readonly dpopNonce?: boolean | undefined
}

/** Finds the resource that a request means. */
export interface ResourceDirectory {
  /** By canonical URI or alias, in any equivalent spelling. */
  resolve(uri: string): Promise<KnownResource | undefined>
  /**
   * The resource of a request that names none: the one that owns the asked scopes or, without
   * scopes, the only registered one. Undefined when that is not one.
   */
  guess(scopes: readonly string[], clientId: string | undefined): Promise<KnownResource | undefined>
  /** The resources that such a request could mean: those that own the asked scopes, or all. */
  choices(scopes: readonly string[], clientId: string | undefined): Promise<KnownResource[]>
}

const rememberedSpellings = 1000
const identityScopes = new Set(['openid', 'offline_access'])

/** Scopes that belong to a resource rather than to sign-in. */
export const resourceScopesOf = (scope: string | undefined): string[] =>
  (scope ?? '').split(' ').filter((name) => name !== '' && !identityScopes.has(name))

/**
 * The canonical spelling of a resource URI: lower-case scheme and host, no default port, no slash
 * after a bare origin. Undefined for what is no http(s) URI, or has credentials, query or fragment.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8707#section-2}
 */
export function canonicalResource(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (!url || !/^https?:$/.test(url.protocol) || uri.length > 2048) return undefined
  if (url.username || url.password || url.href.includes('#') || url.href.includes('?')) {
    return undefined
  }
  return url.pathname === '/' ? url.origin : url.href
}

export function createResourceDirectory(
  resources: Pick<Storage['resources'], 'resolve' | 'list' | 'findByClientId'>,
  issuer: string,
): ResourceDirectory {
  const builtIn = new Map(builtInResources(issuer).map((entry) => [entry.resource, entry]))
  /** Canonical spellings of what was found: each token request asks several times for the same. */
  const spellings = new BoundedCache<string>(rememberedSpellings)

  const find = async (canonical: string): Promise<KnownResource | undefined> => {
    const bare = canonical.replace(/\/$/, '')
    return (
      builtIn.get(bare) ??
      (await resources.resolve(canonical)) ??
      (bare === canonical ? undefined : resources.resolve(bare))
    )
  }

  return {
    async resolve(uri) {
      const known = spellings.get(uri)
      if (known !== undefined) return find(known)
      const canonical = canonicalResource(uri)
      const found = canonical === undefined ? undefined : await find(canonical)
      if (canonical !== undefined && found) spellings.set(uri, canonical)
      return found
    },
    async guess(scopes, clientId) {
      const [first, ...others] = await choices(scopes, clientId)
      return others.length === 0 ? first : undefined
    },
    choices,
  }

  async function choices(
    scopes: readonly string[],
    clientId: string | undefined,
  ): Promise<KnownResource[]> {
    const own = clientId === undefined ? undefined : await resources.findByClientId(clientId)
    if (own) return [own]
    const known: KnownResource[] = await resources.list({ limit: 1000 })
    const wanted = scopes.filter((name) => !identityScopes.has(name))
    return wanted.length === 0
      ? known
      : [...known, ...builtIn.values()].filter((entry) =>
          wanted.every((name) => entry.scopes.some((scope) => scope.name === name)),
        )
  }
}
