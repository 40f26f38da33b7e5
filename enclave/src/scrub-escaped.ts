import { couldBeEntity, readEntity } from './scrub-entities.ts'

const percent = 0x25
const ampersand = 0x26
const plus = 0x2b
const two = 0x32
const five = 0x35
const backslash = 0x5c
const space = 0x20
const letterU = 0x75

/** Longest spelling of one byte of a secret: `\u00xx`, `&#x2F;`, `&quot;`. */
export const longestEscape = 6

/** The bytes with which a secret in any spelling may start. */
export const escapedStarts = (secret: Uint8Array): readonly number[] => [
  percent,
  ampersand,
  backslash,
  secret[0] ?? percent,
  secret[0] === space ? plus : percent,
]

/** One character of a secret: its bytes, and its UTF-16 units for JSON. */
interface Character {
  readonly start: number
  readonly end: number
  readonly units: readonly number[]
  /** Code point, where the secret is text. */
  readonly point: number | undefined
}

/** What {@link EscapedSecret.matchAt} found: the end of a match, or that more bytes are needed to tell. */
export type EscapedMatch = { readonly end: number } | 'incomplete' | undefined

/**
 * A secret in any mixture of plain bytes, percent-encoding (either case, `+` for space, once or twice),
 * JSON escapes and HTML character references. Encoders differ in what they escape, so every spelling of every byte is tried.
 */
export class EscapedSecret {
  readonly #secret: Buffer
  readonly #characters: readonly Character[]

  /** @param secret - kept, not copied */
  constructor(secret: Buffer) {
    this.#secret = secret
    this.#characters = charactersOf(secret)
  }

  /** Tries to read the secret from `text` at `at`. */
  matchAt(text: Buffer, at: number): EscapedMatch {
    if (!this.#couldStart(text, at)) return undefined
    // A secret may itself look like an escape, so there can be several readings of what went before.
    let ends: readonly number[] = [at]
    let isCutShort = false
    for (const character of this.#characters) {
      const next: number[] = []
      for (const end of ends) isCutShort = this.#read(character, text, end, next) || isCutShort
      if (next.length === 0) return isCutShort ? 'incomplete' : undefined
      ends = next
    }
    return { end: Math.max(...ends) }
  }

  /** Turns most escapes of other characters away before anything is allocated. */
  #couldStart(text: Buffer, at: number): boolean {
    const first = this.#secret[0] as number
    const sign = text[at]
    const next = text[at + 1]
    if (sign === first || next === undefined) return true
    if (sign === ampersand) return couldBeEntity(first, next)
    if (sign === percent) return next === two || hexValue(text, at + 1, 1) === first >>> 4
    if (sign === backslash) return next === letterU || shortEscapes.get(next) === first
    return true
  }

  /** Adds where a character that starts at `at` may end; tells whether more text could add others. */
  #read(character: Character, text: Buffer, at: number, found: number[]): boolean {
    const escaped =
      text[at] === backslash
        ? readJsonEscape(character.units, text, at)
        : character.point === undefined
          ? undefined
          : readEntity(character.point, text, at)
    if (typeof escaped === 'number') found.push(escaped)
    let isCutShort = escaped === 'incomplete'
    let ends: readonly number[] = [at]
    for (let index = character.start; index < character.end; index++) {
      const next: number[] = []
      for (const end of ends) {
        isCutShort = readByte(this.#secret[index] as number, text, end, next) || isCutShort
      }
      ends = next
    }
    found.push(...ends)
    return isCutShort
  }
}

/** Adds where a byte that starts at `at` may end; tells whether more text could add others. */
function readByte(byte: number, text: Buffer, at: number, found: number[]): boolean {
  if (at >= text.length) return true
  const first = text[at]
  if (first === byte || (first === plus && byte === space)) found.push(at + 1)
  if (first !== percent) return false
  const isCutShort = readHexByte(byte, text, at + 1, found)
  // Encoded twice: `%25` is the percent sign of the encoding inside.
  if (text[at + 1] !== two) return isCutShort
  if (at + 2 === text.length) return true
  return (text[at + 2] === five && readHexByte(byte, text, at + 3, found)) || isCutShort
}

function readHexByte(byte: number, text: Buffer, at: number, found: number[]): boolean {
  const given = Math.min(2, text.length - at)
  if (hexValue(text, at, given) !== byte >>> (8 - given * 4)) return false
  if (given === 2) found.push(at + 2)
  return given < 2
}

const shortEscapes = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x74, 0x09],
])

function readJsonEscape(
  units: readonly number[],
  text: Buffer,
  at: number,
): number | 'incomplete' | undefined {
  let position = at
  for (const unit of units) {
    const kind = text[position + 1]
    if (kind === undefined) return 'incomplete'
    if (text[position] !== backslash) return undefined
    if (kind === letterU) {
      if (position + 6 > text.length) return 'incomplete'
      if (hexValue(text, position + 2, 4) !== unit) return undefined
      position += 6
    } else if (shortEscapes.get(kind) === unit) {
      position += 2
    } else {
      return undefined
    }
  }
  return units.length === 0 ? undefined : position
}

/** Value of hexadecimal digits, or -1. */
function hexValue(text: Buffer, at: number, digits: number): number {
  let value = 0
  for (let index = at; index < at + digits; index++) {
    const byte = text[index] ?? 0
    const digit =
      byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
          ? (byte | 0x20) - 0x57
          : -1
    if (digit === -1) return -1
    value = value * 16 + digit
  }
  return value
}

/** UTF-16 code units of a secret; `undefined` where it is not UTF-8. */
export function utf16Units(secret: Buffer): readonly number[] | undefined {
  const characters = charactersOf(secret)
  return characters.every(({ point }) => point !== undefined)
    ? characters.flatMap(({ units }) => units)
    : undefined
}

function charactersOf(secret: Buffer): Character[] {
  const characters: Character[] = []
  for (let start = 0; start < secret.length;) {
    const { length, point } = decodePoint(secret, start)
    characters.push({ start, end: start + length, units: unitsOf(point), point })
    start += length
  }
  return characters
}

/** Reads one UTF-8 character, or one byte where the secret is not UTF-8. */
function decodePoint(secret: Buffer, at: number): { length: number; point: number | undefined } {
  const lead = secret[at] as number
  if (lead < 0x80) return { length: 1, point: lead }
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  if (length === 1) return { length, point: undefined }
  let point = lead & (0xff >> (length + 1))
  for (let index = at + 1; index < at + length; index++) {
    const byte = secret[index] ?? 0
    if ((byte & 0xc0) !== 0x80) return { length: 1, point: undefined }
    point = (point << 6) | (byte & 0x3f)
  }
  return { length, point }
}

function unitsOf(point: number | undefined): number[] {
  if (point === undefined) return []
  if (point < 0x10000) return [point]
  const rest = point - 0x10000
  return [0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff)]
}
