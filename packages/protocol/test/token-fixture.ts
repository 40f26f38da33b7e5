import { hash } from 'node:crypto'
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import {
  type AccessTokenVerifier,
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  type DpopVerifier,
  type DpopVerifierOptions,
  type Sha256,
  TokenError,
} from '../src/token.ts'

export const issuer = 'https://as.example'
export const audience = 'https://mcp.example/mcp'
export const nodeSha256: Sha256 = (text) => hash('sha256', text, 'base64url')

/** A clock that only tests move. */
export interface TestClock {
  readonly now: () => number
  readonly advance: (ms: number) => void
}

export function testClock(): TestClock {
  let ms = 1_767_225_600_000
  return {
    now: () => ms,
    advance: (by) => {
      ms += by
    },
  }
}

export interface SigningKey {
  readonly alg: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: Record<string, unknown>
}

export async function signingKey(
  kid: string,
  alg = 'ES256',
  members: Record<string, unknown> = { use: 'sig' },
): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(pair.publicKey)
  return { alg, kid, privateKey: pair.privateKey, publicJwk: { ...jwk, kid, alg, ...members } }
}

export const keySet = (...keys: readonly SigningKey[]): JSONWebKeySet => ({
  keys: keys.map((key) => key.publicJwk),
})

/** Signs a token whose claims are valid unless overridden; `undefined` removes a claim. */
export async function signToken(
  key: SigningKey,
  clock: TestClock,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const seconds = Math.floor(clock.now() / 1000)
  const payload: Record<string, unknown> = {
    iss: issuer,
    aud: audience,
    sub: 'usr_1',
    client_id: 'client_1',
    jti: crypto.randomUUID(),
    iat: seconds,
    exp: seconds + 300,
    scope: 'tools:call files:read',
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey)
}

export function tokenVerifier(
  keys: JSONWebKeySet,
  clock: TestClock,
  options: Partial<AccessTokenVerifierOptions> = {},
): AccessTokenVerifier {
  return createAccessTokenVerifier({
    issuer,
    audience,
    keys: createLocalKeySource(() => keys),
    sha256: nodeSha256,
    now: clock.now,
    ...options,
  })
}

export function proofVerifier(
  clock: TestClock,
  options: Partial<DpopVerifierOptions> = {},
): DpopVerifier {
  return createDpopVerifier({
    replay: createMemoryReplayStore({ now: clock.now }),
    sha256: nodeSha256,
    now: clock.now,
    ...options,
  })
}

/** The {@link TokenError} that a promise must end in, as `code: reason`. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (error instanceof TokenError) return `${error.code}: ${error.reason}`
  throw new Error('the request was not refused', { cause: error })
}
