import type { CredentialEnvelope, RecordContext, TokenKind } from '@holdfast/protocol'
import type { RevokeTokensHead, RevokeTokensResult } from '@holdfast/protocol/enclave'
import { processRevocationResponse, ResponseBodyError, revocationRequest } from 'oauth4webapi'
import { type OpenedRecord, openRecord } from '../vault-record.ts'
import type { OpenedApp } from './app-record.ts'
import { revokeInstallationToken } from './github-app.ts'
import { oauthClient, type ProviderFacts, tokenText } from './oauth-client.ts'
import {
  generationOf,
  openReference,
  refresh,
  requireTokenKind,
  type TokenParts,
  type TokenRecords,
} from './refresh.ts'
import { requireApp } from './request-tokens.ts'
import { requestRevocation } from './revocation-request.ts'
import { tokenFailure } from './token-errors.ts'
import { createTokenFetch, type TokenFetch } from './token-fetch.ts'

type Outcome = RevokeTokensResult['outcome']

/**
 * Has the provider end the tokens of a connection.
 *
 * @throws EnclaveError `TOKEN_REFUSED`, `NEEDS_RECONNECT` when the app cannot be used for it,
 *   `DOWNSTREAM_*`: worth another try
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009}
 */
export async function revokeTokens(
  parts: TokenParts,
  head: RevokeTokensHead,
  records: TokenRecords,
): Promise<RevokeTokensResult> {
  const first = await revokeNewest(parts, head, records)
  if (first !== 'gone') return { outcome: first }
  // The access token may have ended by itself; a new one can still end what stands behind both.
  await refresh(parts, head, records)
  const second = await revokeNewest(parts, head, records)
  return { outcome: second === 'gone' ? 'revoked' : second }
}

/** `gone` when the access token that should be ended is over, and there is a way to another one. */
async function revokeNewest(
  { keyring, upstream, recentTokens }: TokenParts,
  { context, app: reference }: RevokeTokensHead,
  records: TokenRecords,
): Promise<Outcome | 'gone'> {
  const opened = await openNewest({ keyring, recentTokens }, context, records.record)
  let app: OpenedApp | undefined
  try {
    app = openReference(keyring, reference, records.app)
    const { header, secrets } = opened.envelope
    const credential = requireTokenKind(header.credential)
    return await revokeAt(credential, secrets, app, createTokenFetch(upstream))
  } catch (error) {
    throw tokenFailure(error, 'operator')
  } finally {
    opened.wipe()
    app?.record.wipe()
  }
}

/**
 * The newest tokens of a connection: one that was revoked while it was being renewed never stored the
 * answer, and the token that it did store is spent.
 */
async function openNewest(
  { keyring, recentTokens }: Pick<TokenParts, 'keyring' | 'recentTokens'>,
  context: RecordContext,
  record: Uint8Array,
): Promise<OpenedRecord> {
  const opened = openRecord(keyring, context, record)
  const spent = generationOf(requireTokenKind(opened.envelope.header.credential), context)
  const answered = await recentTokens.find(context.handle, spent)?.catch(() => undefined)
  if (!answered) return opened
  opened.wipe()
  return openRecord(keyring, answered.context, answered.record)
}

async function revokeAt(
  credential: TokenKind,
  secrets: CredentialEnvelope['secrets'],
  app: OpenedApp | undefined,
  fetch: TokenFetch,
): Promise<Outcome | 'gone'> {
  const { refresh_token: refreshToken, access_token: accessToken } = secrets
  // With the refresh token the provider ends what was made with it.
  const token = refreshToken ?? accessToken
  if (!accessToken || !token) return 'nothing_to_revoke'
  if (credential.kind === 'github_app') {
    await revokeInstallationToken(credential, token, fetch)
    return 'revoked'
  }
  const { facts, secret } = clientOf(credential, secrets, app)
  if (facts.revocation_endpoint !== undefined) return revokeByStandard(facts, secret, token, fetch)
  const { revocation_request: request } = facts
  if (request === undefined) return 'not_supported'
  const asked = request.token === 'access_token' ? accessToken : token
  const values = {
    token: tokenText(asked),
    client_id: facts.client_id,
    client_secret: secret ? tokenText(secret) : '',
  }
  const outcome = await requestRevocation(request, values, fetch)
  return outcome === 'gone' && asked !== token ? 'gone' : 'revoked'
}

/** Who the tokens were given to. */
function clientOf(
  credential: Exclude<TokenKind, { kind: 'github_app' }>,
  secrets: CredentialEnvelope['secrets'],
  app: OpenedApp | undefined,
): { readonly facts: ProviderFacts; readonly secret: Uint8Array | undefined } {
  if (credential.kind === 'oauth2') {
    const own = requireApp(credential, app)
    return { facts: own.app, secret: own.record.envelope.secrets['client_secret'] }
  }
  if (credential.kind === 'oauth2_client_credentials') {
    return { facts: credential, secret: secrets['client_secret'] }
  }
  const { issuer: client_id, token_endpoint, revocation_endpoint, revocation_request } = credential
  const facts = { client_id, token_endpoint, revocation_endpoint, revocation_request }
  return { facts: { ...facts, token_endpoint_auth_method: 'none' }, secret: undefined }
}

async function revokeByStandard(
  facts: ProviderFacts,
  secret: Uint8Array | undefined,
  token: Uint8Array,
  fetch: TokenFetch,
): Promise<Outcome> {
  const { server, client, auth, options } = oauthClient(facts, secret, fetch)
  try {
    const response = await revocationRequest(server, client, auth, tokenText(token), options)
    await processRevocationResponse(response)
    return 'revoked'
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error
    // Some providers say so of a token that is dead already, although the RFC wants a 200.
    if (error.error === 'invalid_token' || error.error === 'invalid_grant') return 'revoked'
    if (error.error === 'unsupported_token_type') return 'not_supported'
    throw error
  }
}
