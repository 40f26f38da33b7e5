import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import {
  canonicalBytes,
  type CredentialEnvelope,
  decodeEnvelope,
  ProtocolError,
  type RecordContext,
} from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
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
export function sealRecord(
  keyring: Pick<Keyring, 'currentStorageKey'>,
  context: RecordContext,
  encodedEnvelope: Uint8Array,
): Buffer {
  const storageKey = keyring.currentStorageKey
  const header = Buffer.alloc(nonceStart)
  header[0] = formatVersion
  header.writeUInt32BE(storageKey.version, 1)
  const nonce = randomBytes(nonceBytes)
  const key = connectionKey(storageKey, context)
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(boundTo(header, context))
    return Buffer.concat([
      header,
      nonce,
      cipher.update(encodedEnvelope),
      cipher.final(),
      cipher.getAuthTag(),
    ])
  } finally {
    key.fill(0)
  }
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
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length)
  if (bytes.length <= ciphertextStart + tagBytes || bytes[0] !== formatVersion) throw unopenable()
  const storageKey = keyring.storageKey(bytes.readUInt32BE(1))
  if (!storageKey) throw unopenable()
  const plaintext = decrypt(bytes, connectionKey(storageKey, context), context)
  try {
    return {
      envelope: decodeEnvelope(plaintext),
      plaintext,
      wipe: () => void plaintext.fill(0),
    }
  } catch (error) {
    plaintext.fill(0)
    if (error instanceof ProtocolError) throw unopenable()
    throw error
  }
}

function decrypt(record: Buffer, key: Buffer, context: RecordContext): Buffer {
  const decipher = createDecipheriv(
    'aes-256-gcm',
    key,
    record.subarray(nonceStart, ciphertextStart),
  )
  key.fill(0)
  decipher.setAAD(boundTo(record.subarray(0, nonceStart), context))
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

// A key per connection keeps the number of random nonces under one key far below GCM's limit.
const connectionKey = (storageKey: StorageKey, { handle }: RecordContext): Buffer =>
  deriveKey(storageKey.key, `holdfast/record/v1\n${handle}`)

const boundTo = (header: Buffer, context: RecordContext): Buffer =>
  Buffer.concat([domain, header, canonicalBytes(context)])

const unopenable = (): EnclaveError =>
  new EnclaveError(
    'DECRYPTION_FAILED',
    'the vault record does not open for this connection: it was changed, or belongs to another one',
  )
