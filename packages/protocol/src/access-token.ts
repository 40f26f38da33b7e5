import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { BoundedCache } from './bounded-cache.ts'
import { type ConnectionHandle, isConnectionHandle } from './connection-handle.ts'
import { deepFreeze } from './deep-freeze.ts'
import { inRange } from './number-range.ts'
import { type Sha256, webSha256 } from './sha256.ts'
import { TokenError } from './token-error.ts'
import type { TokenKeySource } from './token-key-source.ts'
import { type VerifySignature, webVerifySignature } from './verify-signature.ts'

/** Signature algorithms that an access token may use. */
export const accessTokenAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const

/** How another authorization server's access tokens differ from RFC 9068. */
export interface TokenProfile {
  /** Accepted `typ` headers in lower case; undefined stands for a token without one. */
  readonly types: readonly (string | undefined)[]
  /** Accepted signature algorithms. */
  readonly algorithms: readonly string[]
  /**
   * Reads what issuers spell differently. Called before the signature is checked.
   *
   * @throws TokenError for a token that is no access token
   */
  readonly read: (
    claims: Readonly<Record<string, unknown>>,
  ) => Pick<VerifiedAccessToken, 'clientId' | 'scopes'> & { readonly tokenId: string | undefined }
}

/** Options of {@link createAccessTokenVerifier}. */
export interface AccessTokenVerifierOptions {
  /** The accepted `iss`, compared byte for byte. */
  readonly issuer: string | readonly string[]
  /** The token's `aud` must hold one of these. */
  readonly audience: string | readonly string[]
  readonly keys: TokenKeySource
  /** Default the tokens of our own authorization server, by RFC 9068. */
  readonly profile?: TokenProfile
  /** Clock difference forgiven for `exp`, `nbf` and `iat`. Default 10, range 0 to 300. */
  readonly clockToleranceSeconds?: number
  /** Verified tokens that are remembered. Default 5000; 0 remembers none. */
  readonly cacheSize?: number
  /** Longest time for which a verified token is remembered. Default 300. */
  readonly cacheMaxAgeSeconds?: number
  /** Default {@link webSha256}. */
  readonly sha256?: Sha256
  /** Default {@link webVerifySignature}. */
  readonly verifySignature?: VerifySignature
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/** A member of `authorization_details` (RFC 9396). */
export interface AuthorizationDetail extends Readonly<Record<string, unknown>> {
  readonly type: string
}

/** Connections by the names under which a user granted them. Has no prototype, so any name can be looked up. */
export type GrantedConnections = Readonly<Record<string, ConnectionHandle>>

/** What a valid access token says. Frozen, because one object serves every request of a token. */
export interface VerifiedAccessToken {
  readonly issuer: string
  readonly subject: string
  readonly clientId: string
  readonly audience: readonly string[]
  readonly scopes: readonly string[]
  /** `iat`, in seconds. */
  readonly issuedAt: number
  /** `exp`, in seconds. */
  readonly expiresAt: number
  /** `jti`, or the token's hash where another issuer gives none. */
  readonly tokenId: string
  /** Thumbprint of the key that must prove itself, when the token is bound to one. */
  readonly jkt: string | undefined
  /**
   * Who acts for the subject when the token came from exchanges: `act.sub`, then each `act.sub` nested
   * in it, up to the client that acted first. Empty otherwise.
   */
  readonly actors: readonly string[]
  /** `ddls:connections`. */
  readonly connections: GrantedConnections
  /**
   * `authorization_details`: what may be done in detail; undefined when nothing limits it so. Those of
   * type `connection` name handles and what may be done with them, which dispatch enforces.
   */
  readonly authorizationDetails: readonly AuthorizationDetail[] | undefined
  /** `ddls:grant`: the grant's opaque reference, for revocation. */
  readonly grant: string | undefined
  /** `ddls:resource`: the resource that the exchanged token was made for. */
  readonly resource: string | undefined
  /** All claims as they were signed. */
  readonly claims: Readonly<Record<string, unknown>>
  /** SHA-256 of the token as base64url: what a proof's `ath` must be. */
  readonly hash: string
}

/** A verifier made by {@link createAccessTokenVerifier}. */
export interface AccessTokenVerifier {
  /**
   * Checks a JWT access token.
   *
   * @param audience - accepted audiences of this call instead of the configured ones
   * @throws TokenError `invalid_token`, or `temporarily_unavailable` when keys cannot be had
   */
  readonly verify: (
    token: string,
    audience?: string | readonly string[],
  ) => Promise<VerifiedAccessToken>
}

const maxTokenLength = 16_384
const thumbprintPattern = /^[A-Za-z0-9_-]{43}$/

const refuse = (reason: string, cause?: unknown): never => {
  throw new TokenError('invalid_token', reason, cause === undefined ? {} : { cause })
}

const optionalText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 ? value : undefined

function requiredText(claims: JWTPayload, claim: string): string {
  return optionalText(claims[claim]) ?? refuse(`the token has no ${claim}`)
}

function requiredSeconds(claims: JWTPayload, claim: string): number {
  const value = claims[claim]
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : refuse(`the token has no ${claim}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function audienceOf(claims: JWTPayload): readonly string[] {
  const { aud } = claims
  if (typeof aud === 'string' && aud.length > 0) return [aud]
  if (Array.isArray(aud) && aud.length > 0 && aud.every((one) => typeof one === 'string')) {
    return aud
  }
  return refuse('the token has no aud')
}

// A confirmation that we cannot check must not turn into a bearer token (RFC 7800 section 3.1).
function confirmationOf(claims: JWTPayload): string | undefined {
  const confirmation = claims['cnf']
  if (confirmation === undefined) return undefined
  if (!isObject(confirmation)) return refuse('the token has a malformed cnf')
  const { jkt } = confirmation
  if (Object.keys(confirmation).length !== 1 || typeof jkt !== 'string') {
    return refuse('the token is bound to its key in an unknown way')
  }
  return thumbprintPattern.test(jkt) ? jkt : refuse('the token has a malformed cnf')
}

function connectionsOf(claims: JWTPayload): GrantedConnections {
  const named = claims['ddls:connections']
  const connections = Object.create(null) as Record<string, ConnectionHandle>
  if (named === undefined) return connections
  if (!isObject(named)) return refuse('the token has a malformed ddls:connections')
  for (const [name, handle] of Object.entries(named)) {
    if (!isConnectionHandle(handle)) return refuse('the token has a malformed ddls:connections')
    connections[name] = handle
  }
  return connections
}

/**
 * What a token names that the authorization server has just handed us; undefined for one that names none or
 * that we cannot read. Nothing rests on it: the authorization server checks each handle again.
 */
export function connectionsIn(accessToken: string): GrantedConnections | undefined {
  try {
    const claims = decodeJwt(accessToken)
    return claims['ddls:connections'] === undefined ? undefined : connectionsOf(claims)
  } catch {
    return undefined
  }
}

function detailsOf(claims: JWTPayload): readonly AuthorizationDetail[] | undefined {
  const details = claims['authorization_details']
  if (details === undefined) return undefined
  const isDetail = (one: unknown): one is AuthorizationDetail =>
    isObject(one) && optionalText(one['type']) !== undefined
  return Array.isArray(details) && details.every(isDetail)
    ? details
    : refuse('the token has malformed authorization_details')
}

function actorsOf(claims: JWTPayload): readonly string[] {
  const actors: string[] = []
  let actor = claims['act']
  while (actor !== undefined) {
    const subject = isObject(actor) ? optionalText(actor['sub']) : undefined
    actors.push(subject ?? refuse('the token has a malformed act'))
    actor = (actor as Readonly<Record<string, unknown>>)['act']
  }
  return actors
}

function scopesOf(claims: JWTPayload): readonly string[] {
  const { scope } = claims
  if (scope === undefined) return []
  if (typeof scope !== 'string') return refuse('the token has a malformed scope')
  return scope.split(' ').filter((one) => one.length > 0)
}

const ownProfile: TokenProfile = {
  types: ['at+jwt', 'application/at+jwt'],
  algorithms: accessTokenAlgorithms,
  read: (claims) => ({
    clientId: requiredText(claims, 'client_id'),
    scopes: scopesOf(claims),
    tokenId: requiredText(claims, 'jti'),
  }),
}

function decode(
  token: string,
  profile: TokenProfile,
): {
  header: { alg: string; kid: string }
  claims: JWTPayload
} {
  if (token.length > maxTokenLength) refuse('the token is too long')
  try {
    const { alg, kid, typ, crit } = decodeProtectedHeader(token)
    if (!profile.types.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)) {
      return refuse(`the token is not of type ${profile.types[0] ?? 'at+jwt'}`)
    }
    if (!(profile.algorithms as readonly unknown[]).includes(alg)) {
      return refuse('the token uses an algorithm that is not allowed')
    }
    if (crit !== undefined) return refuse('the token has critical headers that are not understood')
    if (typeof kid !== 'string' || kid.length > 256) return refuse('the token names no key')
    return { header: { alg: alg as string, kid }, claims: decodeJwt(token) }
  } catch (error) {
    if (error instanceof TokenError) throw error
    return refuse('the token is not a JWT', error)
  }
}

function readClaims(claims: JWTPayload, hash: string, profile: TokenProfile): VerifiedAccessToken {
  const { clientId, scopes, tokenId } = profile.read(claims)
  return deepFreeze({
    issuer: requiredText(claims, 'iss'),
    subject: requiredText(claims, 'sub'),
    clientId,
    audience: audienceOf(claims),
    scopes,
    issuedAt: requiredSeconds(claims, 'iat'),
    expiresAt: requiredSeconds(claims, 'exp'),
    tokenId: tokenId ?? hash,
    jkt: confirmationOf(claims),
    actors: actorsOf(claims),
    connections: connectionsOf(claims),
    authorizationDetails: detailsOf(claims),
    grant: optionalText(claims['ddls:grant']),
    resource: optionalText(claims['ddls:resource']),
    claims,
    hash,
  })
}

/**
 * Makes a verifier of our authorization server's JWT access tokens. Everything that costs nothing is
 * checked before the signature; a verified token is remembered by its hash until it expires.
 *
 * @throws RangeError for numbers that cannot be
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4}
 */
export function createAccessTokenVerifier(
  options: AccessTokenVerifierOptions,
): AccessTokenVerifier {
  const { issuer, keys, sha256 = webSha256 } = options
  const { verifySignature = webVerifySignature, profile = ownProfile } = options
  const issuers = typeof issuer === 'string' ? [issuer] : issuer
  const now = options.now ?? Date.now
  const clockToleranceSeconds = inRange(
    'clockToleranceSeconds',
    options.clockToleranceSeconds ?? 10,
    0,
    300,
  )
  const cacheMaxAgeMs = inRange('cacheMaxAgeSeconds', options.cacheMaxAgeSeconds ?? 300, 0) * 1000
  const verified = new BoundedCache<{ token: VerifiedAccessToken; forgetAtMs: number }>(
    inRange('cacheSize', options.cacheSize ?? 5000, 0),
  )

  const checkTime = (token: VerifiedAccessToken): void => {
    const seconds = now() / 1000
    if (seconds >= token.expiresAt + clockToleranceSeconds) refuse('the token has expired')
  }
  const checkAudience = (
    token: VerifiedAccessToken,
    audience: string | readonly string[],
  ): void => {
    const accepted = typeof audience === 'string' ? [audience] : audience
    if (!token.audience.some((one) => accepted.includes(one))) {
      refuse('the token is meant for another audience')
    }
  }
  const checkIssue = (token: VerifiedAccessToken): void => {
    const latest = now() / 1000 + clockToleranceSeconds
    const { nbf } = token.claims
    if (!issuers.includes(token.issuer)) refuse('the token is of another issuer')
    if (token.issuedAt > latest) refuse('the token was issued in the future')
    if (nbf !== undefined && (typeof nbf !== 'number' || !(nbf <= latest))) {
      refuse('the token is not valid yet')
    }
  }

  return {
    verify: async (token, audience = options.audience) => {
      if (token.length > maxTokenLength) refuse('the token is too long')
      const hashed = sha256(token)
      const hash = typeof hashed === 'string' ? hashed : await hashed
      const known = verified.get(hash)
      if (known !== undefined && known.forgetAtMs > now()) {
        checkTime(known.token)
        checkAudience(known.token, audience)
        return known.token
      }
      const { header, claims } = decode(token, profile)
      const read = readClaims(claims, hash, profile)
      checkIssue(read)
      checkTime(read)
      checkAudience(read, audience)
      const key = await keys(header)
      try {
        const pending = verifySignature(token, key, header.alg)
        if (pending) await pending
      } catch (error) {
        refuse('the token has a wrong signature', error)
      }
      verified.set(hash, { token: read, forgetAtMs: now() + cacheMaxAgeMs })
      return read
    },
  }
}
