import { exportDpopKey, generateDpopKey, importDpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { discover, oauthOptions } from './discovery.ts'
import { ClientError } from './errors.ts'
import type { Fetch } from './http.ts'
import { type DetailedRequest, detailsParameter } from './oauth/authorization-details.ts'
import { asGrantError, withNonceRetry } from './oauth/token-request.ts'
import { defaultScopes, type ResourceName, resourceUri } from './resource-names.ts'
import { requireSecureUrl } from './secure-url.ts'
import type { Session, StoredTokens, TokenStore } from './session.ts'

/** How to sign in. */
export interface LoginOptions extends DetailedRequest {
  /** What the tokens are for. Default `management`. */
  readonly resource?: ResourceName
  /** Default: everything that the resource offers; the server grants what the user may have. */
  readonly scopes?: readonly string[]
  /** A redirect URI of the client, such as `http://127.0.0.1:<port>/callback`. */
  readonly redirectUri: string
  /** Sends the user to the URL and resolves with the URL to which the server sent him back. */
  readonly authorize: (url: URL) => Promise<URL>
}

export interface LoginParts {
  readonly issuer: string
  readonly clientId: string
  readonly store: TokenStore
  readonly fetch: Fetch
}

/**
 * Signs in by authorization code with PKCE; the tokens are bound to the device's DPoP key.
 *
 * @throws ClientError `LOGIN_FAILED`, `ISSUER_MISMATCH`, `SERVER_UNREACHABLE`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207} why `iss` is required in the answer
 */
export async function login(parts: LoginParts, options: LoginOptions): Promise<StoredTokens> {
  const { issuer, clientId, fetch } = parts
  const name = options.resource ?? 'management'
  const resource = resourceUri(issuer, name)
  const server = await discover(issuer, fetch)
  const client: oauth.Client = { client_id: clientId }
  const session = await startSession(parts)
  const key = await importDpopKey(session.dpopKey)
  const codeVerifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = requireSecureUrl(
    requireEndpoint(server.authorization_endpoint),
    'the authorization endpoint',
  )
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: options.redirectUri,
    scope: (options.scopes ?? defaultScopes[name]).join(' '),
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state,
    resource,
    dpop_jkt: key.jkt,
    ...detailsParameter(options),
  }
  for (const [parameter, value] of Object.entries(parameters))
    url.searchParams.set(parameter, value)

  const callback = await options.authorize(url)
  try {
    if (callback.searchParams.get('iss') !== issuer) {
      throw new ClientError(
        'LOGIN_FAILED',
        'the answer to the sign-in does not come from this server',
      )
    }
    const answer = oauth.validateAuthResponse(server, client, callback, state)
    const DPoP = oauth.DPoP(client, key)
    const request = (): Promise<Response> =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        answer,
        options.redirectUri,
        codeVerifier,
        { DPoP, additionalParameters: { resource }, ...oauthOptions(issuer, fetch) },
      )
    const tokens = await withNonceRetry(request, (response) =>
      oauth.processAuthorizationCodeResponse(server, client, response),
    )
    return await keepTokens(parts, session, resource, tokens)
  } catch (error) {
    throw asGrantError(error)
  }
}

/** Adds tokens to the session, whatever else became of it meanwhile. */
export async function keepTokens(
  { issuer, clientId, store }: LoginParts,
  session: Session,
  resource: string,
  tokens: oauth.TokenEndpointResponse,
): Promise<StoredTokens> {
  const stored = toStored(tokens)
  await store.exclusive(async () => {
    const current = (await store.load()) ?? session
    await store.save({
      ...current,
      issuer,
      clientId,
      dpopKey: session.dpopKey,
      tokens: { ...current.tokens, [resource]: stored },
    })
  })
  return stored
}

/** The stored session, or a new one with a key of its own. A session of another server is not reused. */
export async function startSession({ issuer, clientId, store }: LoginParts): Promise<Session> {
  return store.exclusive(async () => {
    const known = await store.load()
    if (known?.issuer === issuer && known.clientId === clientId) return known
    const key = await generateDpopKey({ extractable: true })
    const session = { issuer, clientId, dpopKey: { ...(await exportDpopKey(key)) }, tokens: {} }
    await store.save(session)
    return session
  })
}

/** @throws ClientError when the server did not bind the token to the key */
export function toStored(
  tokens: oauth.TokenEndpointResponse,
  previous?: StoredTokens,
): StoredTokens {
  if (tokens.token_type !== 'dpop') {
    throw new ClientError('LOGIN_FAILED', 'the server issued a token that is not bound to our key')
  }
  return {
    accessToken: tokens.access_token,
    expiresAt: Math.floor(Date.now() / 1000) + (tokens.expires_in ?? 60),
    scope: tokens.scope ?? previous?.scope ?? '',
    refreshToken: tokens.refresh_token ?? previous?.refreshToken,
  }
}

function requireEndpoint(endpoint: string | undefined): string {
  if (endpoint !== undefined) return endpoint
  throw new ClientError('SERVER_ERROR', 'the server offers no authorization endpoint')
}
