import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { type Sha256, webSha256 } from './sha256.ts'

/** A public key as a proof's header carries it: only the members that name the key. */
export type DpopPublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }

/** Signature algorithms that a proof may use, with the only key type of each. */
export const dpopAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const

/** A client's key for DPoP proofs. Structurally a `CryptoKeyPair`. */
export interface DpopKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: DpopPublicJwk
  /** RFC 7638 thumbprint of the public key: what a token's `cnf.jkt` names. */
  readonly jkt: string
}

const coordinate = /^[A-Za-z0-9_-]{43}$/
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * The public key in a proof's header, reduced to the members that name it; undefined when it is not
 * a plain public key of the algorithm, also when it carries a private member.
 */
export function readPublicJwk(jwk: unknown, alg: string): DpopPublicJwk | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return undefined
  const { kty, crv, x, y } = jwk as Record<string, unknown>
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return undefined
  if (typeof x !== 'string' || !coordinate.test(x)) return undefined
  if (alg === 'ES256') {
    const isPoint = kty === 'EC' && crv === 'P-256' && typeof y === 'string' && coordinate.test(y)
    return isPoint ? { kty: 'EC', crv: 'P-256', x, y } : undefined
  }
  return kty === 'OKP' && crv === 'Ed25519' && y === undefined
    ? { kty: 'OKP', crv: 'Ed25519', x }
    : undefined
}

// RFC 7638 section 3: required members only, in lexicographic order. Written out because every value
// was matched against a pattern without characters that JSON escapes.
const thumbprintInput = (jwk: DpopPublicJwk): string =>
  jwk.kty === 'EC'
    ? `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
    : `{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`

/**
 * SHA-256 thumbprint of a public key.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7638#section-3}
 */
export function jwkThumbprint(
  jwk: DpopPublicJwk,
  sha256: Sha256 = webSha256,
): string | Promise<string> {
  return sha256(thumbprintInput(jwk))
}

async function describe(pair: { privateKey: CryptoKey; publicKey: CryptoKey }): Promise<DpopKey> {
  const publicJwk = readPublicJwk(await exportJWK(pair.publicKey), 'ES256')
  if (publicJwk === undefined) throw new TypeError('a DPoP key is an EC key on P-256')
  return { ...pair, publicJwk, jkt: await jwkThumbprint(publicJwk) }
}

/** Makes an ES256 key for proofs. The private key cannot be exported unless asked for. */
export async function generateDpopKey(
  options: { readonly extractable?: boolean } = {},
): Promise<DpopKey> {
  return describe(await generateKeyPair('ES256', { extractable: options.extractable ?? false }))
}

/** The private JWK of an extractable key, for a client that keeps its key on disk. A secret. */
export async function exportDpopKey(key: DpopKey): Promise<JWK> {
  return exportJWK(key.privateKey)
}

/**
 * The key of a private JWK made by {@link exportDpopKey}.
 *
 * @throws TypeError when the JWK is no private EC key on P-256
 */
export async function importDpopKey(jwk: JWK): Promise<DpopKey> {
  const { d, ...rest } = jwk
  const publicJwk = readPublicJwk(rest, 'ES256')
  if (publicJwk === undefined || typeof d !== 'string') {
    throw new TypeError('a DPoP key is a private EC key on P-256')
  }
  const privateKey = await importJWK({ ...publicJwk, d }, 'ES256')
  const publicKey = await importJWK({ ...publicJwk }, 'ES256', { extractable: true })
  return describe({ privateKey, publicKey })
}
