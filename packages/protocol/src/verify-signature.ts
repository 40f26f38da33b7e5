import { compactVerify } from 'jose'

/**
 * Checks the signature of a compact JWS, whose header was checked before, and throws when it is wrong.
 * Every runtime has WebCrypto; a synchronous check saves a server the way to its thread pool.
 */
export type VerifySignature = (jws: string, key: CryptoKey, alg: string) => void | Promise<void>

/** {@link VerifySignature} with WebCrypto. */
export const webVerifySignature: VerifySignature = async (jws, key, alg) => {
  await compactVerify(jws, key, { algorithms: [alg] })
}
