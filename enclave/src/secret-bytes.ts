const standard = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const urlSafe = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

/**
 * A zeroed buffer for a secret. Its bytes never move: V8 keeps typed arrays of up to 64 bytes, those of
 * `Buffer.allocUnsafeSlow` too, inside its heap, where the garbage collector copies them about and
 * leaves the old bytes behind. An ArrayBuffer of its own lies outside.
 */
export function allocateSecret(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length))
}

// Buffer#toString would make a string, which cannot be wiped: these stay in bytes.

/** One secret buffer that holds the parts in order, text as Latin-1. The caller wipes it. */
export function joinSecret(...parts: readonly (string | Uint8Array)[]): Buffer {
  const joined = allocateSecret(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    if (typeof part === 'string') joined.write(part, offset, 'latin1')
    else joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** How {@link writeBase64} writes. */
export interface Base64Options {
  readonly alphabet: 'standard' | 'url'
  /** Zero bytes to think of before the first one: 0, 1 or 2. */
  readonly shift: number
}

/**
 * Writes the base64 digits of bytes into `target`, which they fill, without padding.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-4}
 */
export function writeBase64(bytes: Uint8Array, target: Buffer, options: Base64Options): Buffer {
  const alphabet = options.alphabet === 'url' ? urlSafe : standard
  const { shift } = options
  let offset = 0
  // A zero for what is missing: places outside an array are slow to read, and `-0` is no index.
  const at = (index: number): number =>
    index >= 0 && index < bytes.length ? (bytes[index] as number) : 0
  for (let index = 0 - shift; index < bytes.length; index += 3) {
    const group = (at(index) << 16) | (at(index + 1) << 8) | at(index + 2)
    for (let bits = 18; bits >= 0 && offset < target.length; bits -= 6) {
      target[offset++] = alphabet[(group >>> bits) & 63] as number
    }
  }
  return target
}

/** Base64 of bytes with its padding, in bytes. */
export function base64Bytes(bytes: Uint8Array): Buffer {
  const target = allocateSecret(Math.ceil(bytes.length / 3) * 4).fill('=')
  const digits = Math.ceil((bytes.length * 4) / 3)
  writeBase64(bytes, target.subarray(0, digits), { alphabet: 'standard', shift: 0 })
  return target
}

const lowerHex = Buffer.from('0123456789abcdef')
const upperHex = Buffer.from('0123456789ABCDEF')

/** Writes the hexadecimal digits of bytes into `target`, which they fill. */
export function writeHex(bytes: Uint8Array, target: Buffer, letters: 'lower' | 'upper'): Buffer {
  const digits = letters === 'lower' ? lowerHex : upperHex
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number
    target[index * 2] = digits[byte >>> 4] as number
    target[index * 2 + 1] = digits[byte & 15] as number
  }
  return target
}
