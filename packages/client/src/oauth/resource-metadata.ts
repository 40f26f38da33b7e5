import * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import { type Fetch, send } from '../http.ts'
import { requireSecureUrl } from '../secure-url.ts'

/** What a protected server says about itself, as far as a client needs it. */
export interface ProtectedServer {
  /** Its identifier, exactly as it writes it: the `resource` of token requests. */
  readonly resource: string
  readonly issuer: string
  readonly scopes: readonly string[] | undefined
  /** `required`: it takes no bearer tokens; `offered`: it also takes bound tokens. */
  readonly dpop: 'required' | 'offered' | undefined
  /** True when it publishes no metadata and is taken for its own authorization server. */
  readonly isLegacy: boolean
}

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * The metadata of a protected server: from where its challenge says, else from the well-known place
 * of its path, else of its root. A server without metadata is its own authorization server, as MCP
 * had it before 2025-06-18.
 *
 * @throws ClientError `RESOURCE_MISMATCH` when they describe another server
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3}
 */
export async function findProtectedServer(
  url: URL,
  announced: string | undefined,
  fetch: Fetch,
): Promise<ProtectedServer> {
  for (const place of places(url, announced)) {
    const response = await send(fetch, place.href, { headers: { accept: 'application/json' } })
    if (response.status === 200) return read(url, response)
    await response.body?.cancel()
    // Only a server that says that there are none may be taken for one without.
    if (response.status >= 500 || announced !== undefined) {
      throw new ClientError('SERVER_ERROR', `the metadata of the protected server cannot be read`, {
        status: response.status,
      })
    }
  }
  const resource = `${url.origin}${url.pathname}`
  return { resource, issuer: url.origin, scopes: undefined, dpop: undefined, isLegacy: true }
}

function places(url: URL, announced: string | undefined): readonly URL[] {
  // Some servers announce a path only; it can but mean their own origin.
  if (announced !== undefined && URL.canParse(announced, url)) {
    return [requireSecureUrl(new URL(announced, url), 'the metadata of the protected server')]
  }
  const root = new URL(wellKnown, url)
  const { pathname } = url
  return pathname === '/'
    ? [root]
    : [new URL(`${wellKnown}${pathname.replace(/\/$/, '')}`, url), root]
}

async function read(url: URL, response: Response): Promise<ProtectedServer> {
  const document = await parse(response)
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = document
  if (!covers(resource, url)) {
    throw new ClientError(
      'RESOURCE_MISMATCH',
      'the metadata of the protected server describe another one; no token was asked for',
    )
  }
  const [issuer] = issuers ?? []
  if (issuer === undefined) {
    throw new ClientError('SERVER_ERROR', 'the protected server names no authorization server')
  }
  requireSecureUrl(issuer, 'the authorization server')
  const algorithms = document['dpop_signing_alg_values_supported']
  const takesProofs = Array.isArray(algorithms) && algorithms.includes('ES256')
  return {
    resource,
    issuer,
    scopes,
    dpop:
      document['dpop_bound_access_tokens_required'] === true
        ? 'required'
        : takesProofs
          ? 'offered'
          : undefined,
    isLegacy: false,
  }
}

/** The library checks the form; which resource may stand for a URL is decided by {@link covers}. */
async function parse(
  response: Response,
): Promise<oauth.ResourceServer & Readonly<Record<string, unknown>>> {
  try {
    const copy: unknown = await response.clone().json()
    const { resource } = copy as { resource: string }
    return await oauth.processResourceDiscoveryResponse(new URL(resource), response)
  } catch (cause) {
    throw new ClientError('SERVER_ERROR', 'the metadata of the protected server are malformed', {
      cause,
    })
  }
}

/**
 * Whether a resource identifier stands for a URL: same origin, and its path is that of the URL or
 * lies above it, segment by segment.
 */
export function covers(resource: string, url: URL): boolean {
  if (!URL.canParse(resource)) return false
  const { origin, pathname, search, hash } = new URL(resource)
  if (origin !== url.origin || search !== '' || hash !== '') return false
  const folder = pathname.endsWith('/') ? pathname : `${pathname}/`
  return `${url.pathname}/`.startsWith(folder)
}
