import { EscapedSecret, longestEscape } from './scrub-escaped.ts'
import { leakPatterns } from './scrub-patterns.ts'
import { joinSecret } from './secret-bytes.ts'

/** What stands in place of a secret. */
export const redaction = '[redacted by holdfast]'

const redactionBytes = Buffer.from(redaction)
const nothing = Buffer.alloc(0)
const escapeSigns = [0x25, 0x5c, 0x2b]
const minEscapedBytes = 6

interface Interval {
  readonly start: number
  readonly end: number
}

/**
 * Finds secrets in a byte stream, in the clear and in the encodings that services echo them in, also
 * where a chunk ends in the middle of one. Bytes that cannot be part of a secret pass at once.
 *
 * It does not find a secret that the upstream encrypted, compressed or otherwise transformed.
 */
export class Scrubber {
  readonly #patterns: readonly Buffer[]
  readonly #byFirstByte = new Map<number, Buffer[]>()
  readonly #escaped: readonly EscapedSecret[]
  readonly #lowerCase: readonly Buffer[]
  /** Longest span that can still become a match. */
  readonly #window: number
  #held: Buffer = nothing
  #wiped = false

  /** @param secrets - copied; {@link wipe} removes the copies */
  constructor(secrets: readonly Uint8Array[]) {
    this.#patterns = secrets.flatMap((secret) => leakPatterns(secret))
    for (const pattern of this.#patterns) {
      const first = pattern[0] as number
      this.#byFirstByte.set(first, [...(this.#byFirstByte.get(first) ?? []), pattern])
    }
    const long = secrets.filter(({ length }) => length >= minEscapedBytes)
    this.#escaped = long.map((secret) => new EscapedSecret(joinSecret(secret)))
    this.#lowerCase = long.map((secret) => lowerCased(secret))
    this.#window = Math.max(
      0,
      ...this.#patterns.map(({ length }) => length),
      ...long.map(({ length }) => length * longestEscape),
    )
  }

  /** Takes the next chunk and returns what is certain to be clean. */
  push(chunk: Uint8Array): Buffer {
    const text = this.#held.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#held, chunk])
    const found = this.#find(text)
    const cut = this.#holdFrom(text, found)
    // A copy: the chunk's memory belongs to whoever made it.
    this.#held = cut === text.length ? nothing : Buffer.from(text.subarray(cut))
    return redacted(text, found, cut)
  }

  /** Returns what was held back at the end of the stream. */
  end(): Buffer {
    const text = this.#held
    this.#held = nothing
    return redacted(text, this.#find(text), text.length)
  }

  /** A whole string, such as a header value, whose characters stand for bytes. */
  scrubText(text: string): string {
    const bytes = Buffer.from(text, 'latin1')
    const found = this.#find(bytes)
    return found.length === 0 ? text : redacted(bytes, found, bytes.length).toString('latin1')
  }

  /** Tells whether a header name, which arrives in lower case, holds a secret. */
  isLeakyName(name: string): boolean {
    const bytes = Buffer.from(name, 'latin1')
    return this.#find(bytes).length > 0 || this.#lowerCase.some((secret) => bytes.includes(secret))
  }

  /** Removes every copy of the secrets. Further use throws, as it would let secrets through. */
  wipe(): void {
    this.#wiped = true
    for (const pattern of this.#patterns) pattern.fill(0)
    for (const secret of this.#escaped) secret.wipe()
    for (const secret of this.#lowerCase) secret.fill(0)
    this.#held.fill(0)
  }

  /** Matches in order of their start, those that overlap joined. */
  #find(text: Buffer): Interval[] {
    if (this.#wiped) throw new Error('the scrubber is wiped')
    const found: Interval[] = []
    for (const pattern of this.#patterns) {
      let start = text.indexOf(pattern)
      while (start !== -1) {
        found.push({ start, end: start + pattern.length })
        start = text.indexOf(pattern, start + pattern.length)
      }
    }
    if (this.#escaped.length > 0 && escapeSigns.some((sign) => text.includes(sign))) {
      for (const secret of this.#escaped) findEscaped(secret, text, found)
    }
    return found.length > 1 ? joined(found) : found
  }

  /** Where the tail starts that later bytes could turn into a match. */
  #holdFrom(text: Buffer, found: readonly Interval[]): number {
    const first = Math.max(0, text.length - this.#window + 1)
    for (let at = first; at < text.length; at++) {
      if (found.some(({ start, end }) => start < at && at < end)) continue
      if (this.#couldStartAt(text, at)) return at
    }
    return text.length
  }

  #couldStartAt(text: Buffer, at: number): boolean {
    const byte = text[at] as number
    const length = text.length - at
    const patterns = this.#byFirstByte.get(byte)
    if (
      patterns?.some(
        (pattern) =>
          pattern.length > length && pattern.compare(text, at, text.length, 0, length) === 0,
      )
    ) {
      return true
    }
    return this.#escaped.some(
      (secret) => secret.mayStartWith(byte) && secret.matchAt(text, at) === 'incomplete',
    )
  }
}

function findEscaped(secret: EscapedSecret, text: Buffer, found: Interval[]): void {
  for (let at = 0; at < text.length; at++) {
    if (!secret.mayStartWith(text[at] as number)) continue
    const match = secret.matchAt(text, at)
    if (typeof match !== 'object') continue
    found.push({ start: at, end: match.end })
    at = match.end - 1
  }
}

function joined(found: Interval[]): Interval[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const result: Interval[] = []
  for (const next of found) {
    const last = result.at(-1)
    if (last && next.start < last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, next.end) }
    } else {
      result.push(next)
    }
  }
  return result
}

/** The text up to `cut` with each match replaced. A match never straddles `cut`. */
function redacted(text: Buffer, found: readonly Interval[], cut: number): Buffer {
  const parts: Buffer[] = []
  let offset = 0
  for (const { start, end } of found) {
    if (end > cut) break
    parts.push(text.subarray(offset, start), redactionBytes)
    offset = end
  }
  if (parts.length === 0) return cut === text.length ? text : text.subarray(0, cut)
  return Buffer.concat([...parts, text.subarray(offset, cut)])
}

function lowerCased(secret: Uint8Array): Buffer {
  const copy = joinSecret(secret)
  copy.forEach((byte, index) => {
    if (byte >= 0x41 && byte <= 0x5a) copy[index] = byte | 0x20
  })
  return copy
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
