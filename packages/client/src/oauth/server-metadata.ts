import * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import { oauthOptions, readMetadata } from '../discovery.ts'
import { type Fetch, send } from '../http.ts'
import { requireSecureUrl } from '../secure-url.ts'

/**
 * The metadata of an authorization server, from wherever RFC 8414 or OpenID Connect put them.
 *
 * @throws ClientError `ISSUER_MISMATCH` when they name another issuer; `SERVER_ERROR` when there are
 *   none or they offer no PKCE with S256 although they list methods
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3.3}
 */
export async function findAuthorizationServer(
  issuer: string,
  fetch: Fetch,
  options: { readonly isLegacy?: boolean } = {},
): Promise<oauth.AuthorizationServer> {
  const url = requireSecureUrl(issuer, 'the authorization server')
  for (const request of requests(url, fetch)) {
    const response = await request()
    if (response.status === 200) return readMetadata(issuer, response, mismatchFix)
    await response.body?.cancel()
    if (response.status >= 500) {
      throw new ClientError('SERVER_ERROR', `the metadata of ${url.origin} cannot be read`, {
        status: response.status,
      })
    }
  }
  if (options.isLegacy === true) return legacyServer(url)
  throw new ClientError('SERVER_ERROR', `${url.origin} publishes no authorization server metadata`)
}

function requests(url: URL, fetch: Fetch): readonly (() => Promise<Response>)[] {
  const options = oauthOptions(url.href, fetch)
  const path = url.pathname.replace(/\/$/, '')
  const inserted = new URL(`/.well-known/openid-configuration${path}`, url)
  return [
    () => oauth.discoveryRequest(url, { algorithm: 'oauth2', ...options }),
    ...(path === ''
      ? []
      : [() => send(fetch, inserted.href, { headers: { accept: 'application/json' } })]),
    () => oauth.discoveryRequest(url, { algorithm: 'oidc', ...options }),
  ]
}

const mismatchFix =
  'the protected server must name the issuer exactly as the authorization server does'

/** MCP 2025-03-26: a server without metadata has its endpoints at fixed paths of its origin. */
const legacyServer = ({ origin }: URL): oauth.AuthorizationServer => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
})
