import sodium, { ready } from 'libsodium-wrappers'
import { encodeEnvelope } from './credential-envelope.ts'
import type { SealingKey } from './key-set.ts'
import { fromBase64url } from './bytes.ts'

/** A sealed credential, ready to upload. */
export interface SealedCredential {
  readonly form: 'sealed-box'
  /** Id of the sealing key, so that the enclave need not try several. */
  readonly kid: string
  /** libsodium sealed box of the encoded envelope. */
  readonly sealed: Uint8Array
}

/**
 * Seals a credential to the enclave on the device that holds it. Only the enclave can open it.
 *
 * @param key - a sealing key taken from `verifyKeySet`, which checked its signature and validity
 * @throws ProtocolError `INVALID_ENVELOPE` when a field is missing or the binding is malformed
 * @see {@link https://doc.libsodium.org/public-key_cryptography/sealed_boxes}
 */
export async function seal(
  key: SealingKey,
  envelope: Parameters<typeof encodeEnvelope>[0],
): Promise<SealedCredential> {
  await ready
  const plaintext = encodeEnvelope(envelope)
  try {
    const sealed = sodium.crypto_box_seal(plaintext, fromBase64url(key.public_key))
    return { form: 'sealed-box', kid: key.kid, sealed }
  } finally {
    plaintext.fill(0)
  }
}
