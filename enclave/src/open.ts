import { constants, createDecipheriv, createPrivateKey, privateDecrypt } from 'node:crypto'
import { EnclaveError } from '@holdfast/protocol/channel'
import sodium, { ready } from 'libsodium-wrappers'
import type { EncryptionKeyPair, SealingKeyPair } from './keyring-state.ts'

// The only module that opens anything with a private key.

/** Resolves when {@link openSealedBox} can be called. */
export const sealedBoxReady: Promise<void> = ready

const maxTries = 4

/**
 * Opens a libsodium sealed box. The plaintext is the caller's to wipe.
 *
 * @param kid - the key that it was sealed to; without it the newest keys are tried
 * @throws EnclaveError `WRONG_KEY` when no key opens it
 * @see {@link https://doc.libsodium.org/public-key_cryptography/sealed_boxes}
 */
export function openSealedBox(
  box: Uint8Array,
  keys: readonly SealingKeyPair[],
  kid: string | undefined,
): Uint8Array {
  const candidates = chosen(keys, kid)
  for (const { publicKey, privateKey } of candidates) {
    try {
      return sodium.crypto_box_seal_open(box, publicKey, privateKey)
    } catch {
      // Another key, or a damaged box: the sum of all tries tells.
    }
  }
  throw new EnclaveError(
    'WRONG_KEY',
    candidates.length === 0
      ? 'the credential is sealed to a key that this enclave does not hold; fetch the sealing keys again and seal anew'
      : 'the sealed credential does not open: it is damaged or sealed to another key',
  )
}

const nonceBytes = 12
const tagBytes = 16

/**
 * Opens a Dedalus v1 envelope: `0x01 | RSA-OAEP-256 of an AES key | nonce | ciphertext | tag`. The
 * plaintext is the caller's to wipe.
 *
 * @throws EnclaveError `INVALID_ENVELOPE` for another version or a wrong length, `WRONG_KEY` when no
 *   key opens it
 */
export function openDedalusEnvelope(
  envelope: Uint8Array,
  keys: readonly EncryptionKeyPair[],
  kid: string | undefined,
): Uint8Array {
  const candidates = chosen(keys, kid)
  const sizes = candidates.map(({ n }) => Buffer.byteLength(n, 'base64url'))
  if (sizes.includes(envelope.length)) {
    throw new EnclaveError(
      'INVALID_ENVELOPE',
      'the envelope is of the legacy form without a version byte; encrypt with a current client',
    )
  }
  if (envelope[0] !== 1) {
    throw new EnclaveError('INVALID_ENVELOPE', 'the envelope is not of version 1')
  }
  for (const key of candidates) {
    const plaintext = tryDedalusKey(envelope, key)
    if (plaintext) return plaintext
  }
  throw new EnclaveError(
    'WRONG_KEY',
    'the envelope does not open: it is damaged, cut short or encrypted to another key',
  )
}

function tryDedalusKey(envelope: Uint8Array, key: EncryptionKeyPair): Uint8Array | undefined {
  const wrappedEnd = 1 + Buffer.byteLength(key.n, 'base64url')
  const nonceEnd = wrappedEnd + nonceBytes
  const ciphertextEnd = envelope.length - tagBytes
  if (ciphertextEnd <= nonceEnd) return undefined
  const contentKey = unwrap(envelope.subarray(1, wrappedEnd), key)
  if (contentKey?.length !== 32) return undefined
  try {
    const decipher = createDecipheriv(
      'aes-256-gcm',
      contentKey,
      envelope.subarray(wrappedEnd, nonceEnd),
    )
    decipher.setAuthTag(envelope.subarray(ciphertextEnd))
    const plaintext = decipher.update(envelope.subarray(nonceEnd, ciphertextEnd))
    try {
      decipher.final()
    } catch {
      plaintext.fill(0)
      return undefined
    }
    return plaintext
  } finally {
    contentKey.fill(0)
  }
}

function unwrap(wrapped: Uint8Array, { privateKey }: EncryptionKeyPair): Buffer | undefined {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' })
  try {
    return privateDecrypt(
      { key, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING },
      wrapped,
    )
  } catch {
    return undefined
  }
}

function chosen<Key extends { readonly kid: string }>(
  keys: readonly Key[],
  kid: string | undefined,
): readonly Key[] {
  return kid === undefined ? keys.slice(0, maxTries) : keys.filter((key) => key.kid === kid)
}
