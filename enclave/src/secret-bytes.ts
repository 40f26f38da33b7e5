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

/** One secret buffer that holds the parts in order. The caller wipes it. */
export function joinSecret(...parts: readonly Uint8Array[]): Buffer {
  const joined = allocateSecret(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Base64 of bytes, in bytes. @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-4} */
export function base64Bytes(
  bytes: Uint8Array,
  options: { readonly urlSafe?: boolean; readonly padding?: boolean } = {},
): Buffer {
  const alphabet = options.urlSafe ? urlSafe : standard
  const digits = Math.ceil((bytes.length * 4) / 3)
  const padded = options.padding === false ? digits : Math.ceil(bytes.length / 3) * 4
  const target = allocateSecret(padded)
  let offset = 0
  for (let index = 0; index < bytes.length; index += 3) {
    const group =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    for (let shift = 18; shift >= 0 && offset < digits; shift -= 6) {
      target[offset++] = alphabet[(group >>> shift) & 63] as number
    }
  }
  return target.fill(0x3d, digits)
}

const lowerHex = Buffer.from('0123456789abcdef')
const upperHex = Buffer.from('0123456789ABCDEF')

/** Hexadecimal of bytes, in bytes. */
export function hexBytes(bytes: Uint8Array, letters: 'lower' | 'upper'): Buffer {
  const digits = letters === 'lower' ? lowerHex : upperHex
  const target = allocateSecret(bytes.length * 2)
  bytes.forEach((byte, index) => {
    target[index * 2] = digits[byte >>> 4] as number
    target[index * 2 + 1] = digits[byte & 15] as number
  })
  return target
}
