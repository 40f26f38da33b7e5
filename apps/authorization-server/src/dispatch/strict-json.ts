/** Where a value stands in a JSON text: `text.slice(start, end)`. */
export interface JsonSpan {
  readonly start: number
  readonly end: number
}

/** Why a text is not accepted as JSON. */
export type JsonProblem = 'not UTF-8' | 'not JSON' | 'too deeply nested' | 'a repeated key'

/** A JSON text that is refused; the message never repeats it. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError'
  readonly problem: JsonProblem

  constructor(problem: JsonProblem) {
    super(problem === 'a repeated key' ? 'the JSON holds a repeated key' : `the JSON is ${problem}`)
    this.problem = problem
  }
}

/** A parsed JSON text. */
export interface StrictJson {
  readonly text: string
  readonly value: unknown
  /** The span of one member by its path of keys, when it exists. */
  readonly span: JsonSpan | undefined
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Deepest nesting that is accepted. */
export const maxJsonDepth = 64

/**
 * Parses JSON that every reader understands the same way.
 *
 * @param spanOf - path of keys whose place in the text is wanted, so that it can be passed on unchanged
 * @throws StrictJsonError for other encodings than UTF-8, repeated keys, or nesting beyond {@link maxJsonDepth}
 * @see {@link https://www.rfc-editor.org/rfc/rfc7493} I-JSON
 */
export function parseStrictJson(bytes: Uint8Array, spanOf: readonly string[] = []): StrictJson {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new StrictJsonError('not UTF-8')
  }
  const span = inspect(text, spanOf)
  try {
    return { text, value: JSON.parse(text), span }
  } catch {
    throw new StrictJsonError('not JSON')
  }
}

interface Level {
  /** Keys seen so far; `undefined` for an array. */
  readonly keys: Set<string> | undefined
  expectsKey: boolean
  /** The key whose value is being read. */
  key: string | undefined
}

/**
 * One pass over the tokens that counts depth and compares keys. Grammar is `JSON.parse`'s matter:
 * here a malformed text only has to end, in time linear in its length.
 */
function inspect(text: string, spanOf: readonly string[]): JsonSpan | undefined {
  const levels: Level[] = []
  let level: Level | undefined
  let start = -1
  let end = -1
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const close = endOfString(text, at)
        if (level?.keys && level.expectsKey) enterKey(level, text.slice(at, close))
        at = close - 1
        break
      }
      case openBrace:
      case openBracket: {
        if (levels.length === maxJsonDepth) throw new StrictJsonError('too deeply nested')
        const isObject = text.charCodeAt(at) === openBrace
        level = { keys: isObject ? new Set() : undefined, expectsKey: isObject, key: undefined }
        levels.push(level)
        break
      }
      case colon:
        if (level) level.expectsKey = false
        if (start === -1 && atPath(levels, spanOf)) start = at + 1
        break
      case closeBrace:
      case closeBracket:
      case comma:
        if (start !== -1 && end === -1 && atPath(levels, spanOf)) end = at
        if (text.charCodeAt(at) !== comma) {
          levels.pop()
          level = levels.at(-1)
        } else if (level) {
          level.expectsKey = level.keys !== undefined
          level.key = undefined
        }
    }
  }
  return start === -1 || end === -1 ? undefined : { start, end }
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const atPath = (levels: readonly Level[], path: readonly string[]): boolean =>
  levels.length === path.length &&
  levels.length > 0 &&
  levels.every((level, index) => level.key === path[index])

function enterKey(level: Level, literal: string): void {
  let key: string
  try {
    // Two spellings of one key (`a`, `\u0061`) are one key.
    key = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
  } catch {
    throw new StrictJsonError('not JSON')
  }
  if (level.keys?.has(key)) throw new StrictJsonError('a repeated key')
  level.keys?.add(key)
  level.key = key
}

/** Index behind the closing quote, or the end of the text. */
function endOfString(text: string, open: number): number {
  let from = open + 1
  for (;;) {
    const close = text.indexOf('"', from)
    if (close === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(close - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return close + 1
    from = close + 1
  }
}
