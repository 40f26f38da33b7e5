import { utf16Units } from './scrub-escaped.ts'
import { allocateSecret, writeBase64, writeHex } from './secret-bytes.ts'

/** Shorter secrets are not searched for in the clear: they would match by chance. */
const minPlainBytes = 4

/** Shorter secrets are not searched for in encoded forms. */
export const minEncodedBytes = 6

// The two digits that the alphabets of base64 differ in.
const plus = 0x2b
const slash = 0x2f

/** Secrets in the fixed forms that give them away, in one buffer so that one fill wipes them all. */
export interface LeakPatterns {
  /** Itself, also as UTF-16, its hex, and its base64 wherever it stands in a longer encoded text. */
  readonly patterns: readonly Buffer[]
  /** Copies of the secrets that are long enough for escaped forms. */
  readonly long: readonly Buffer[]
  /** The same in lower case, as far as they are ASCII. */
  readonly lowerCase: readonly Buffer[]
  wipe(): void
}

/**
 * Writes down what to search for. Escaped forms have too many spellings and are matched by
 * `scrub-escaped`.
 */
export function leakPatterns(secrets: readonly Uint8Array[]): LeakPatterns {
  const arena = allocateSecret(secrets.reduce((sum, secret) => sum + spaceFor(secret), 0))
  const patterns: Buffer[] = []
  const long: Buffer[] = []
  const lowerCase: Buffer[] = []
  let offset = 0
  const take = (length: number): Buffer => arena.subarray(offset, (offset += length))
  for (const secret of secrets) {
    if (secret.length < minPlainBytes) continue
    const plain = take(secret.length)
    plain.set(secret)
    patterns.push(plain)
    if (secret.length < minEncodedBytes) continue
    long.push(plain)
    lowerCase.push(writeLowerCase(plain, take(plain.length)))
    patterns.push(writeHex(plain, take(secret.length * 2), 'lower'))
    patterns.push(writeHex(plain, take(secret.length * 2), 'upper'))
    patterns.push(...utf16Cores(plain, take))
    for (const shift of [0, 1, 2]) {
      const standard = base64Core(plain, shift, take, 'standard')
      patterns.push(standard)
      if (standard.includes(plus) || standard.includes(slash)) {
        patterns.push(base64Core(plain, shift, take, 'url'))
      }
    }
  }
  return { patterns, long, lowerCase, wipe: () => void arena.fill(0) }
}

/** A third more than six base64 forms, two of UTF-16, two of hex, the secret itself and in lower case. */
const spaceFor = ({ length }: Uint8Array): number => length * 24 + 96

/**
 * The secret as UTF-16 of either byte order, without a zero byte at the outer end: that one may stand for
 * a neighbour's.
 */
function utf16Cores(secret: Buffer, take: (length: number) => Buffer): Buffer[] {
  if (secret.every((byte) => byte < 0x80)) {
    // Almost every secret, and both orders are the same then.
    const core = take(secret.length * 2 - 1)
    for (let index = 0; index < secret.length; index++) core[index * 2] = secret[index] as number
    return [core]
  }
  const units = utf16Units(secret)
  if (!units) return []
  const little = take(units.length * 2)
  const big = take(units.length * 2)
  for (const [index, unit] of units.entries()) {
    little.writeUInt16LE(unit, index * 2)
    big.writeUInt16BE(unit, index * 2)
  }
  return [
    little.at(-1) === 0 ? little.subarray(0, -1) : little,
    big[0] === 0 ? big.subarray(1) : big,
  ]
}

function writeLowerCase(secret: Buffer, target: Buffer): Buffer {
  for (let index = 0; index < secret.length; index++) {
    const byte = secret[index] as number
    target[index] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
  }
  return target
}

/** The base64 digits that depend on the secret alone when it starts `shift` bytes into a group of three. */
function base64Core(
  secret: Buffer,
  shift: number,
  take: (length: number) => Buffer,
  alphabet: 'standard' | 'url',
): Buffer {
  const digits = writeBase64(secret, take(Math.ceil(((secret.length + shift) * 4) / 3)), {
    alphabet,
    shift,
  })
  const first = Math.ceil((shift * 8) / 6)
  const end = Math.floor(((shift + secret.length) * 8) / 6)
  return digits.subarray(first, end)
}
