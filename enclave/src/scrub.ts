import { EscapedSecret, escapedStarts, longestEscape } from './scrub-escaped.ts'
import { type LeakPatterns, leakPatterns } from './scrub-patterns.ts'

/** What stands in place of a secret. */
export const redaction = '[redacted by holdfast]'

const redactionBytes = Buffer.from(redaction)
const nothing = Buffer.alloc(0)
const escapeSigns = [0x25, 0x5c, 0x2b, 0x26]

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
  readonly #leaks: LeakPatterns
  #spellings: Spellings | undefined
  #held: Buffer = nothing
  #isWiped = false

  /** @param secrets - copied; {@link wipe} removes the copies */
  constructor(secrets: readonly Uint8Array[]) {
    this.#leaks = leakPatterns(secrets)
  }

  /** All of a text at once. */
  scrub(text: Uint8Array): Buffer {
    const bytes = asBuffer(text)
    return redacted(bytes, this.#find(bytes), bytes.length)
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
    return this.#find(bytes).length > 0 || this.#isInLowerCase(bytes)
  }

  /** Tells at the cost of one search that no header holds a secret, neither its name nor its value. */
  areClean(headers: readonly (readonly [name: string, value: string])[]): boolean {
    // What stands in one of them stands in all of them together.
    let text = ''
    for (const [name, value] of headers) text += `${name}\n${value}\n`
    const bytes = Buffer.from(text, 'latin1')
    return this.#find(bytes).length === 0 && !this.#isInLowerCase(bytes)
  }

  #isInLowerCase(bytes: Buffer): boolean {
    return this.#leaks.lowerCase.some((secret) => bytes.includes(secret))
  }

  /** Removes every copy of the secrets. Further use throws, as it would let secrets through. */
  wipe(): void {
    this.#isWiped = true
    this.#spellings = undefined
    this.#leaks.wipe()
    this.#held.fill(0)
  }

  /** Matches in order of their start, those that overlap joined. */
  #find(text: Buffer): Interval[] {
    if (this.#isWiped) throw new Error('the scrubber is wiped')
    const found: Interval[] = []
    for (const pattern of this.#leaks.patterns) {
      let start = text.indexOf(pattern)
      while (start !== -1) {
        found.push({ start, end: start + pattern.length })
        start = text.indexOf(pattern, start + pattern.length)
      }
    }
    if (this.#leaks.long.length > 0 && escapeSigns.some((sign) => text.includes(sign))) {
      this.#findEscaped(text, found)
    }
    return found.length > 1 ? joined(found) : found
  }

  /** Where the tail starts that later bytes could turn into a match. */
  #holdFrom(text: Buffer, found: readonly Interval[]): number {
    const spellings = (this.#spellings ??= spellingsOf(this.#leaks))
    const first = Math.max(0, text.length - spellings.window + 1)
    for (let at = first; at < text.length; at++) {
      const kinds = spellings.starts[text[at] as number] as number
      if (kinds === 0 || !this.#couldStartAt(text, at, spellings, kinds)) continue
      if (!found.some(({ start, end }) => start < at && at < end)) return at
    }
    return text.length
  }

  #couldStartAt(text: Buffer, at: number, { escaped }: Spellings, kinds: number): boolean {
    const length = text.length - at
    const isPrefix = (pattern: Buffer): boolean =>
      pattern.length > length && pattern.compare(text, at, text.length, 0, length) === 0
    return (
      ((kinds & 1) !== 0 && this.#leaks.patterns.some(isPrefix)) ||
      ((kinds & 2) !== 0 && escaped.some((secret) => secret.matchAt(text, at) === 'incomplete'))
    )
  }

  #findEscaped(text: Buffer, found: Interval[]): void {
    const { escaped, starts } = (this.#spellings ??= spellingsOf(this.#leaks))
    for (const secret of escaped) {
      for (let at = 0; at < text.length; at++) {
        if (((starts[text[at] as number] as number) & 2) === 0) continue
        const match = secret.matchAt(text, at)
        if (typeof match !== 'object') continue
        found.push({ start: at, end: match.end })
        at = match.end - 1
      }
    }
  }
}

/** What only texts with escapes, and texts that come in pieces, need. */
interface Spellings {
  readonly escaped: readonly EscapedSecret[]
  /** For each byte, whether a pattern starts with it (1) or an escaped secret may (2). */
  readonly starts: Uint8Array
  /** Longest span that can still become a match. */
  readonly window: number
}

function spellingsOf({ patterns, long }: LeakPatterns): Spellings {
  const starts = new Uint8Array(256)
  let window = 0
  for (const pattern of patterns) {
    starts[pattern[0] as number] = 1
    window = Math.max(window, pattern.length)
  }
  for (const secret of long) {
    for (const byte of escapedStarts(secret)) starts[byte] = (starts[byte] ?? 0) | 2
    window = Math.max(window, secret.length * longestEscape)
  }
  return { escaped: long.map((secret) => new EscapedSecret(secret)), starts, window }
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

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
