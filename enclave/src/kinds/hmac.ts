import { createHash, createHmac, randomBytes } from 'node:crypto'
import {
  hmacSlots,
  parseTemplate,
  type SignaturePlace,
  type TemplatePart,
} from '@holdfast/protocol'
import { isCredentialHeader } from '@holdfast/protocol/credential'
import type { OutgoingRequest, Piece } from '../outgoing-request.ts'
import { allocateSecret, joinSecret } from '../secret-bytes.ts'
import { queryText } from '../secret-text.ts'
import type { CredentialInjector, KindOf } from './injector.ts'

type Kind = KindOf<'hmac'>

/** A request that is signed with a shared secret, which is never sent. */
export const hmacInjector: CredentialInjector<Kind> = {
  plan(kind, secrets) {
    return {
      values: [],
      sign: (request) => {
        const key = signingKey(kind, secrets['secret'] ?? nothing)
        try {
          return [sign(request, kind, { key, keyId: secrets['key_id'] ?? nothing }), key]
        } catch (error) {
          key.fill(0)
          throw error
        }
      },
    }
  },
  fault(kind, { secret = nothing, key_id = nothing }) {
    const places = [kind.signature, kind.timestamp, kind.nonce, kind.key_id]
    if (places.some((place) => place?.in === 'header' && !isCredentialHeader(place.name))) {
      return 'this header cannot carry a credential'
    }
    if (!key_id.every((byte) => byte > 0x20 && byte < 0x7f)) {
      return 'the key id holds a blank or a character that is not ASCII; paste it without'
    }
    const key = signingKey(kind, secret)
    try {
      return isWellEncoded(kind, secret, key)
        ? undefined
        : `the secret is not ${kind.key_encoding}; seal it as its provider shows it, or say key_encoding text`
    } finally {
      key.fill(0)
    }
  },
}

const nothing = new Uint8Array()

const alphabets = {
  base64: Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'),
  hex: Buffer.from('0123456789abcdef'),
}

/** The bytes of the key, in a buffer of its own. */
function signingKey({ key_encoding: encoding = 'text' }: Kind, secret: Uint8Array): Buffer {
  if (encoding === 'text') return joinSecret(secret)
  const bitsEach = encoding === 'hex' ? 4 : 6
  const key = allocateSecret(Math.floor((digitsOf(encoding, secret) * bitsEach) / 8))
  let bits = 0
  let count = 0
  let offset = 0
  for (const byte of secret) {
    if (offset === key.length) break
    bits = ((bits << bitsEach) | Math.max(digitValue(encoding, byte), 0)) & 0xffff
    count += bitsEach
    if (count >= 8) {
      count -= 8
      key[offset++] = (bits >>> count) & 0xff
    }
  }
  return key
}

function digitValue(encoding: 'base64' | 'hex', byte: number): number {
  if (encoding === 'hex') return alphabets.hex.indexOf(byte | 0x20)
  // Both alphabets of base64.
  return alphabets.base64.indexOf(byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte)
}

function digitsOf(encoding: 'base64' | 'hex', secret: Uint8Array): number {
  const padding = 0x3d
  return encoding === 'hex' ? secret.length : secret.findLastIndex((byte) => byte !== padding) + 1
}

function isWellEncoded({ key_encoding: encoding }: Kind, secret: Uint8Array, key: Buffer): boolean {
  if (encoding !== 'hex' && encoding !== 'base64') return true
  const length = digitsOf(encoding, secret)
  const digits = secret.subarray(0, length)
  const isWhole = encoding === 'hex' ? length % 2 === 0 : length % 4 !== 1
  return key.length > 0 && isWhole && digits.every((byte) => digitValue(encoding, byte) !== -1)
}

interface SigningKeys {
  readonly key: Buffer
  readonly keyId: Uint8Array
}

function sign(request: OutgoingRequest, kind: Kind, { key, keyId }: SigningKeys): Buffer {
  const says: Record<string, Piece> = {
    timestamp: timestamps[kind.timestamp_format ?? 'unix'](new Date()),
    nonce: randomBytes(16).toString('hex'),
  }
  const put = (place: SignaturePlace | undefined, name: string): void => {
    if (place) putPart(request, place, place.template ?? `{${name}}`, { ...says }, keyId)
  }
  put(kind.key_id, 'key_id')
  put(kind.timestamp, 'timestamp')
  put(kind.nonce, 'nonce')
  const hmac = createHmac(kind.algorithm.replace('-legacy', ''), key)
  for (const part of parseTemplate(kind.string_to_sign, hmacSlots)) {
    for (const piece of signed(part, request, says, keyId)) {
      hmac.update(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    }
  }
  const signature = hmac.digest(kind.encoding)
  says['signature'] = signature
  put(kind.signature, 'signature')
  return Buffer.from(signature)
}

function signed(
  part: TemplatePart,
  request: OutgoingRequest,
  says: Readonly<Record<string, Piece>>,
  keyId: Uint8Array,
): readonly (string | Uint8Array)[] {
  if ('text' in part) return [part.text]
  const body = request.body ?? nothing
  switch (part.slot) {
    case 'method':
      return [request.method]
    case 'host':
      return [request.authority]
    case 'path':
      return request.path
    case 'query':
      return request.query
    case 'target':
      return request.target
    case 'body':
      return [body]
    case 'body_sha256':
      return [createHash('sha256').update(body).digest('hex')]
    case 'body_sha256_base64':
      return [createHash('sha256').update(body).digest('base64')]
    case 'key_id':
      return [keyId]
    default:
      return [says[part.slot] ?? '']
  }
}

function putPart(
  request: OutgoingRequest,
  place: SignaturePlace,
  template: string,
  says: Readonly<Record<string, Piece>>,
  keyId: Uint8Array,
): void {
  const spell = place.in === 'query' ? queryText : joinSecret
  const pieces = parseTemplate(template, ['signature', 'timestamp', 'nonce', 'key_id']).map(
    (part): Piece => {
      if ('slot' in part && part.slot === 'key_id') return spell(keyId)
      const text = 'text' in part ? part.text : String(says[part.slot])
      return place.in === 'query' ? encodeURIComponent(text) : text
    },
  )
  if (place.in === 'query') request.addQuery(place.name, ...pieces)
  else request.addHeader(place.name, ...pieces)
}

const timestamps = {
  unix: (now: Date): string => String(Math.floor(now.getTime() / 1000)),
  unix_ms: (now: Date): string => String(now.getTime()),
  iso8601: (now: Date): string => now.toISOString(),
  http_date: (now: Date): string => now.toUTCString(),
}
