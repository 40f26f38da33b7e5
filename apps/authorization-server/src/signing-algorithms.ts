import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'

/** Algorithms that token signing keys can have; the first is the default. */
export const signingAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** A public key as `/.well-known/jwks.json` shows it. */
export interface PublicSigningKey {
  readonly kty: string
  readonly kid: string
  readonly use: 'sig'
  readonly alg: SigningAlgorithm
  readonly [member: string]: string
}

interface KeyPair {
  readonly privateKey: KeyObject
}

interface Recipe {
  readonly digest: 'sha256' | null
  readonly generate: () => KeyPair | Promise<KeyPair>
  /** Members of the thumbprint, in its order (RFC 7638, RFC 8037). */
  readonly members: readonly string[]
}

const recipes: Readonly<Record<SigningAlgorithm, Recipe>> = {
  ES256: {
    digest: 'sha256',
    generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    members: ['crv', 'kty', 'x', 'y'],
  },
  EdDSA: {
    digest: null,
    generate: () => generateKeyPairSync('ed25519'),
    members: ['crv', 'kty', 'x'],
  },
  RS256: {
    digest: 'sha256',
    // Searching primes takes long enough to keep others waiting.
    generate: () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 }),
    members: ['e', 'kty', 'n'],
  },
}

/** True for a name of {@link signingAlgorithms}. */
export const isSigningAlgorithm = (name: unknown): name is SigningAlgorithm =>
  (signingAlgorithms as readonly unknown[]).includes(name)

/** A fresh private key as JWK, with its thumbprint as `kid`. */
export async function generateSigningKey(
  alg: SigningAlgorithm,
): Promise<Readonly<Record<string, string>>> {
  const { generate: make, members } = recipes[alg]
  const { privateKey } = await make()
  const jwk = privateKey.export({ format: 'jwk' }) as Record<string, string>
  const named = Object.fromEntries(members.map((member) => [member, jwk[member] ?? '']))
  const kid = hash('sha256', JSON.stringify(named), 'base64url')
  return { ...jwk, kid, use: 'sig', alg }
}

/** Both halves of a stored private JWK. */
export function readSigningKey(privateJwk: Readonly<Record<string, unknown>>): {
  readonly publicJwk: PublicSigningKey
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
} {
  const { kid, use, alg } = privateJwk
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  const publicKey = createPublicKey(privateKey)
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, use, alg } as PublicSigningKey
  return { publicJwk, publicKey, privateKey }
}

/** Signs as JWS does. Synchronous: a job for the thread pool costs more than an ES256 signature. */
export const signBytes = (alg: SigningAlgorithm, key: KeyObject, bytes: Uint8Array): Uint8Array =>
  sign(recipes[alg].digest, bytes, { key, dsaEncoding: 'ieee-p1363' })

/** Checks the signature of a compact JWS, in its one spelling. */
export function verifyBytes(
  alg: SigningAlgorithm,
  key: KeyObject,
  signed: string,
  signature: string,
): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  // A second spelling of the signature would be a second token to whoever tells tokens by their text.
  return (
    bytes.toString('base64url') === signature &&
    verify(recipes[alg].digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  )
}
