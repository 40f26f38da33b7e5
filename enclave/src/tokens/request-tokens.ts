import type { CredentialEnvelope, TokenKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import {
  clientCredentialsGrantRequest,
  genericTokenEndpointRequest,
  processClientCredentialsResponse,
  processGenericTokenEndpointResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
} from 'oauth4webapi'
import type { OpenedApp } from './app-record.ts'
import { signAssertion } from './assertion.ts'
import { mintInstallationToken } from './github-app.ts'
import { saysGone } from './gone-answer.ts'
import { oauthClient, tokenText } from './oauth-client.ts'
import { endedAtProvider, needsReconnect, tokenFailure } from './token-errors.ts'
import type { TokenFetch } from './token-fetch.ts'
import { readTokens, type Tokens } from './tokens.ts'

type Kind<Name extends TokenKind['kind']> = Extract<TokenKind, { kind: Name }>

/** What a token is asked for with. */
export interface TokenRequest<Credential extends TokenKind = TokenKind> {
  readonly credential: Credential
  readonly secrets: CredentialEnvelope['secrets']
  /** Needed by `oauth2` alone. */
  readonly app: OpenedApp | undefined
  readonly fetch: TokenFetch
}

const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * Asks the provider for the next access token.
 *
 * @throws EnclaveError `NEEDS_RECONNECT`, `TOKEN_REFUSED`, `DOWNSTREAM_*`, `HOST_NOT_ALLOWED`,
 *   `BINDING_MISMATCH`
 */
export async function requestTokens(request: TokenRequest): Promise<Tokens> {
  const { kind } = request.credential
  try {
    return await (askers[kind] as Asker<TokenKind>)(request)
  } catch (error) {
    throw tokenFailure(error, kind === 'oauth2' ? 'operator' : 'connection')
  }
}

type Asker<Credential extends TokenKind> = (request: TokenRequest<Credential>) => Promise<Tokens>

const askers: { readonly [Name in TokenKind['kind']]: Asker<Kind<Name>> } = {
  async oauth2({ credential, secrets, app, fetch }) {
    const { app: own, record } = requireApp(credential, app)
    const refreshToken = secrets['refresh_token']
    if (!refreshToken) throw needsReconnect('the provider gave no refresh token; sign in again')
    const { server, client, auth, options } = oauthClient(
      own,
      record.envelope.secrets['client_secret'],
      fetch,
    )
    const askedAt = Date.now()
    const response = await refreshTokenGrantRequest(
      server,
      client,
      auth,
      tokenText(refreshToken),
      options,
    )
    if (await saysGone(response, own.refresh_gone ?? {})) throw endedAtProvider()
    return readTokens(await processRefreshTokenResponse(server, client, response), askedAt)
  },

  async oauth2_client_credentials({ credential, secrets, fetch }) {
    const { server, client, auth, options } = oauthClient(
      credential,
      secrets['client_secret'],
      fetch,
    )
    const askedAt = Date.now()
    const response = await clientCredentialsGrantRequest(
      server,
      client,
      auth,
      { ...credential.parameters, ...scopeParameter(credential.scopes) },
      options,
    )
    return readTokens(await processClientCredentialsResponse(server, client, response), askedAt)
  },

  async jwt_bearer({ credential, secrets, fetch }) {
    const assertion = await signAssertion(credential, secrets['private_key'] ?? new Uint8Array())
    const facts = {
      ...credential,
      client_id: credential.issuer,
      token_endpoint_auth_method: 'none' as const,
      issuer: undefined,
    }
    const { server, client, options } = oauthClient(facts, undefined, fetch)
    const askedAt = Date.now()
    const response = await genericTokenEndpointRequest(
      server,
      client,
      // The assertion says who asks; a `client_id` beside it is refused by some.
      (...[, , body]) => {
        body.delete('client_id')
      },
      jwtBearerGrant,
      {
        ...credential.parameters,
        ...(credential.scopes_in !== 'assertion' && scopeParameter(credential.scopes)),
        assertion,
      },
      options,
    )
    return readTokens(await processGenericTokenEndpointResponse(server, client, response), askedAt)
  },

  github_app: ({ credential, secrets, fetch }) =>
    mintInstallationToken(credential, secrets['private_key'] ?? new Uint8Array(), fetch),
}

const scopeParameter = (scopes: readonly string[] | undefined): Record<string, string> =>
  scopes && scopes.length > 0 ? { scope: scopes.join(' ') } : {}

/**
 * The app with which a connection was authorized, still as it was then.
 *
 * @throws EnclaveError `BINDING_MISMATCH` for another app, `NEEDS_RECONNECT` when its administrator
 *   made it another client: its tokens are nothing to the new one, and must not go there
 */
export function requireApp(credential: Kind<'oauth2'>, app: OpenedApp | undefined): OpenedApp {
  if (app?.handle !== credential.app) {
    throw new EnclaveError('BINDING_MISMATCH', 'the connection was authorized with another app')
  }
  const isSame =
    app.app.client_id === credential.client_id &&
    app.app.token_endpoint === credential.token_endpoint
  if (isSame) return app
  throw needsReconnect('the OAuth app was changed to another client or token endpoint')
}
