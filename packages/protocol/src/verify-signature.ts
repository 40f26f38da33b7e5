import { compactVerify, importJWK } from 'jose'
import type { DpopPublicJwk } from './dpop-key.ts'

/**
 * Checks the signature of a compact JWS, whose header was checked before, and throws when it is wrong.
 * Every runtime has WebCrypto; a synchronous check saves a server the way to its thread pool.
 */
export type VerifySignature = (jws: string, key: CryptoKey, alg: string) => void | Promise<void>

/** {@link VerifySignature} with WebCrypto. */
export const webVerifySignature: VerifySignature = async (jws, key, alg) => {
  await compactVerify(jws, key, { algorithms: [alg] })
}

/** Checks that a proof was signed with one key, and throws when it was not. */
export type VerifyProof = (proof: string) => void | Promise<void>

/**
 * Reads the public key of a proof, whose form was checked before, for the algorithm that it names.
 *
 * @throws Error when it is no such key
 */
export type ImportProofKey = (jwk: DpopPublicJwk, alg: string) => VerifyProof | Promise<VerifyProof>

/** {@link ImportProofKey} with WebCrypto keys. */
export const webImportProofKey =
  (verifySignature: VerifySignature): ImportProofKey =>
  async (jwk, alg) => {
    const key = await importJWK({ ...jwk }, alg)
    return (proof) => verifySignature(proof, key, alg)
  }
