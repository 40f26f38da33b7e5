/** Every way in which a request's access token or proof can be refused. */
export type TokenErrorCode =
  | 'missing_token'
  | 'invalid_request'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_scope'
  | 'temporarily_unavailable'

const statuses: Readonly<Record<TokenErrorCode, 400 | 401 | 403 | 503>> = {
  missing_token: 401,
  invalid_request: 400,
  invalid_token: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
}

/**
 * A refused token or proof. `reason` is one of our own fixed texts: it may go on the wire and into
 * a header, and never repeats what the caller sent.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  readonly reason: string
  /** The HTTP status of the answer. */
  readonly status: 400 | 401 | 403 | 503
  /** The scopes that the request needs, for `insufficient_scope`. */
  readonly scopes: readonly string[] | undefined
  /** What the next proof must carry, for `use_dpop_nonce`, where the check knows it. */
  readonly nonce: string | undefined

  constructor(
    code: TokenErrorCode,
    reason: string,
    options?: ErrorOptions & { readonly scopes?: readonly string[]; readonly nonce?: string },
  ) {
    super(reason, options)
    this.code = code
    this.reason = reason
    this.status = statuses[code]
    this.scopes = options?.scopes
    this.nonce = options?.nonce
  }
}
