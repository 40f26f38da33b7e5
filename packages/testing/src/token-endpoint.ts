import {
  type AccessTokenVerifier,
  type DpopVerifier,
  TokenError,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
import { Refused } from './refusals.ts'
import type { TokenSigner } from './token-signer.ts'

/** The RFC 8693 grant type: the only one that servers need of a test issuer. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

export interface TokenEndpointParts {
  readonly issuer: string
  readonly signer: TokenSigner
  readonly tokens: AccessTokenVerifier
  readonly proofs: DpopVerifier
  /** @throws TokenError when the token was revoked */
  readonly requireLive: (token: VerifiedAccessToken) => void
}

/** A token request by a client that has authenticated. */
export interface TokenRequest {
  readonly clientId: string
  /** The resource that the client is. */
  readonly resource: string
  readonly form: URLSearchParams
  readonly proof: string
}

/**
 * Exchanges a user's token for one with which the server may dispatch in the user's name, bound to
 * the key of the proof. Asked for a `connection` that the token does not name, it answers where the user
 * makes it; there is no page there.
 *
 * @throws TokenError, Refused
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693}
 */
export async function exchange(parts: TokenEndpointParts, request: TokenRequest): Promise<object> {
  const { issuer, signer } = parts
  const { form, clientId, resource, proof } = request
  const target = `${issuer}/dispatch`
  if (form.get('grant_type') !== tokenExchangeGrant || form.get('resource') !== target) {
    throw new TokenError('invalid_request', 'a test issuer exchanges tokens for dispatch only')
  }
  const subject = await parts.tokens.verify(form.get('subject_token') ?? '', resource)
  parts.requireLive(subject)
  const { jkt } = await parts.proofs.verify({
    proof,
    method: 'POST',
    url: `${issuer}/oauth2/token`,
  })
  const wanted = form.get('connection')
  if (wanted !== null && !Object.hasOwn(subject.connections, wanted)) {
    const place = new URLSearchParams({ user: subject.subject, connection: wanted })
    throw new Refused(400, {
      error: 'oauth_required',
      error_description: 'the user has not connected this account: send them to connect_url',
      connect_url: `${issuer}/connect?${place}`,
    })
  }
  const now = Math.floor(Date.now() / 1000)
  const exp = Math.min(subject.expiresAt, now + 300)
  return {
    access_token: await signer.sign({
      aud: target,
      sub: subject.subject,
      client_id: clientId,
      act: { sub: clientId },
      iat: now,
      exp,
      scope: 'dispatch',
      cnf: { jkt },
      'ddls:resource': resource,
      'ddls:connections': { ...subject.connections },
      ...(subject.grant !== undefined && { 'ddls:grant': subject.grant }),
    }),
    token_type: 'DPoP',
    expires_in: exp - now,
    scope: 'dispatch',
    issued_token_type: accessTokenType,
  }
}
