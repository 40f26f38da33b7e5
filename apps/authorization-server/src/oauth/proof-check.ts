import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { BoundedCache, jwkThumbprint } from '@holdfast/protocol/token'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type DPoPValidationResult, validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import { verifyBytes } from '../signing-algorithms.ts'
import type { DpopNonces } from './dpop-nonces.ts'

export interface ProofCheckOptions {
  /** Those that the library hands out. */
  readonly nonces: DpopNonces
  /** Whether the proof of this request must carry one. */
  readonly requireNonce: (koa: KoaContextWithOIDC) => boolean
}

interface ProofKey {
  readonly key: KeyObject
  /** RFC 7638 thumbprint. */
  readonly jkt: string
}

type ProofCheck = (koa: KoaContextWithOIDC) => DPoPValidationResult | undefined

/** Header, claims and signature of an ordinary proof by ES256. */
const ordinary = /^([\w-]{1,400})\.([\w-]{1,2000})\.([\w-]{86})$/
const coordinate = /^[\w-]{43}$/
/** How far a proof without a nonce may be from now, either way: what the library allows. */
const windowSeconds = 300
const keyLimit = 2000

const checks = new WeakMap<Provider, ProofCheck>()

/**
 * Checks the proof of a token request. Where {@link speedUpProofs} was called, ordinary proofs are
 * taken without the library; what it would refuse or we do not read is left to it, also to say why.
 * @throws InvalidDpopProof, UseDpopNonce
 */
export const validateProof: typeof validateDpop = async (provider, ctx, accessToken) =>
  (accessToken === undefined ? checks.get(provider)?.(ctx) : undefined) ??
  validateDpop(provider, ctx, accessToken)

/**
 * Lets {@link validateProof} check on this thread, with keys that it remembers: the library imports
 * the key and goes to the thread pool twice for each proof, which is a third of the cost of a token.
 * Everything that the library checks is checked, and nothing is taken that it would refuse.
 */
export function speedUpProofs(provider: Provider, options: ProofCheckOptions): void {
  /** By the proof's header, which a client sends with every proof. */
  const keys = new BoundedCache<ProofKey>(keyLimit)
  const used = new WeakMap<object, { readonly header: string; readonly key: ProofKey }>()
  checks.set(provider, (koa) => {
    const [proof, header = '', body = '', signature = ''] = ordinary.exec(koa.get('DPoP')) ?? []
    if (proof === undefined) return undefined
    const claims = readObject(body)
    const { jti, iat, nonce, htm, htu, exp, nbf } = claims ?? {}
    if (typeof jti !== 'string' || jti === '' || typeof iat !== 'number' || iat === 0)
      return undefined
    if (htm !== koa.method || htu !== koa.oidc.urlFor('token')) return undefined
    if (exp !== undefined || nbf !== undefined) return undefined
    if (!isTimely(iat, nonce, koa, options)) return undefined
    const key = keys.get(header) ?? readKey(header)
    if (!key || !verifyBytes('ES256', key.key, `${header}.${body}`, signature)) return undefined
    if (nonce !== options.nonces.current()) koa.set('DPoP-Nonce', options.nonces.current())
    used.set(koa.req, { header, key })
    return { thumbprint: key.jkt, jti, iat }
  })
  // Only keys that got a token: whoever gets none cannot push others out.
  provider.on('grant.success', (koa) => {
    const known = used.get(koa.req)
    if (known) keys.set(known.header, known.key)
  })
}

/** A nonce says when the proof was made; without one its own word counts. */
function isTimely(
  iat: number,
  nonce: unknown,
  koa: KoaContextWithOIDC,
  { nonces, requireNonce }: ProofCheckOptions,
): boolean {
  if (nonce !== undefined) return typeof nonce === 'string' && nonces.accepts(nonce)
  return !requireNonce(koa) && Math.abs(Math.floor(Date.now() / 1000) - iat) <= windowSeconds
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function readObject(part: string): Readonly<Record<string, unknown>> | undefined {
  // Node drops a letter that spells nothing; the library refuses it.
  if (part.length % 4 === 1) return undefined
  try {
    const value: unknown = JSON.parse(decoder.decode(Buffer.from(part, 'base64url')))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The key of a header that says what it must and nothing else. */
function readKey(header: string): ProofKey | undefined {
  const { typ, alg, jwk, ...others } = readObject(header) ?? {}
  if (typ !== 'dpop+jwt' || alg !== 'ES256' || Object.keys(others).length > 0) return undefined
  const { kty, crv, x, y, ...unusual } = (jwk ?? {}) as Readonly<Record<string, unknown>>
  if (kty !== 'EC' || crv !== 'P-256' || Object.keys(unusual).length > 0) return undefined
  if (typeof x !== 'string' || typeof y !== 'string') return undefined
  if (!coordinate.test(x) || !coordinate.test(y)) return undefined
  const publicJwk = { kty, crv, x, y } as const
  try {
    const key = createPublicKey({ key: publicJwk, format: 'jwk' })
    return { key, jkt: jwkThumbprint(publicJwk, sha256) as string }
  } catch {
    return undefined
  }
}

const sha256 = (text: string): string => hash('sha256', text, 'base64url')
