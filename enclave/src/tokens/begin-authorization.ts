import type { BeginAuthorizationHead, BeginAuthorizationResult } from '@holdfast/protocol/enclave'
import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
} from 'oauth4webapi'
import { openApp, requireReach } from './app-record.ts'
import { sealPending } from './pending-authorization.ts'
import type { TokenParts } from './refresh.ts'

/**
 * Begins an authorization: makes `state` and PKCE verifier, and the URL for the browser. The verifier
 * leaves only sealed.
 *
 * @throws EnclaveError `DECRYPTION_FAILED`, `BINDING_MISMATCH`, `HOST_NOT_ALLOWED`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7636}
 */
export async function beginAuthorization(
  { keyring }: Pick<TokenParts, 'keyring'>,
  head: BeginAuthorizationHead,
  appRecord: Uint8Array,
): Promise<{ head: BeginAuthorizationResult; body: Buffer }> {
  const { context, redirect_uri } = head
  const opened = openApp(keyring, head.app.context, appRecord)
  opened.record.wipe()
  requireReach(opened, context)
  const { app } = opened
  const scopes = [...(head.scopes ?? app.scopes)]
  const verifier = generateRandomCodeVerifier()
  const state = generateRandomState()
  const url = new URL(app.authorization_endpoint)
  const parameters = {
    ...app.authorization_parameters,
    response_type: 'code',
    client_id: app.client_id,
    redirect_uri,
    ...(scopes.length > 0 && { scope: scopes.join(app.scope_separator ?? ' ') }),
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const pending = { v: 1, app: opened.handle, state, verifier, redirect_uri, scopes } as const
  return {
    head: { authorization_url: url.href, state },
    body: sealPending(keyring, context, pending),
  }
}
