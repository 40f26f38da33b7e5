import type { AccessTokenVerifier, VerifiedAccessToken } from './access-token.ts'
import type { DpopVerifier } from './dpop.ts'
import type { DpopPolicy } from './token-challenge.ts'
import { TokenError } from './token-error.ts'

/** The parts of an HTTP request that carry authority. */
export interface TokenRequest {
  readonly method: string
  /** Public absolute URL, from configuration and never from a `Host` header. */
  readonly url: string
  /** Every value of the `Authorization` header, not only the first. */
  readonly authorization: readonly string[]
  /** Every value of the `DPoP` header. */
  readonly dpop: readonly string[]
}

/** Options of {@link authorizeRequest}. */
export interface AuthorizeRequestOptions {
  readonly tokens: AccessTokenVerifier
  readonly proofs: DpopVerifier
  readonly dpop: DpopPolicy
  /** Audiences to accept instead of the verifier's own. */
  readonly audience?: string | readonly string[]
  /** Scopes that the token must all hold. */
  readonly scopes?: readonly string[]
  /** A nonce that proofs must carry, or what tells whether one is good. */
  readonly nonce?: string | ((nonce: string) => boolean)
}

/** A parsed `Authorization` header. */
export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly token: string
}

/**
 * Reads the one `Authorization` header of a request.
 *
 * @throws TokenError `missing_token` without a token, `invalid_request` with more than one
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1}
 */
export function parseAuthorization(values: readonly string[]): PresentedToken {
  const [value] = values
  if (value === undefined) throw new TokenError('missing_token', 'missing authorization header')
  if (values.length > 1 || value.includes(',')) {
    throw new TokenError('invalid_request', 'more than one authorization header')
  }
  const match = /^(bearer|dpop)(?: +([A-Za-z0-9\-._~+/]+=*))?$/i.exec(value.trim())
  const [, scheme, token] = match ?? []
  if (scheme === undefined || token === undefined) {
    throw new TokenError('missing_token', 'missing bearer token')
  }
  return { scheme: scheme.toLowerCase() as PresentedToken['scheme'], token }
}

/**
 * Refuses a token that lacks a scope.
 *
 * @throws TokenError `insufficient_scope` that names what is missing and all that is needed
 */
export function requireScopes(
  token: VerifiedAccessToken,
  required: readonly string[] | undefined,
): void {
  const missing = (required ?? []).filter((scope) => !token.scopes.includes(scope))
  if (missing.length === 0) return
  throw new TokenError('insufficient_scope', `missing scopes: ${missing.join(' ')}`, {
    scopes: required ?? [],
  })
}

async function requireProof(
  request: TokenRequest,
  verified: VerifiedAccessToken,
  expectedJkt: string,
  options: AuthorizeRequestOptions,
): Promise<void> {
  const [proof] = request.dpop
  if (proof === undefined) {
    throw new TokenError('invalid_dpop_proof', 'missing DPoP proof header')
  }
  if (request.dpop.length > 1 || proof.includes(',')) {
    throw new TokenError('invalid_dpop_proof', 'more than one DPoP proof header')
  }
  await options.proofs.verify({
    proof,
    method: request.method,
    url: request.url,
    accessTokenHash: verified.hash,
    expectedJkt,
    nonce: options.nonce,
  })
}

/**
 * Decides whether a request carries a valid access token and, for a bound token, a proof of its key.
 * The authorization server and the resource-server SDK both use it, so that they cannot disagree.
 *
 * @throws TokenError
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 */
export async function authorizeRequest(
  request: TokenRequest,
  options: AuthorizeRequestOptions,
): Promise<VerifiedAccessToken> {
  const { scheme, token } = parseAuthorization(request.authorization)
  if (scheme === 'bearer' && options.dpop === 'required') {
    throw new TokenError('invalid_token', 'DPoP-bound token required')
  }
  const verified = await options.tokens.verify(token, options.audience)
  if (scheme === 'bearer') {
    if (verified.jkt !== undefined) {
      throw new TokenError('invalid_token', 'this token is bound to a key: send it as DPoP')
    }
  } else {
    if (verified.jkt === undefined) {
      throw new TokenError('invalid_token', 'this token is not bound to a key')
    }
    await requireProof(request, verified, verified.jkt, options)
  }
  requireScopes(verified, options.scopes)
  return verified
}
