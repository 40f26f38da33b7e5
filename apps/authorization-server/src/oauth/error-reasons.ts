/**
 * What the library says, in its own fixed words, about a refusal. Other text can hold what the caller
 * sent, and is never kept.
 */
const fixedReasons: ReadonlySet<string> = new Set([
  'DPoP nonces are not supported',
  'DPoP proof ath mismatch',
  'DPoP proof htm mismatch',
  'DPoP proof htu mismatch',
  'DPoP proof iat is not recent enough',
  'DPoP proof JWT not provided',
  'DPoP proof key thumbprint does not match dpop_jkt',
  'DPoP proof must have a iat number property',
  'DPoP proof must have a jti string property',
  'DPoP proof nonce must be a string',
  'invalid DPoP key binding',
  'missing DPoP proof JWT',
  'accountId mismatch',
  'alg mismatch',
  'authorization code already consumed',
  'authorization code invalid (referenced account not found)',
  'authorization code is expired',
  'authorization code not found',
  'authorization code redirect_uri mismatch',
  'certificate subject value does not match the registered one',
  'client assertion tokens must only be used once',
  'client certificate was not provided',
  'client certificate was not verified',
  'client mismatch',
  'client not found',
  'code_verifier does not match code_challenge',
  'code_verifier must be provided',
  'device code already consumed',
  'device code is expired',
  'device code not found',
  'failed jkt verification',
  'failed x5t#S256 verification',
  'grant is expired',
  'grant not found',
  'invalid secret provided',
  'mutual TLS client certificate not provided',
  'refresh token already used',
  'refresh token invalid (referenced account not found)',
  'refresh token is expired',
  'refresh token not found',
  'the code or refresh token was used by a concurrent request',
  'the client assertion was used before',
  'the provided authentication mechanism does not match the registered client authentication method',
  'unregistered client certificate provided',
])

interface ReasonedError {
  readonly error_detail?: unknown
  readonly cause?: unknown
}

/** The fixed words that say why; undefined where there are none. */
export function safeReason(error: ReasonedError): string | undefined {
  const { error_detail: detail, cause } = error
  const words = detail ?? (cause instanceof Error ? cause.message : undefined)
  return typeof words === 'string' && fixedReasons.has(words) ? words : undefined
}

/** An error code as OAuth spells them; anything else is not repeated. */
export const safeErrorCode = (code: unknown): string =>
  typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : 'unknown'

/** Error codes that are part of the protocol, or of limits that stand elsewhere, and no failure. */
export const expectedErrors: ReadonlySet<unknown> = new Set([
  'use_dpop_nonce',
  'authorization_pending',
  'slow_down',
  'temporarily_unavailable',
])
