import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { EncryptionKeyPair, IdentityKey, SealingKeyPair, StorageKey } from './keyring-state.ts'
import { keyBytes } from './root-key.ts'
import { allocateSecret } from './secret-bytes.ts'

const generate = promisify(generateKeyPair)
const pkcs8 = { type: 'pkcs8', format: 'der' } as const
const daySeconds = 86_400

/** How long clients may seal to a key. */
export const sealingKeyLifeSeconds: number = 30 * daySeconds

/** RFC 8410 keys end with their 32 raw bytes. */
const rawKeyBytes = 32

const keyId = (prefix: string, publicKey: Uint8Array): string =>
  `${prefix}_${createHash('sha256').update(publicKey).digest('base64url').slice(0, 16)}`

/** A new Ed25519 identity. */
export function createIdentityKey(): IdentityKey {
  const pair = generateKeyPairSync('ed25519')
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
  return {
    publicKey: spki.subarray(-rawKeyBytes),
    privateKey: moved(pair.privateKey.export(pkcs8)),
  }
}

/** Signs with an identity. */
export function signWithIdentity(identity: IdentityKey, message: Uint8Array): string {
  const key = createPrivateKey({ key: asBuffer(identity.privateKey), ...pkcs8 })
  return sign(null, message, key).toString('base64url')
}

/** A new X25519 sealing key. */
export function createSealingKey(nowSeconds: number): SealingKeyPair {
  const pair = generateKeyPairSync('x25519')
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-rawKeyBytes)
  const der = pair.privateKey.export(pkcs8)
  const privateKey = moved(der.subarray(-rawKeyBytes))
  der.fill(0)
  return {
    kid: keyId('seal', publicKey),
    notBefore: nowSeconds,
    expiresAt: nowSeconds + sealingKeyLifeSeconds,
    publicKey,
    privateKey,
  }
}

/** A new RSA-3072 key for Dedalus clients. Takes about a second, off the event loop. */
export async function createEncryptionKey(): Promise<EncryptionKeyPair> {
  const pair = await generate('rsa', { modulusLength: 3072 })
  const { n = '', e = '' } = createPublicKey(pair.privateKey).export({ format: 'jwk' })
  return {
    kid: keyId('enc', Buffer.from(n, 'base64url')),
    n,
    e,
    privateKey: moved(pair.privateKey.export(pkcs8)),
  }
}

/** A new storage key. */
export function createStorageKey(version: number): StorageKey {
  return { version, key: moved(randomBytes(keyBytes)) }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** Moves bytes to a buffer of their own, and wipes where they were. */
function moved(bytes: Buffer): Buffer {
  const own = allocateSecret(bytes.length)
  bytes.copy(own)
  bytes.fill(0)
  return own
}
