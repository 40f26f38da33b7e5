import type {
  DpopPolicy,
  RequiredConnection,
  Resource,
  ResourceScope,
  Storage,
} from '@holdfast/storage'
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
}

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

type ResourceStore = Pick<Storage['resources'], 'resolve' | 'list' | 'findByClientId'>

interface Remembered {
  readonly resource: KnownResource
  readonly untilMs: number
}

/** What was found by each spelling; a token request asks for its resource several times. */
const remembered = new WeakMap<object, Map<string, Remembered>>()

/** Within this process a change is seen at once; this is the bound for other processes. */
const rememberMs = 1000
const rememberLimit = 1000

/** To be called whenever a resource was changed or removed. */
export function forgetResources(resources: object): void {
  remembered.get(resources)?.clear()
}

export function createResourceDirectory(
  resources: ResourceStore,
  issuer: string,
): ResourceDirectory {
  const builtIn = new Map(builtInResources(issuer).map((entry) => [entry.resource, entry]))
  const known = remembered.get(resources) ?? new Map<string, Remembered>()
  remembered.set(resources, known)

  async function find(uri: string): Promise<KnownResource | undefined> {
    const canonical = canonicalResource(uri)
    if (canonical === undefined) return undefined
    const bare = canonical.replace(/\/$/, '')
    const own = builtIn.get(bare)
    if (own) return own
    const found: Resource | undefined =
      (await resources.resolve(canonical)) ??
      (bare === canonical ? undefined : await resources.resolve(bare))
    return found
  }

  return {
    async resolve(uri) {
      const recent = known.get(uri)
      const nowMs = Date.now()
      if (recent && recent.untilMs > nowMs) return recent.resource
      const resource = await find(uri)
      if (!resource) return undefined
      if (known.size >= rememberLimit) known.clear()
      known.set(uri, { resource, untilMs: nowMs + rememberMs })
      return resource
    },
    async guess(scopes, clientId) {
      const own = clientId === undefined ? undefined : await resources.findByClientId(clientId)
      if (own) return own
      const known: KnownResource[] = await resources.list({ limit: 1000 })
      const wanted = scopes.filter((name) => !identityScopes.has(name))
      const candidates =
        wanted.length === 0
          ? known
          : [...known, ...builtIn.values()].filter((entry) =>
              wanted.every((name) => entry.scopes.some((scope) => scope.name === name)),
            )
      return candidates.length === 1 ? candidates[0] : undefined
    },
  }
}
