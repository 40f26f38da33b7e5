import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import { ClientError } from '../errors.ts'
import { requireSecureUrl } from '../secure-url.ts'
import { type DetailedRequest, detailsParameter } from './authorization-details.ts'
import { type Grant, type GrantRequest, targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import type { RegistrationOptions } from './registration.ts'
import { withNonceRetry } from './token-request.ts'

/** How a person signs in. */
export interface AuthorizationCodeOptions
  extends GrantAuthOptions, RegistrationOptions, DetailedRequest {
  /** Such as `http://127.0.0.1:<port>/callback`; `openLoopbackRedirect` of `./node` makes one. */
  readonly redirectUri: string
  /** Sends the person to the URL; resolves with the URL to which the server sent the browser back. */
  readonly authorize: (url: URL) => Promise<URL>
}

/**
 * A person signs in with a browser: authorization code with PKCE.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252}
 */
export class AuthorizationCodeAuth extends GrantAuth {
  constructor(options: AuthorizationCodeOptions) {
    super(authorizationCode(options), options)
  }
}

const authorizationCode = (options: AuthorizationCodeOptions): Grant => ({
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUri: options.redirectUri,
  wantsRefresh: true,
  obtain: (request) => signIn(request, options),
})

async function signIn(
  request: GrantRequest,
  { redirectUri, authorize, ...details }: AuthorizationCodeOptions,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication, resource } = request
  const codeVerifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = await authorizationUrl(request, {
    redirectUri,
    codeVerifier,
    state,
    details: detailsParameter(details),
  })
  const callback = await authorize(url)
  // RFC 9207: it compares `iss` byte for byte, also where the server did not announce it.
  const answer = oauth.validateAuthResponse(server, client, callback, state)
  return withNonceRetry(
    () =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        answer,
        redirectUri,
        codeVerifier,
        {
          ...request.options,
          additionalParameters: { resource },
          ...oauthOptions(server.issuer, request.fetch),
        },
      ),
    (response) => oauth.processAuthorizationCodeResponse(server, client, response),
  )
}

async function authorizationUrl(
  { server, client, scope, resource, dpopJkt }: GrantRequest,
  parts: {
    readonly redirectUri: string
    readonly codeVerifier: string
    readonly state: string
    readonly details: Readonly<Record<string, string>>
  },
): Promise<URL> {
  const methods = server.code_challenge_methods_supported
  if (methods !== undefined && !methods.includes('S256')) {
    throw new ClientError(
      'SERVER_ERROR',
      'the authorization server does not support PKCE with S256',
    )
  }
  if (server.authorization_endpoint === undefined) {
    throw new ClientError('SERVER_ERROR', 'the server offers no authorization endpoint')
  }
  const url = requireSecureUrl(server.authorization_endpoint, 'the authorization endpoint')
  const parameters = {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: parts.redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(parts.codeVerifier),
    code_challenge_method: 'S256',
    state: parts.state,
    ...targetParameters({ resource, scope }),
    ...(dpopJkt !== undefined && { dpop_jkt: dpopJkt }),
    ...parts.details,
    // OpenID Connect Core section 11: without consent there is no offline access.
    ...(scope?.split(' ').includes('offline_access') && { prompt: 'consent' }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url
}
