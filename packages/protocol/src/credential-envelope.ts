import { z } from 'zod'
import { concatBytes, utf8Text } from './bytes.ts'
import { canonicalBytes } from './canonical-json.ts'
import { connectionHandleSchema, providerNameSchema } from './connection-handle.ts'
import { credentialKindSchema, secretFieldsOf } from './credential-kind.ts'
import { ProtocolError } from './errors.ts'
import { credentialPinsSchema } from './policy.ts'

const envelopeBindingSchema = z.strictObject({
  /** The reserved handle that this credential is for. */
  handle: connectionHandleSchema,
  /** Subject of the owner, as the control plane named it when it reserved the handle. */
  owner: z.string().min(1).max(128),
  provider: providerNameSchema,
  /** Hosts (`host` or `host:port`, canonical) that may receive the credential. */
  allowed_hosts: z.array(z.string().min(1).max(260)).min(1).max(20),
  /** The one-time nonce of the reservation. */
  upload_nonce: z.string().min(16).max(128),
  /** Unix seconds at sealing. */
  created_at: z.int().nonnegative(),
  pins: credentialPinsSchema,
})

const headerSchema = z.strictObject({
  v: z.literal(1),
  credential: credentialKindSchema,
  base_url: z.string().max(2048),
  binding: envelopeBindingSchema,
  fields: z.array(z.strictObject({ name: z.string(), length: z.int().min(1).max(16_384) })).max(8),
})

export type EnvelopeHeader = z.infer<typeof headerSchema>
export type EnvelopeBinding = z.infer<typeof envelopeBindingSchema>

/** A credential with its binding, before sealing or after opening. */
export interface CredentialEnvelope {
  readonly header: EnvelopeHeader
  /** Secret bytes by field name. After decoding these are views into the decoded buffer. */
  readonly secrets: Readonly<Record<string, Uint8Array>>
}

const magic = new Uint8Array([0x48, 0x46, 0x45, 0x31]) // "HFE1"

/** Largest encoded envelope, in bytes. */
export const maxEnvelopeBytes = 65_536

/**
 * The bytes that are sealed: `"HFE1" | u32 header length | canonical JSON header | secret bytes`.
 *
 * Secrets stand outside the JSON so that the enclave never has to turn them into strings, which
 * JavaScript cannot wipe.
 *
 * @throws ProtocolError `INVALID_ENVELOPE` when a secret field is missing, empty or holds CR, LF or NUL
 */
export function encodeEnvelope(input: {
  readonly header: Omit<EnvelopeHeader, 'v' | 'fields'>
  readonly secrets: Readonly<Record<string, Uint8Array>>
}): Uint8Array<ArrayBuffer> {
  const { secrets } = input
  const { required, optional, multiline } = secretFieldsOf(input.header.credential)
  const names = [...required, ...optional.filter((name) => lengthOf(secrets, name) > 0)]
  // A public OAuth client has none, and may not have one.
  if (names.length === 0 && optional.length > 0) {
    throw new ProtocolError('INVALID_ENVELOPE', `give at least one of ${optional.join(', ')}`)
  }
  const parts = names.map((name) => {
    const secret = secrets[name]
    if (!secret || lengthOf(secrets, name) === 0) {
      throw new ProtocolError('INVALID_ENVELOPE', `the secret field "${name}" is missing or empty`)
    }
    if (!multiline?.includes(name)) refuseControlBytes(name, secret)
    return secret
  })
  const header = parseHeader({
    v: 1,
    ...input.header,
    fields: names.map((name, index) => ({ name, length: parts[index]?.length })),
  })
  const json = canonicalBytes(header)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, json.length)
  const encoded = concatBytes(magic, length, json, ...parts)
  if (encoded.length <= maxEnvelopeBytes) return encoded
  encoded.fill(0)
  throw new ProtocolError(
    'INVALID_ENVELOPE',
    `the credential envelope is larger than ${maxEnvelopeBytes} bytes; seal fewer or shorter pins`,
  )
}

/**
 * Reads what {@link encodeEnvelope} wrote. The returned secrets are views, not copies.
 *
 * @throws ProtocolError `INVALID_ENVELOPE`
 */
export function decodeEnvelope(bytes: Uint8Array): CredentialEnvelope {
  const refuse = (why: string): never => {
    throw new ProtocolError('INVALID_ENVELOPE', `the credential envelope ${why}`)
  }
  if (bytes.length > maxEnvelopeBytes) refuse(`is larger than ${maxEnvelopeBytes} bytes`)
  if (bytes.length < 8 || !magic.every((byte, index) => bytes[index] === byte)) {
    refuse('does not start with HFE1')
  }
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4)
  if (8 + headerLength > bytes.length) refuse('is cut short')
  const header = parseHeader(parseJson(bytes.subarray(8, 8 + headerLength)))
  const { required, optional, multiline } = secretFieldsOf(header.credential)
  const given = header.fields.map(({ name }) => name)
  const expected = [...required, ...optional.filter((name) => given.includes(name))]
  const isEmpty = given.length === 0 && optional.length > 0
  if (
    isEmpty ||
    given.length !== expected.length ||
    given.some((name, at) => name !== expected[at])
  ) {
    const also = optional.length === 0 ? '' : `, and may hold ${optional.join(', ')}`
    refuse(`must hold exactly the fields ${required.join(', ')}${also}`)
  }
  const total = header.fields.reduce((sum, { length }) => sum + length, 8 + headerLength)
  if (total > bytes.length) refuse('is cut short')
  if (total < bytes.length) refuse('has bytes left over')
  const secrets = envelopeSecrets(bytes, header)
  for (const [name, secret] of Object.entries(secrets)) {
    if (!multiline?.includes(name)) refuseControlBytes(name, secret)
  }
  return { header, secrets }
}

/**
 * Cuts the secrets out of an encoded envelope that was decoded before. The secrets are views.
 *
 * @param header - what {@link decodeEnvelope} read from these very bytes
 */
export function envelopeSecrets(
  bytes: Uint8Array,
  header: EnvelopeHeader,
): CredentialEnvelope['secrets'] {
  const secrets: Record<string, Uint8Array> = {}
  let offset = bytes.length - header.fields.reduce((sum, { length }) => sum + length, 0)
  for (const { name, length } of header.fields) {
    secrets[name] = bytes.subarray(offset, (offset += length))
  }
  return secrets
}

const lengthOf = (secrets: CredentialEnvelope['secrets'], name: string): number =>
  Object.hasOwn(secrets, name) ? (secrets[name]?.length ?? 0) : 0

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Text(bytes))
  } catch {
    throw new ProtocolError('INVALID_ENVELOPE', 'the credential envelope has no JSON header')
  }
}

function parseHeader(value: unknown): EnvelopeHeader {
  const result = headerSchema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  // The library's own text would repeat the unknown name.
  const why = issue?.code === 'unrecognized_keys' ? 'it holds an unknown field' : issue?.message
  throw new ProtocolError(
    'INVALID_ENVELOPE',
    `the credential envelope's ${issue?.path.join('.') || 'header'} is wrong: ${why}`,
  )
}

function refuseControlBytes(name: string, secret: Uint8Array): void {
  if (secret.some((byte) => byte === 0x0d || byte === 0x0a || byte === 0x00)) {
    throw new ProtocolError(
      'INVALID_ENVELOPE',
      `the secret field "${name}" holds a line break or NUL; paste it without them`,
    )
  }
}
