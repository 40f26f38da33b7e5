import { randomBytes } from 'node:crypto'
import type { CredentialEnvelope, OAuthApp } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { CompleteAuthorizationHead } from '@holdfast/protocol/enclave'
import {
  authorizationCodeGrantRequest,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { type OpenedApp, openApp, requireReach } from './app-record.ts'
import { type OAuthClient, oauthClient } from './oauth-client.ts'
import { openPending, type PendingAuthorization } from './pending-authorization.ts'
import type { TokenAnswer, TokenParts } from './refresh.ts'
import { authorizationFailure, refusedAuthorization } from './token-errors.ts'
import { createTokenFetch } from './token-fetch.ts'
import { readTokens, sealIssued, type Tokens } from './tokens.ts'

/** The records that {@link completeAuthorization} needs. */
export interface AuthorizationRecords {
  readonly pending: Uint8Array
  readonly app: Uint8Array
}

/**
 * Redeems the code of an authorization response and writes the connection's vault record.
 *
 * @throws EnclaveError `AUTHORIZATION_REFUSED`, `BINDING_MISMATCH` for another app, `TOKEN_REFUSED`,
 *   `DOWNSTREAM_*`, `DECRYPTION_FAILED`
 */
export async function completeAuthorization(
  { keyring, upstream }: TokenParts,
  { context, app: reference, response }: CompleteAuthorizationHead,
  records: AuthorizationRecords,
): Promise<TokenAnswer> {
  const pending = openPending(keyring, context, records.pending)
  const opened = openApp(keyring, reference.context, records.app)
  try {
    if (opened.handle !== pending.app) {
      throw new EnclaveError('BINDING_MISMATCH', 'the sign-in was begun with another OAuth app')
    }
    requireReach(opened, context)
    const tokens = await redeem(opened, pending, response, createTokenFetch(upstream))
    const { expiresAtMs, refreshToken } = tokens
    const head = {
      expires_at_ms: expiresAtMs,
      scopes: tokens.scopes ?? pending.scopes,
      renewable: refreshToken !== undefined,
    }
    const header = headerOf(opened, context)
    const { scopes } = pending
    return { head, body: sealIssued(keyring, context, { header, secrets: {}, tokens, scopes }) }
  } finally {
    opened.record.wipe()
  }
}

async function redeem(
  { app, record }: OpenedApp,
  pending: PendingAuthorization,
  response: CompleteAuthorizationHead['response'],
  fetch: ReturnType<typeof createTokenFetch>,
): Promise<Tokens> {
  const { server, client, auth, options } = forResponse(
    app,
    oauthClient(app, record.envelope.secrets['client_secret'], fetch),
  )
  requireIssuer(app, response.iss)
  const { iss, ...rest } = response
  const given = Object.entries(app.issuer === undefined ? rest : { ...rest, iss }).filter(
    (entry) => entry[1] !== undefined,
  )
  try {
    const parameters = validateAuthResponse(
      server,
      client,
      new URLSearchParams(given as [string, string][]),
      pending.state,
    )
    if (!parameters.has('code')) throw refusedAuthorization('the provider sent no code')
    const askedAt = Date.now()
    const answer = await authorizationCodeGrantRequest(
      server,
      client,
      auth,
      parameters,
      pending.redirect_uri,
      pending.verifier,
      options,
    )
    return readTokens(await processAuthorizationCodeResponse(server, client, answer), askedAt)
  } catch (error) {
    throw isBadResponse(error)
      ? refusedAuthorization('the answer does not belong to the sign-in that was begun')
      : authorizationFailure(error)
  }
}

/** The issuer that the library compares `iss` with. */
function forResponse(app: OAuthApp, oauth: OAuthClient): OAuthClient {
  const issuer = app.issuer ?? new URL(app.authorization_endpoint).origin
  const authorization_response_iss_parameter_supported = app.issuer_in_response === true
  return {
    ...oauth,
    server: { ...oauth.server, issuer, authorization_response_iss_parameter_supported },
  }
}

/**
 * Without a sealed issuer, an `iss` must at least be of the host that the browser was sent to.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207} against mix-up of providers
 */
function requireIssuer(app: OAuthApp, iss: string | undefined): void {
  if (iss === undefined || app.issuer !== undefined) return
  if (URL.parse(iss)?.origin === new URL(app.authorization_endpoint).origin) return
  throw refusedAuthorization('the answer comes from another provider')
}

const isBadResponse = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'OAUTH_INVALID_RESPONSE' &&
  (error as { cause?: { parameters?: unknown } }).cause?.parameters !== undefined

/** What the enclave seals in place of a client: bound to the owner, with the hosts and pins of the app. */
function headerOf(
  { app, handle, record }: OpenedApp,
  context: CompleteAuthorizationHead['context'],
): Omit<CredentialEnvelope['header'], 'v' | 'fields'> {
  const { base_url, binding } = record.envelope.header
  const { client_id, token_endpoint, header } = app
  return {
    base_url,
    credential: {
      kind: 'oauth2',
      app: handle as typeof context.handle,
      client_id,
      token_endpoint,
      ...(header && { header }),
    },
    binding: {
      handle: context.handle,
      owner: context.owner,
      provider: context.provider,
      allowed_hosts: context.allowed_hosts,
      upload_nonce: randomBytes(16).toString('base64url'),
      created_at: Math.floor(Date.now() / 1000),
      pins: binding.pins,
    },
  }
}
