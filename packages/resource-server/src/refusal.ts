import { formatChallenge, TokenError, type VerifiedAccessToken } from '@holdfast/protocol/token'
import { corsHeaders } from './cors.ts'
import { metadataUrl } from './metadata.ts'
import type { Settings } from './settings.ts'
import { pythonList } from './python-list.ts'
import {
  jsonAnswer,
  refusalBody,
  type ResourceAnswer,
  type ResourceRequest,
} from './resource-request.ts'

const firstVersionWith403 = '2025-11-25'

// Versions are dates. An unknown one is taken for a newer one, and none is what a first request has.
function understands403(settings: Settings, request: ResourceRequest): boolean {
  if (settings.scopeEnforcement !== 'auto') return settings.scopeEnforcement === 'always'
  const [version] = request.header('mcp-protocol-version')
  if (version === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(version)) return true
  return version >= firstVersionWith403
}

/**
 * A token without the needed scopes. The challenge names all that the next token should have: what is
 * needed, and what this one has, because clients replace the one by the other.
 *
 * @see {@link https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization}
 */
export class InsufficientScope extends TokenError {
  readonly missing: readonly string[]

  constructor(
    settings: Settings,
    token: VerifiedAccessToken,
    needed: readonly string[],
    missing: readonly string[],
  ) {
    const kept = token.scopes.filter((scope) => settings.scopes.supported.includes(scope))
    super('insufficient_scope', `missing scopes: ${pythonList(missing)}`, {
      scopes: [...new Set([...settings.scopes.required, ...needed, ...kept])],
    })
    this.missing = missing
  }
}

// What a client reads that takes every refusal for a wrong token.
const asInvalidToken = (error: InsufficientScope): TokenError =>
  new TokenError('invalid_token', `insufficient scopes: ${pythonList(error.missing)}`, {
    scopes: error.scopes ?? [],
  })

function readError(error: unknown): TokenError {
  return error instanceof TokenError
    ? error
    : new TokenError('temporarily_unavailable', 'the request cannot be checked', { cause: error })
}

/**
 * The answer to a request that is refused.
 *
 * @param nonce - what the next proof must carry, where proofs need a nonce
 */
export function refusal(
  settings: Settings,
  request: ResourceRequest,
  error: unknown,
  nonce?: string,
): ResourceAnswer {
  const known = readError(error)
  const wanted = known.nonce ?? nonce
  const isOurs = known.code === 'temporarily_unavailable'
  if (isOurs) settings.onError(error)
  const told =
    known instanceof InsufficientScope && !understands403(settings, request)
      ? asInvalidToken(known)
      : known
  const challenge = formatChallenge(told, {
    dpop: settings.dpop,
    resourceMetadata: metadataUrl(settings),
    scopes: settings.scopes.requested,
  })
  return jsonAnswer(
    told.status,
    refusalBody(told.code === 'missing_token' ? 'unauthorized' : told.code, told.reason),
    {
      ...corsHeaders(settings, request),
      'cache-control': 'no-store',
      ...(wanted === undefined ? {} : { 'dpop-nonce': wanted }),
      ...(isOurs ? { 'retry-after': '1' } : { 'www-authenticate': challenge }),
    },
  )
}
