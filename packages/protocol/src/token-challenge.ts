import { dpopAlgorithms } from './dpop-key.ts'
import type { TokenError, TokenErrorCode } from './token-error.ts'

/** Whether a resource offers, welcomes or demands tokens that are bound to a DPoP key. */
export type DpopPolicy = 'off' | 'preferred' | 'required'

/** What a challenge tells besides the error. */
export interface ChallengeOptions {
  readonly dpop: DpopPolicy
  /** Absolute URL of the protected resource metadata, where there is one. */
  readonly resourceMetadata?: string | undefined
  /** Scopes that a new token should ask for. */
  readonly scopes?: readonly string[] | undefined
}

// RFC 6750 section 3.1: a request without a token gets no error code.
const withoutError: readonly TokenErrorCode[] = ['missing_token', 'temporarily_unavailable']

const quoted = (name: string, value: string): string =>
  `${name}="${value.replace(/["\\]/g, (character) => `\\${character}`)}"`

/**
 * The value of `WWW-Authenticate` for a refused request: a `Bearer` challenge, then a `DPoP` one.
 *
 * `Bearer` leads even where only DPoP is accepted, because widespread MCP clients read
 * `resource_metadata` and `scope` only behind a leading `Bearer`. A demand for a nonce is the
 * exception: only DPoP clients can meet it, and they look for that challenge alone.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-5.1}
 */
export function formatChallenge(error: TokenError, options: ChallengeOptions): string {
  const scopes = error.scopes ?? options.scopes ?? []
  const problem = withoutError.includes(error.code)
    ? []
    : [quoted('error', error.code), quoted('error_description', error.reason)]
  const shared = [
    ...problem,
    ...(scopes.length === 0 ? [] : [quoted('scope', scopes.join(' '))]),
    ...(options.resourceMetadata === undefined
      ? []
      : [quoted('resource_metadata', options.resourceMetadata)]),
  ]
  const dpop = `DPoP ${[...problem, quoted('algs', dpopAlgorithms.join(' '))].join(', ')}`
  if (error.code === 'use_dpop_nonce') return dpop
  const bearer = ['Bearer', shared.join(', ')].join(' ').trimEnd()
  return options.dpop === 'off' ? bearer : `${bearer}, ${dpop}`
}
