import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { StorageError } from './errors.ts'

/** Encryption at rest and keyed hashing, under two keys derived from the control plane's key. */
export interface Cipher {
  /** 32-byte keyed hash of an identifier; `space` keeps equal identifiers of different kinds apart. */
  fingerprint(space: string, id: string): Uint8Array
  /** AES-256-GCM; only {@link Cipher.open} with the same context gives the plaintext back. */
  seal(context: string, plaintext: Uint8Array | string): Uint8Array
  /** @throws StorageError UNREADABLE_RECORD when the bytes were altered or moved from another context */
  open(context: string, sealed: Uint8Array): Uint8Array
}

const format = 1
const nonceLength = 12
const tagLength = 16
const headerLength = 1 + nonceLength + tagLength

/** @throws StorageError INVALID_VALUE when the key is not 32 bytes */
export function createCipher(encryptionKey: Uint8Array): Cipher {
  if (encryptionKey.length !== 32) {
    throw new StorageError('INVALID_VALUE', 'the encryption key must be 32 bytes long')
  }
  const fingerprintKey = derive(encryptionKey, 'holdfast/storage/fingerprint/v1')
  const sealingKey = derive(encryptionKey, 'holdfast/storage/seal/v1')
  // A key per context keeps random nonces safe however many records are written under one storage key.
  const keyOf = (context: string): Uint8Array =>
    createHmac('sha256', sealingKey).update(context).digest()

  return {
    fingerprint: (space, id) =>
      createHmac('sha256', fingerprintKey).update(`${space}\0${id}`).digest(),

    seal(context, plaintext) {
      const nonce = takeNonce()
      const cipher = createCipheriv('aes-256-gcm', keyOf(context), nonce)
      cipher.setAAD(Buffer.from(context))
      const body =
        typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext)
      cipher.final()
      return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), body])
    },

    open(context, sealed) {
      if (sealed[0] !== format || sealed.length < headerLength) throw unreadable()
      const decipher = createDecipheriv(
        'aes-256-gcm',
        keyOf(context),
        sealed.subarray(1, 1 + nonceLength),
        { authTagLength: tagLength },
      )
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(sealed.subarray(1 + nonceLength, headerLength))
      const body = decipher.update(sealed.subarray(headerLength))
      try {
        decipher.final()
      } catch (cause) {
        throw unreadable({ cause })
      }
      return body
    },
  }
}

function derive(key: Uint8Array, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, 32)))
}

function unreadable(options?: ErrorOptions): StorageError {
  return new StorageError(
    'UNREADABLE_RECORD',
    'a stored value was altered, moved, or written under another key',
    options,
  )
}

let nonces = Buffer.alloc(0)

/** Nonces are drawn 256 at a time: a call into the system's generator costs more than the cipher. */
function takeNonce(): Uint8Array {
  if (nonces.length < nonceLength) nonces = randomBytes(nonceLength * 256)
  const nonce = nonces.subarray(0, nonceLength)
  nonces = nonces.subarray(nonceLength)
  return nonce
}
