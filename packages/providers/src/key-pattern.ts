/**
 * Patterns of keys and tenants: a small part of the regular expressions that needs no backtracking.
 *
 * A pattern is a row of atoms that must fit the whole text: a character, `\d`, or a class such as
 * `[A-Za-z0-9_-]`, each with an optional `{n}`, `{n,m}`, `{n,}`, `?`, `+` or `*`. Whatever may
 * repeat a varying number of times must be followed by something else than itself, so every text is
 * decided in one pass: a hostile pattern in a file, or a hostile text, costs nothing.
 *
 * @module
 */

interface Atom {
  /** The characters that fit. */
  readonly set: ReadonlySet<string>
  readonly min: number
  readonly max: number
}

/** A parsed pattern. */
export interface KeyPattern {
  readonly atoms: readonly Atom[]
}

/** Longest text that is looked at, in characters. */
const maxTextLength = 16_384
const maxAtoms = 200
const maxRepeat = 10_000

/**
 * Parses a pattern.
 *
 * @throws RangeError that says what is not supported and where
 */
export function parsePattern(source: string): KeyPattern {
  const known = cache.get(source)
  if (known) return known
  const atoms: Atom[] = []
  let at = 0
  while (at < source.length) {
    const start = at
    const parsed = readSet(source, at)
    const repeat = readRepeat(source, parsed.next)
    if (repeat.max < repeat.min) throw refuse(start, 'a repeat ends below its start')
    atoms.push({ set: parsed.set, min: repeat.min, max: repeat.max })
    at = repeat.next
  }
  if (atoms.length === 0 || atoms.length > maxAtoms) {
    throw refuse(0, `a pattern has 1 to ${maxAtoms} parts`)
  }
  requireOnePass(atoms)
  const pattern = { atoms }
  if (cache.size >= 1000) cache.clear()
  cache.set(source, pattern)
  return pattern
}

const cache = new Map<string, KeyPattern>()

/** Tells whether the whole text fits; in time proportional to its length. */
export function matchesPattern(source: string, text: string): boolean {
  if (text.length > maxTextLength) return false
  let at = 0
  for (const { set, min, max } of parsePattern(source).atoms) {
    let count = 0
    while (count < max && at < text.length && set.has(text[at] ?? '')) {
      count++
      at++
    }
    if (count < min) return false
  }
  return at === text.length
}

/**
 * The literal text that everything that fits starts with, such as `ghp_`. What distinguishes a
 * key's kind from others.
 */
export function patternPrefix(source: string): string {
  let prefix = ''
  for (const { set, min, max } of parsePattern(source).atoms) {
    if (set.size !== 1) break
    prefix += [...set].join('').repeat(min)
    if (min !== max) break
  }
  return prefix
}

/** How long a text that fits is, in characters. */
export function patternLength(source: string): { readonly min: number; readonly max: number } {
  const { atoms } = parsePattern(source)
  return {
    min: atoms.reduce((sum, { min }) => sum + min, 0),
    max: atoms.reduce((sum, { max }) => sum + max, 0),
  }
}

/**
 * A text that fits, for tests.
 *
 * @param pick - chooses an index below the given count
 */
export function samplePattern(source: string, pick: (below: number) => number): string {
  return parsePattern(source)
    .atoms.flatMap(({ set, min, max }) => {
      const characters = [...set]
      const count = min === 0 && max > 0 ? 1 : min
      return Array.from({ length: count }, () => characters[pick(characters.length)] ?? '')
    })
    .join('')
}

/** What varies in length must not run into what follows: greed is then always right. */
function requireOnePass(atoms: readonly Atom[]): void {
  for (const [index, { set, min, max }] of atoms.entries()) {
    if (min === max) continue
    const next = atoms[index + 1]
    if (next === undefined) continue
    if (next.min === 0) {
      throw refuse(index, 'a part of varying length must not be followed by an optional one')
    }
    if ([...next.set].some((character) => set.has(character))) {
      throw refuse(index, 'a part of varying length must end where the next one starts')
    }
  }
}

function readSet(source: string, at: number): { set: ReadonlySet<string>; next: number } {
  const character = source[at] ?? ''
  if (character === '[') return readClass(source, at)
  if (character === '\\') return { set: escaped(source, at), next: at + 2 }
  if (/[()|^$.*+?{}\]]/.test(character) || !/[\x20-\x7e]/.test(character)) {
    throw refuse(at, 'write it as a class or escape it')
  }
  return { set: new Set([character]), next: at + 1 }
}

function readClass(source: string, open: number): { set: ReadonlySet<string>; next: number } {
  const set = new Set<string>()
  let at = open + 1
  if (source[at] === '^') throw refuse(at, 'a class names what fits; it cannot be turned around')
  while (at < source.length && source[at] !== ']') {
    if (source[at] === '\\') {
      for (const character of escaped(source, at)) set.add(character)
      at += 2
      continue
    }
    const from = source[at] ?? ''
    if (!/[\x20-\x7e]/.test(from) || from === '[') throw refuse(at, 'use printable ASCII')
    const to = source[at + 1] === '-' && source[at + 2] !== ']' ? source[at + 2] : undefined
    if (to === undefined) {
      set.add(from)
      at++
      continue
    }
    if (to < from || to > '~') throw refuse(at, 'a range ends before it starts')
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) {
      set.add(String.fromCharCode(code))
    }
    at += 3
  }
  if (source[at] !== ']' || set.size === 0) throw refuse(open, 'a class is empty or not closed')
  return { set, next: at + 1 }
}

function escaped(source: string, at: number): ReadonlySet<string> {
  const character = source[at + 1] ?? ''
  if (character === 'd') return new Set('0123456789')
  if (/[A-Za-z0-9]/.test(character) || !/[\x21-\x7e]/.test(character)) {
    throw refuse(at, 'only \\d and escaped punctuation are known')
  }
  return new Set([character])
}

function readRepeat(source: string, at: number): { min: number; max: number; next: number } {
  const character = source[at]
  if (character === '?') return { min: 0, max: 1, next: at + 1 }
  if (character === '+') return { min: 1, max: Infinity, next: at + 1 }
  if (character === '*') return { min: 0, max: Infinity, next: at + 1 }
  if (character !== '{') return { min: 1, max: 1, next: at }
  const [text, low = '', comma, high = ''] =
    /^\{(\d{1,5})(,)?(\d{1,5})?\}/.exec(source.slice(at, at + 14)) ?? []
  if (text === undefined || Number(low) > maxRepeat || Number(high) > maxRepeat) {
    throw refuse(at, `a repeat is {n}, {n,} or {n,m} with at most ${maxRepeat}`)
  }
  const min = Number(low)
  const max = comma === undefined ? min : high === '' ? Infinity : Number(high)
  return { min, max, next: at + text.length }
}

const refuse = (at: number, why: string): RangeError =>
  new RangeError(`pattern, character ${at + 1}: ${why}`)
