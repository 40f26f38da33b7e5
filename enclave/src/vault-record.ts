import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import {
  canonicalBytes,
  type CredentialEnvelope,
  decodeEnvelope,
  type EnvelopeHeader,
  envelopeSecrets,
  ProtocolError,
  type RecordContext,
} from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { rememberedConnections } from '@holdfast/protocol/enclave'
import { BoundedCache } from '@holdfast/protocol/token'
import type { Keyring } from './keyring.ts'
import type { StorageKey } from './keyring-state.ts'
import { deriveKey } from './root-key.ts'

const formatVersion = 1
const nonceStart = 5
const nonceBytes = 12
const ciphertextStart = nonceStart + nonceBytes
const tagBytes = 16
const domain = Buffer.from('holdfast-vault-record-v1\n')

/** An opened record. {@link wipe} it as soon as its secrets are used. */
export interface OpenedRecord {
  readonly envelope: CredentialEnvelope
  /** The encoded envelope, which the secrets of `envelope` are views of. */
  readonly plaintext: Buffer
  wipe(): void
}

/**
 * Writes a vault record: `u8 format | u32 storage key version | nonce | ciphertext | tag`, AES-256-GCM
 * under a key of this connection alone, with the whole context as additional authenticated data.
 */
export const sealRecord = (
  keyring: Pick<Keyring, 'currentStorageKey'>,
  context: RecordContext,
  encodedEnvelope: Uint8Array,
): Buffer => sealBound(keyring, { domain, context }, encodedEnvelope)

/** What ciphertext is tied to: its purpose, and what must be presented to open it. */
export interface Bound<Context extends { readonly handle: string }> {
  /** Ends in a line break. No two purposes share one. */
  readonly domain: Buffer
  readonly context: Context
}

/** Seals anything that belongs to one connection in the format of {@link sealRecord}. */
export function sealBound<Context extends { readonly handle: string }>(
  keyring: Pick<Keyring, 'currentStorageKey'>,
  bound: Bound<Context>,
  plaintext: Uint8Array,
): Buffer {
  const storageKey = keyring.currentStorageKey
  const header = Buffer.alloc(nonceStart)
  header[0] = formatVersion
  header.writeUInt32BE(storageKey.version, 1)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', connectionKey(storageKey, bound.context), nonce)
  cipher.setAAD(boundTo(header, bound))
  return Buffer.concat([
    header,
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ])
}

/**
 * Opens what {@link sealBound} sealed. The plaintext is the caller's to wipe.
 *
 * @throws EnclaveError `DECRYPTION_FAILED`, without saying which part differs
 */
export function openBound<Context extends { readonly handle: string }>(
  keyring: Pick<Keyring, 'storageKey'>,
  bound: Bound<Context>,
  sealed: Uint8Array,
): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  if (bytes.length <= ciphertextStart + tagBytes || bytes[0] !== formatVersion) throw unopenable()
  const storageKey = keyring.storageKey(bytes.readUInt32BE(1))
  if (!storageKey) throw unopenable()
  return decrypt(bytes, connectionKey(storageKey, bound.context), bound)
}

/**
 * Opens a vault record, which succeeds only with exactly the context that it was written for.
 *
 * @throws EnclaveError `DECRYPTION_FAILED`, without saying which part differs
 */
export function openRecord(
  keyring: Pick<Keyring, 'storageKey'>,
  context: RecordContext,
  record: Uint8Array,
): OpenedRecord {
  const plaintext = openBound(keyring, { domain, context }, record)
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length)
  try {
    return {
      envelope: readEnvelope(bytes, plaintext),
      plaintext,
      wipe: () => void plaintext.fill(0),
    }
  } catch (error) {
    plaintext.fill(0)
    if (error instanceof ProtocolError) throw unopenable()
    throw error
  }
}

/** Headers of records that were opened lately, by nonce and tag. They hold no secret. */
const headers = new BoundedCache<EnvelopeHeader>(rememberedConnections)

// Checking a header costs more than the decryption. Two records with the same nonce and tag that both
// open are the same record.
function readEnvelope(record: Buffer, plaintext: Buffer): CredentialEnvelope {
  const name =
    record.toString('latin1', nonceStart, ciphertextStart) +
    record.toString('latin1', record.length - tagBytes)
  const known = headers.get(name)
  if (known) return { header: known, secrets: envelopeSecrets(plaintext, known) }
  const envelope = decodeEnvelope(plaintext)
  headers.set(name, envelope.header)
  return envelope
}

function decrypt(record: Buffer, key: Buffer, bound: Bound<{ readonly handle: string }>): Buffer {
  const decipher = createDecipheriv(
    'aes-256-gcm',
    key,
    record.subarray(nonceStart, ciphertextStart),
  )
  decipher.setAAD(boundTo(record.subarray(0, nonceStart), bound))
  decipher.setAuthTag(record.subarray(-tagBytes))
  const plaintext = decipher.update(record.subarray(ciphertextStart, -tagBytes))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw unopenable()
  }
  return plaintext
}

/** Derived keys, as long as the storage key that they come from. */
const connectionKeys = new WeakMap<StorageKey, Map<string, Buffer>>()

// A key per connection keeps the number of random nonces under one key far below GCM's limit.
function connectionKey(storageKey: StorageKey, { handle }: { readonly handle: string }): Buffer {
  let keys = connectionKeys.get(storageKey)
  if (!keys) connectionKeys.set(storageKey, (keys = new Map()))
  const known = keys.get(handle)
  if (known) return known
  if (keys.size >= rememberedConnections) {
    for (const key of keys.values()) key.fill(0)
    keys.clear()
  }
  const key = deriveKey(storageKey.key, `holdfast/record/v1\n${handle}`)
  keys.set(handle, key)
  return key
}

const boundTo = (
  header: Buffer,
  { domain: purpose, context }: Bound<{ readonly handle: string }>,
): Buffer => Buffer.concat([purpose, header, contextBytes(context)])

const written = new WeakMap<object, Uint8Array>()

/** Contexts in use arrive as frozen objects, each of which is written down once. */
function contextBytes(context: object): Uint8Array {
  const known = written.get(context)
  if (known) return known
  const bytes = canonicalBytes(context)
  if (Object.isFrozen(context)) written.set(context, bytes)
  return bytes
}

const unopenable = (): EnclaveError =>
  new EnclaveError(
    'DECRYPTION_FAILED',
    'the vault record does not open for this connection: it was changed, or belongs to another one',
  )
