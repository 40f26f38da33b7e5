import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * A new ULID: 48 bits of time, 80 random bits, in 26 characters of Crockford base 32.
 *
 * @see {@link https://github.com/ulid/spec}
 */
export function newUlid(nowMs: number = Date.now()): string {
  let text = ''
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) {
    text = alphabet[rest % 32]! + text
  }
  // 16 bytes of which 5 bits each are used: no modulo bias, no bit arithmetic across bytes.
  for (const byte of randomBytes(16)) text += alphabet[byte & 31]!
  return text
}
