import { hash, type KeyObject } from 'node:crypto'
import { grantedConnectionDetailSchema } from '@holdfast/protocol'
import { z } from 'zod'
import type { Actor, Revocation } from './revocation.ts'
import { type SigningAlgorithm, verifyBytes } from './signing-algorithms.ts'

const actorSchema: z.ZodType<Actor> = z.lazy(() =>
  z.object({ sub: z.string(), act: actorSchema.optional() }),
)

const claimsSchema = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  aud: z.string().min(1),
  exp: z.int(),
  iat: z.int(),
  jti: z.string().min(1),
  client_id: z.string().min(1),
  scope: z.string().optional(),
  cnf: z.object({ jkt: z.string() }).optional(),
  act: actorSchema.optional(),
  authorization_details: z.array(grantedConnectionDetailSchema).min(1).optional(),
  'ddls:connections': z.record(z.string(), z.string()).optional(),
  'ddls:grant': z.string().optional(),
  'ddls:resource': z.string().optional(),
  'ddls:environment': z.enum(['live', 'test']).optional(),
})

/** Claims of an access token that this server issued. @see {@link https://www.rfc-editor.org/rfc/rfc9068} */
export type AccessTokenClaims = Readonly<z.infer<typeof claimsSchema>>

export type TokenProblem =
  | 'malformed'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'revoked'

const problems: Record<TokenProblem, string> = {
  malformed: 'the access token is not a JWT of type at+jwt',
  unknown_key: 'the access token is signed by a key that this server does not know',
  bad_signature: 'the signature of the access token does not verify',
  wrong_issuer: 'the access token was issued by another server',
  wrong_audience: 'the access token is meant for another resource',
  expired: 'the access token has expired',
  revoked: 'the access token has been revoked',
}

/** Why a token is refused; always `invalid_token` on the wire. `message` never repeats the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly problem: TokenProblem

  constructor(problem: TokenProblem) {
    super(problems[problem])
    this.problem = problem
  }
}

/** What the caller demands of a token. */
export interface ExpectedToken {
  /** Accepted `aud` values; absent = any audience of ours (introspection, revocation). */
  readonly audience?: string | readonly string[] | undefined
}

/**
 * Checks one of our own access tokens. A proof of possession is the caller's to check when `cnf` is there.
 * @throws TokenError
 */
export type VerifyToken = (token: string, expected: ExpectedToken) => Promise<AccessTokenClaims>

export interface TokenVerifierOptions {
  readonly issuer: string
  /** Key of a `kid` that may still have signed a valid token. */
  readonly findKey: (
    kid: string,
  ) => { readonly alg: SigningAlgorithm; readonly publicKey: KeyObject } | undefined
  readonly revocation: Pick<Revocation, 'isRevoked'>
  /** Unix milliseconds. */
  readonly clock: () => number
}

const cacheLimit = 10_000
const maxTokenLength = 16_384

/** Makes the verifier; verified tokens are cached by hash, revocation and expiry are checked every time. */
export function createTokenVerifier(options: TokenVerifierOptions): VerifyToken {
  const verified = new Map<string, AccessTokenClaims>()

  return async (token, { audience }) => {
    const key = token.length <= maxTokenLength ? hash('sha256', token, 'base64url') : ''
    let claims = verified.get(key)
    if (!claims) {
      claims = checkSignature(token, options)
      if (verified.size >= cacheLimit) verified.delete(verified.keys().next().value ?? '')
      verified.set(key, claims)
    }
    if (claims.exp * 1000 <= options.clock()) {
      verified.delete(key)
      throw new TokenError('expired')
    }
    if (audience !== undefined && ![audience].flat().includes(claims.aud)) {
      throw new TokenError('wrong_audience')
    }
    if (await options.revocation.isRevoked(claims)) throw new TokenError('revoked')
    return claims
  }
}

function checkSignature(token: string, options: TokenVerifierOptions): AccessTokenClaims {
  const [head, body, signature, ...rest] = token.split('.')
  if (!head || !body || !signature || rest.length > 0 || token.length > maxTokenLength) {
    throw new TokenError('malformed')
  }
  const header = decodeJson(head)
  if (header?.['typ'] !== 'at+jwt' || 'crit' in header) {
    throw new TokenError('malformed')
  }
  const key = options.findKey(String(header['kid']))
  if (!key) throw new TokenError('unknown_key')
  // The key says by what algorithm it signs, never the token.
  if (header['alg'] !== key.alg) throw new TokenError('malformed')
  const valid = verifyBytes(key.alg, key.publicKey, `${head}.${body}`, signature)
  if (!valid) throw new TokenError('bad_signature')
  const claims = claimsSchema.safeParse(decodeJson(body))
  if (!claims.success) throw new TokenError('malformed')
  if (claims.data.iss !== options.issuer) throw new TokenError('wrong_issuer')
  return Object.freeze(claims.data)
}

function decodeJson(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
