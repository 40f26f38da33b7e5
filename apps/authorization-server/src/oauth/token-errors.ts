import type { errors, KoaContextWithOIDC } from 'oidc-provider'

/** What the library's internal reasons mean to the client, and what to do about them. */
const descriptions: Readonly<Record<string, string>> = {
  'authorization code not found':
    'the authorization code is unknown or has been used up; start the authorization again',
  'authorization code is expired': 'the authorization code has expired; start again',
  'authorization code already consumed':
    'the authorization code was used before: all tokens of this grant are revoked; start the authorization again',
  'authorization code redirect_uri mismatch':
    'redirect_uri is not the one of the authorization request',
  'code_verifier must be provided': 'send the code_verifier of the request (PKCE)',
  'code_verifier does not match code_challenge':
    'code_verifier does not fit the code_challenge of the request',
  'missing DPoP proof JWT':
    'this code is bound to a key (dpop_jkt): send a DPoP proof made with that key',
  'DPoP proof key thumbprint does not match dpop_jkt':
    'this code is bound to another key (dpop_jkt) than the one of the DPoP proof',
  'DPoP proof JWT not provided':
    'this client takes only DPoP-bound tokens: send a DPoP proof (RFC 9449) with the token request',
  'failed jkt verification':
    'the refresh token is bound to a key: send a DPoP proof made with that same key',
  'refresh token not found':
    'the refresh token is unknown or revoked; start the authorization again',
  'refresh token is expired': 'the refresh token has expired; start the authorization again',
  'refresh token already used':
    'the refresh token was replaced before and used again: all tokens of this grant are revoked; start the authorization again',
  'the code or refresh token was used by a concurrent request':
    'the code or refresh token was used by a concurrent request: go on with what that one was given, or start the authorization again',
  'grant not found': 'the user has taken this access away; start the authorization again',
  'grant is expired': 'the time of this access is over; start the authorization again',
  'client mismatch': 'the code or token was issued to another client',
  'device code not found': 'the device code is unknown or has been used up; start again',
  'device code already consumed':
    'the device code was used before: all tokens of this grant are revoked; start again',
  'mutual TLS client certificate not provided':
    'this client takes only certificate-bound tokens: connect with its certificate',
  'failed x5t#S256 verification':
    'the refresh token is bound to a certificate: connect with that same certificate',
  'refresh token invalid (referenced account not found)':
    'the user may no longer sign in at this server',
  'authorization code invalid (referenced account not found)':
    'the user may no longer sign in at this server',
}

/** Says in the answer what exactly is wrong with a grant, where the library keeps it to itself. */
export function describeGrantError(koa: KoaContextWithOIDC, error: errors.OIDCProviderError): void {
  const body = koa.body as { error?: unknown; error_description?: unknown } | undefined
  const text = descriptions[error.error_detail ?? causeOf(error)]
  if (text === undefined || typeof body !== 'object' || body.error !== 'invalid_grant') return
  body.error_description = text
}

/** The library reports a failed PKCE check as a bare cause. */
const causeOf = ({ cause }: Error): string => (cause instanceof Error ? cause.message : '')
