import {
  type AccessTokenVerifier,
  createAccessTokenVerifier,
  createRemoteKeySource,
  type Sha256,
  TokenError,
  type TokenProfile,
  type VerifiedAccessToken,
  type VerifySignature,
} from '@holdfast/protocol/token'
import {
  called,
  checkOptions,
  flag,
  number,
  oneOf,
  type OptionCheck,
  type OptionTable,
  someTexts,
  text,
  texts,
  wholeNumber,
} from './check-options.ts'
import { type Fetch, platformFetch, requestJson } from './http-client.ts'
import { isSecure } from './secure-url.ts'

/** Decides whether a token is valid and what it says. {@link JWTValidator} is one. */
export interface AuthorizationProvider {
  /** @throws TokenError `invalid_token`, or `temporarily_unavailable` when it cannot be told */
  readonly verify: AccessTokenVerifier['verify']
}

/** Signature algorithms that {@link JWTValidator} knows. */
export type JWTAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** Options of {@link JWTValidator}. */
export interface JWTValidatorOptions {
  /** The issuer's JWK Set: `https`, or `http` on a loopback address. */
  readonly jwksUri: string
  /** Accepted `iss`, byte for byte: Auth0's ends with a slash, most others' do not. */
  readonly issuer: string | readonly string[]
  /** The token's `aud` must hold one of these. There is no way to accept any audience. */
  readonly audience: string | readonly string[]
  /** Default RS256 and ES256. */
  readonly algorithms?: readonly JWTAlgorithm[]
  /**
   * Where scopes are: claim names, with dots for members. Values may be lists or texts with blanks;
   * all of them count. Default `scope` and `scp`.
   */
  readonly scopeClaims?: readonly string[]
  /** Where the client is named; the first that is there counts. Default `client_id`, `azp`, `cid`, `appid`. */
  readonly clientIdClaims?: readonly string[]
  /** `false` refuses tokens that are not marked `at+jwt`. Default true: most issuers mark them `JWT`. */
  readonly acceptUntypedTokens?: boolean
  /** Clock difference forgiven, 0 to 300. Default 60. */
  readonly leewaySeconds?: number
  /** Age at which keys are fetched again, 0 to a week. Default 3600. */
  readonly jwksCacheSeconds?: number
  /** Least time between two fetches of keys, also for unknown key ids: 1 to a day. Default 5. */
  readonly jwksCooldownSeconds?: number
  /** Verified tokens that are remembered. Default 5000; 0 remembers none. */
  readonly cacheSize?: number
  /** Default WebCrypto; on Node pass `nodeSha256` of `./node`. */
  readonly sha256?: Sha256
  /** Default WebCrypto; on Node pass `nodeVerifySignature` of `./node`. */
  readonly verifySignature?: VerifySignature
  /** Default the platform's. */
  readonly fetch?: Fetch
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

type Claims = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// Names may hold dots themselves (`https://example.com/roles`, a client called `mcp.example`), so every
// way to cut the path is tried, the whole name first.
function claimAt(claims: unknown, path: string): unknown {
  if (!isObject(claims)) return undefined
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(claims, name)
      ? claimAt(claims[name], path.slice(dot + 1))
      : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one !== '') : []
}

// An ID token has the client as its audience, which a careless configuration may list.
function refuseOtherTokens(claims: Claims): void {
  const kind = claims['token_use'] ?? claims['typ']
  const isOther =
    claims['at_hash'] !== undefined ||
    claims['c_hash'] !== undefined ||
    (typeof kind === 'string' && /^(?:id|refresh|offline|logout)$/i.test(kind))
  if (isOther) throw new TokenError('invalid_token', 'the token is not an access token')
}

function profileOf(options: JWTValidatorOptions): TokenProfile {
  const { scopeClaims = ['scope', 'scp'] } = options
  const { clientIdClaims = ['client_id', 'azp', 'cid', 'appid'] } = options
  const untyped = options.acceptUntypedTokens === false ? [] : ['jwt', undefined]
  return {
    types: ['at+jwt', 'application/at+jwt', ...untyped],
    algorithms: options.algorithms ?? ['RS256', 'ES256'],
    read: (claims) => {
      refuseOtherTokens(claims)
      const clients = clientIdClaims.map((path) => claimAt(claims, path))
      const clientId = clients.find((value) => typeof value === 'string' && value !== '')
      const tokenId = claims['jti'] ?? claims['uti']
      if (tokenId !== undefined && typeof tokenId !== 'string') {
        throw new TokenError('invalid_token', 'the token has a malformed jti')
      }
      return {
        clientId: typeof clientId === 'string' ? clientId : '',
        scopes: [...new Set(scopeClaims.flatMap((path) => textsOf(claimAt(claims, path))))],
        tokenId,
      }
    },
  }
}

function readJwksUri(value: string): string {
  const url = URL.parse(value)
  if (url !== null && isSecure(url)) return value
  throw new TypeError('JWTValidator: jwksUri must be https, or http on a loopback address')
}

const algorithms: readonly JWTAlgorithm[] = ['RS256', 'ES256', 'EdDSA']

const oneOrMore: OptionCheck = (value) =>
  text(value) === undefined || someTexts(value) === undefined
    ? undefined
    : ' must be a text or a list of texts, none of them empty'

/** The options of {@link JWTValidator}, and what `nodeCrypto` of `./node` holds besides. */
const optionTable: OptionTable<JWTValidatorOptions & { readonly importProofKey?: unknown }> = {
  jwksUri: text,
  issuer: oneOrMore,
  audience: oneOrMore,
  algorithms: (value) =>
    someTexts(value) === undefined &&
    (value as readonly string[]).every((one) => oneOf(...algorithms)(one) === undefined)
      ? undefined
      : ` must be a list of ${algorithms.join(', ')}`,
  scopeClaims: texts,
  clientIdClaims: texts,
  acceptUntypedTokens: flag,
  leewaySeconds: number(0, 300),
  jwksCacheSeconds: number(0, 7 * 86_400),
  jwksCooldownSeconds: number(1, 86_400),
  cacheSize: wholeNumber(0, 1_000_000),
  sha256: called,
  verifySignature: called,
  importProofKey: called,
  fetch: called,
  now: called,
}

/**
 * Checks JWT access tokens of any issuer: Auth0, Okta, Keycloak, Entra, or a Holdfast server. Issuer
 * and audience are always compared; keys are fetched with a cool-down, and only those for signatures
 * are used.
 *
 * @example
 * ```ts
 * server.setAuthorizationProvider(
 *   new JWTValidator({
 *     jwksUri: 'https://tenant.okta.example/oauth2/default/v1/keys',
 *     issuer: 'https://tenant.okta.example/oauth2/default',
 *     audience: 'https://mcp.example/mcp',
 *   }),
 * )
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4}
 */
export class JWTValidator implements AuthorizationProvider {
  readonly #verifier: AccessTokenVerifier

  /** @throws TypeError without an issuer, an audience or a safe `jwksUri`, and for any wrong option */
  constructor(options: JWTValidatorOptions) {
    checkOptions('JWTValidator', options, optionTable, {
      // Untyped callers leave these out, and `undefined` must not mean that anything goes.
      required: ['jwksUri', 'issuer', 'audience'],
    })
    const jwksUri = readJwksUri(options.jwksUri)
    const { fetch = platformFetch, now = Date.now, sha256, verifySignature, cacheSize } = options
    const load = async (): Promise<unknown> => {
      const { status, body } = await requestJson(fetch, jwksUri, {
        headers: { accept: 'application/json' },
        timeoutMs: 5_000,
        maxBytes: 1024 * 1024,
      })
      if (status !== 200) throw new Error(`the issuer's key set answered ${status}`)
      return body
    }
    this.#verifier = createAccessTokenVerifier({
      issuer: options.issuer,
      audience: options.audience,
      keys: createRemoteKeySource({
        load,
        now,
        maxAgeMs: (options.jwksCacheSeconds ?? 3600) * 1000,
        cooldownMs: (options.jwksCooldownSeconds ?? 5) * 1000,
      }),
      profile: profileOf(options),
      clockToleranceSeconds: options.leewaySeconds ?? 60,
      now,
      ...(cacheSize === undefined ? {} : { cacheSize }),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(verifySignature === undefined ? {} : { verifySignature }),
    })
  }

  verify(token: string, audience?: string | readonly string[]): Promise<VerifiedAccessToken> {
    return this.#verifier.verify(token, audience)
  }
}
