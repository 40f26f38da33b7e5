import { createPublicKey, hash, KeyObject, verify } from 'node:crypto'
import type { ImportProofKey, Sha256, VerifySignature } from '@holdfast/protocol/token'

/** Node's hash, a twentieth of WebCrypto's cost; for the `sha256` option of other bindings. */
export const nodeSha256: Sha256 = (text) => hash('sha256', text, 'base64url')

interface Algorithm {
  /** What a key must be for, as WebCrypto names it. */
  readonly keyName: string
  readonly digest: 'sha256' | null
}

const algorithms: Readonly<Record<string, Algorithm>> = {
  ES256: { keyName: 'ECDSA', digest: 'sha256' },
  RS256: { keyName: 'RSASSA-PKCS1-v1_5', digest: 'sha256' },
  EdDSA: { keyName: 'Ed25519', digest: null },
  Ed25519: { keyName: 'Ed25519', digest: null },
}

function digestFor(alg: string, keyName: string): Algorithm['digest'] {
  const algorithm = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (algorithm?.keyName !== keyName) throw new Error('the key is for another algorithm')
  return algorithm.digest
}

const keyObjects = new WeakMap<CryptoKey, KeyObject>()

function keyObjectOf(key: CryptoKey): KeyObject {
  const known = keyObjects.get(key)
  if (known) return known
  const made = KeyObject.from(key)
  keyObjects.set(key, made)
  return made
}

/**
 * Node's signature check without a detour through the thread pool, which costs half a verification
 * more; for the `verifySignature` option of other bindings. Stricter than WebCrypto's callers in one
 * point: a signature has exactly one spelling.
 *
 * @throws Error when the signature is wrong or the key is for another algorithm
 */
export const nodeVerifySignature: VerifySignature = (jws, key, alg) => {
  const digest = digestFor(alg, key.algorithm.name)
  requireSignature(jws, keyObjectOf(key), digest)
}

/**
 * Node's import of a proof's key, half the cost of WebCrypto's, and then the check of
 * {@link nodeVerifySignature}; for the `importProofKey` option of other bindings.
 *
 * @throws Error when it is no point of the curve, or the algorithm is for other keys
 */
export const nodeImportProofKey: ImportProofKey = (jwk, alg) => {
  const digest = digestFor(alg, jwk.kty === 'EC' ? 'ECDSA' : 'Ed25519')
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  return (proof) => requireSignature(proof, key, digest)
}

function requireSignature(jws: string, key: KeyObject, digest: Algorithm['digest']): void {
  const end = jws.lastIndexOf('.')
  const text = jws.slice(end + 1)
  const signature = Buffer.from(text, 'base64url')
  const isValid =
    signature.toString('base64url') === text &&
    verify(
      digest,
      Buffer.from(jws.slice(0, end), 'utf8'),
      { key, dsaEncoding: 'ieee-p1363' },
      signature,
    )
  if (!isValid) throw new Error('the signature does not verify')
}
