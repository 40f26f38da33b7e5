import { type IdentitySuccession, ProtocolError } from '@holdfast/protocol'
import type { SignedAuditHead } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { allocateSecret } from './secret-bytes.ts'

/** The enclave's long-lived Ed25519 key. */
export interface IdentityKey {
  readonly publicKey: Uint8Array
  /** PKCS #8 DER. */
  readonly privateKey: Uint8Array
}

/** An X25519 key that clients seal to. */
export interface SealingKeyPair {
  readonly kid: string
  /** Unix seconds. */
  readonly notBefore: number
  /** Unix seconds. */
  readonly expiresAt: number
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** An RSA key that Dedalus clients encrypt to. */
export interface EncryptionKeyPair {
  readonly kid: string
  /** Modulus and exponent, base64url. */
  readonly n: string
  readonly e: string
  /** PKCS #8 DER. */
  readonly privateKey: Uint8Array
}

/** A key from which the keys of vault records are derived. */
export interface StorageKey {
  readonly version: number
  readonly key: Uint8Array
}

/** Everything that the enclave must remember. Lists stand newest first. */
export interface KeyringState {
  readonly identity: IdentityKey
  readonly succession: readonly IdentitySuccession[]
  readonly sealing: readonly SealingKeyPair[]
  readonly encryption: readonly EncryptionKeyPair[]
  readonly storage: readonly StorageKey[]
  readonly auditHead: SignedAuditHead | null
}

const base64url = z.base64url()

const headerSchema = z.strictObject({
  v: z.literal(1),
  identity: z.strictObject({ publicKey: base64url }),
  succession: z.array(
    z.strictObject({
      previous: base64url,
      next: base64url,
      at: z.int(),
      signature: base64url,
    }),
  ),
  sealing: z.array(
    z.strictObject({
      kid: z.string(),
      notBefore: z.int(),
      expiresAt: z.int(),
      publicKey: base64url,
    }),
  ),
  encryption: z.array(z.strictObject({ kid: z.string(), n: base64url, e: base64url })),
  storage: z.array(z.strictObject({ version: z.int() })),
  auditHead: z
    .strictObject({
      seq: z.int(),
      hash: z.string(),
      time: z.string(),
      key_id: z.string(),
      signature: z.string(),
    })
    .nullable(),
  /** Lengths of the secrets behind the header, in the order of {@link secretsOf}. */
  lengths: z.array(z.int().positive()),
})

/** Identity, sealing keys, encryption keys, storage keys. */
function secretsOf(state: KeyringState): Uint8Array[] {
  return [
    state.identity.privateKey,
    ...state.sealing.map(({ privateKey }) => privateKey),
    ...state.encryption.map(({ privateKey }) => privateKey),
    ...state.storage.map(({ key }) => key),
  ]
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const bytes = (value: string): Uint8Array => Buffer.from(value, 'base64url')

/** `u32 header length | JSON header | private keys`: keys stand outside the JSON and never become strings. */
export function encodeKeyring(state: KeyringState): Buffer {
  const secrets = secretsOf(state)
  const header = Buffer.from(
    JSON.stringify({
      v: 1,
      identity: { publicKey: text(state.identity.publicKey) },
      succession: [...state.succession],
      sealing: state.sealing.map(({ kid, notBefore, expiresAt, publicKey }) => ({
        kid,
        notBefore,
        expiresAt,
        publicKey: text(publicKey),
      })),
      encryption: state.encryption.map(({ kid, n, e }) => ({ kid, n, e })),
      storage: state.storage.map(({ version }) => ({ version })),
      auditHead: state.auditHead,
      lengths: secrets.map(({ length }) => length),
    } satisfies z.infer<typeof headerSchema>),
  )
  const total = secrets.reduce((sum, { length }) => sum + length, 4 + header.length)
  const target = allocateSecret(total)
  target.writeUInt32BE(header.length)
  header.copy(target, 4)
  let offset = 4 + header.length
  for (const secret of secrets) {
    target.set(secret, offset)
    offset += secret.length
  }
  return target
}

/** Reads what {@link encodeKeyring} wrote, copying each private key out of `encoded`. */
export function decodeKeyring(encoded: Buffer): KeyringState {
  const headerEnd = 4 + encoded.readUInt32BE()
  const header = headerSchema.parse(JSON.parse(encoded.toString('utf8', 4, headerEnd)))
  let offset = headerEnd
  const secrets = header.lengths.map((length) => {
    const secret = allocateSecret(length)
    if (encoded.copy(secret, 0, offset, offset + length) !== length) throw damaged()
    offset += length
    return secret
  })
  const next = (): Uint8Array => {
    const secret = secrets.shift()
    if (!secret) throw damaged()
    return secret
  }
  return {
    identity: { publicKey: bytes(header.identity.publicKey), privateKey: next() },
    succession: header.succession,
    sealing: header.sealing.map((key) => ({
      ...key,
      publicKey: bytes(key.publicKey),
      privateKey: next(),
    })),
    encryption: header.encryption.map((key) => ({ ...key, privateKey: next() })),
    storage: header.storage.map(({ version }) => ({ version, key: next() })),
    auditHead: header.auditHead,
  }
}

const damaged = (): Error => new ProtocolError('INVALID_KEY_SET', 'the keyring is cut short')
