import { type TemplatePart } from '@holdfast/protocol'
import { allocateSecret, joinSecret } from './secret-bytes.ts'

// Spellings of a secret for the places that are not plain, all in bytes.

const upperHex = Buffer.from('0123456789ABCDEF')

/** Bytes that never need percent-encoding. @see {@link https://www.rfc-editor.org/rfc/rfc3986#section-2.3} */
const unreserved = bytesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~')
/** A path segment may hold a colon, and services that issue keys with one expect it. */
const segmentText = bytesOf(':', unreserved)

function bytesOf(text: string, also: ReadonlySet<number> = new Set()): ReadonlySet<number> {
  return new Set([...also, ...Buffer.from(text)])
}

/** A query or form value: everything but unreserved characters percent-encoded. */
export const queryText = (value: Uint8Array): Buffer => percentEncode(value, unreserved)

/** Text for a path segment. */
export const pathText = (value: Uint8Array): Buffer => percentEncode(value, segmentText)

function percentEncode(value: Uint8Array, plain: ReadonlySet<number>): Buffer {
  let length = 0
  for (const byte of value) length += plain.has(byte) ? 1 : 3
  const encoded = allocateSecret(length)
  let offset = 0
  for (const byte of value) {
    if (plain.has(byte)) {
      encoded[offset++] = byte
    } else {
      encoded[offset++] = 0x25
      encoded[offset++] = upperHex[byte >>> 4] as number
      encoded[offset++] = upperHex[byte & 15] as number
    }
  }
  return encoded
}

const quote = 0x22
const backslash = 0x5c

/** A JSON string with its quotes. The value must be UTF-8. */
export function jsonText(value: Uint8Array): Buffer {
  const escape = (byte: number): number =>
    byte === quote || byte === backslash ? 2 : byte < 0x20 ? 6 : 1
  let length = 2
  for (const byte of value) length += escape(byte)
  const text = allocateSecret(length)
  let offset = 0
  text[offset++] = quote
  for (const byte of value) {
    const size = escape(byte)
    if (size === 6) {
      offset += text.write('\\u00', offset, 'latin1')
      text[offset++] = upperHex[byte >>> 4] as number
      text[offset++] = upperHex[byte & 15] as number
    } else {
      if (size === 2) text[offset++] = backslash
      text[offset++] = byte
    }
  }
  text[offset] = quote
  return text
}

/** Puts secrets into the slots of a template. The caller wipes the result. */
export function fillTemplate(
  parts: readonly TemplatePart[],
  secrets: Readonly<Record<string, Uint8Array>>,
  spell?: (secret: Uint8Array) => Buffer,
): Buffer {
  const spelled: Buffer[] = []
  const pieces = parts.map((part) => {
    if ('text' in part) return part.text
    const secret = secrets[part.slot] ?? new Uint8Array()
    if (!spell) return secret
    const copy = spell(secret)
    spelled.push(copy)
    return copy
  })
  try {
    return joinSecret(...pieces)
  } finally {
    for (const copy of spelled) copy.fill(0)
  }
}
