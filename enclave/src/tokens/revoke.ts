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
  requireTokenKind,
  type TokenParts,
  type TokenRecords,
} from './refresh.ts'
import { requireApp } from './request-tokens.ts'
import { tokenFailure } from './token-errors.ts'
import { createTokenFetch, type TokenFetch } from './token-fetch.ts'

/**
 * Has the provider end the tokens of a connection.
 *
 * @throws EnclaveError `TOKEN_REFUSED`, `NEEDS_RECONNECT` when the app cannot be used for it,
 *   `DOWNSTREAM_*`: worth another try
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009}
 */
export async function revokeTokens(
  { keyring, upstream, recentTokens }: TokenParts,
  { context, app: reference }: RevokeTokensHead,
  records: TokenRecords,
): Promise<RevokeTokensResult> {
  const opened = await openNewest({ keyring, recentTokens }, context, records.record)
  let app: OpenedApp | undefined
  try {
    app = openReference(keyring, reference, records.app)
    const { header, secrets } = opened.envelope
    const credential = requireTokenKind(header.credential)
    return { outcome: await revokeAt(credential, secrets, app, createTokenFetch(upstream)) }
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
): Promise<RevokeTokensResult['outcome']> {
  const { refresh_token: refreshToken, access_token: accessToken } = secrets
  // With the refresh token the provider ends what was made with it.
  const token = refreshToken ?? accessToken
  if (!token) return 'unsupported'
  if (credential.kind === 'github_app') {
    await revokeInstallationToken(credential, token, fetch)
    return 'revoked'
  }
  if (credential.kind === 'oauth2') {
    const own = requireApp(credential, app)
    return revokeByStandard(own.app, own.record.envelope.secrets['client_secret'], token, fetch)
  }
  if (credential.kind === 'oauth2_client_credentials') {
    return revokeByStandard(credential, secrets['client_secret'], token, fetch)
  }
  const { issuer: client_id, token_endpoint, revocation_endpoint } = credential
  const facts = { client_id, token_endpoint, revocation_endpoint }
  const anonymous = { ...facts, token_endpoint_auth_method: 'none' } as const
  return revokeByStandard(anonymous, undefined, token, fetch)
}

async function revokeByStandard(
  facts: ProviderFacts,
  secret: Uint8Array | undefined,
  token: Uint8Array,
  fetch: TokenFetch,
): Promise<RevokeTokensResult['outcome']> {
  if (facts.revocation_endpoint === undefined) return 'unsupported'
  const { server, client, auth, options } = oauthClient(facts, secret, fetch)
  try {
    const response = await revocationRequest(server, client, auth, tokenText(token), options)
    await processRevocationResponse(response)
    return 'revoked'
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error
    // Some providers say so of a token that is dead already, although the RFC wants a 200.
    if (error.error === 'invalid_token' || error.error === 'invalid_grant') return 'revoked'
    if (error.error === 'unsupported_token_type') return 'unsupported'
    throw error
  }
}
