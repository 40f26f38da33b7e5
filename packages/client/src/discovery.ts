import * as oauth from 'oauth4webapi'
import { ClientError } from './errors.ts'
import { type Fetch, send } from './http.ts'
import { isLoopbackHttp, requireSecureUrl } from './secure-url.ts'

/** What {@link oauthOptions} answers: part of every options object of oauth4webapi. */
interface OAuthOptions {
  readonly [oauth.customFetch]: (url: string, init: object) => Promise<Response>
  readonly [oauth.allowInsecureRequests]?: true
}

/**
 * How oauth4webapi is to send requests: through our fetch; plain http only between a loopback issuer
 * and endpoints on this machine, whatever its metadata say.
 */
export const oauthOptions = (issuer: string, fetch: Fetch): OAuthOptions => ({
  [oauth.customFetch]: async (url, init) =>
    send(fetch, requireSecureUrl(url, 'an endpoint of the authorization server').href, init),
  ...(isLoopbackHttp(issuer) && { [oauth.allowInsecureRequests]: true as const }),
})

/**
 * The metadata of an authorization server.
 *
 * @throws ClientError `ISSUER_MISMATCH` when they name another issuer, `PLAINTEXT_REFUSED`,
 *   `SERVER_UNREACHABLE`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3.3}
 */
export async function discover(issuer: string, fetch: Fetch): Promise<oauth.AuthorizationServer> {
  const url = requireSecureUrl(issuer, 'the issuer')
  const options = { algorithm: 'oauth2' as const, ...oauthOptions(issuer, fetch) }
  const response = await oauth.discoveryRequest(url, options)
  return readMetadata(
    issuer,
    response,
    'use exactly the issuer URL that the server is configured with',
  )
}

/**
 * The metadata in an answer, if they are those of this very issuer.
 *
 * @param fix - what to do when they are not
 * @throws ClientError `ISSUER_MISMATCH`
 */
export async function readMetadata(
  issuer: string,
  response: Response,
  fix: string,
): Promise<oauth.AuthorizationServer> {
  let cause: unknown
  try {
    const server = await oauth.processDiscoveryResponse(new URL(issuer), response)
    // Byte for byte: the library also takes what is only equal after normalization.
    if (server.issuer === issuer) return server
  } catch (error) {
    cause = error
  }
  const message = `what answers at ${issuer} does not name itself ${issuer}`
  throw new ClientError('ISSUER_MISMATCH', message, { fix, cause })
}
