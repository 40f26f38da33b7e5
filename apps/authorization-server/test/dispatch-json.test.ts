import { assert, jsonValue, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxJsonDepth, parseStrictJson } from '../src/dispatch/strict-json.ts'

const parse = (text: string, spanOf?: readonly string[]) =>
  parseStrictJson(Buffer.from(text), spanOf)

describe('strict JSON', () => {
  test('reads what JSON.parse reads, for any JSON value', () => {
    assert(
      property(jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 2)
        expect(parse(text).value).toEqual(JSON.parse(text))
      }),
    )
  })

  test('gives back the exact text of a member, whatever it holds', () => {
    assert(
      property(jsonValue(), jsonValue(), (before, body) => {
        const text = `{"a": ${JSON.stringify(before)}, "request" :{"x":[1,{"body":2}],"body": ${JSON.stringify(body)} }}`
        const { span } = parse(text, ['request', 'body'])
        expect(text.slice(span!.start, span!.end).trim()).toBe(JSON.stringify(body))
      }),
    )
  })

  test.each([
    ['at the top', '{"a":1,"a":2}'],
    ['below', '{"a":[{"b":1,"c":{"d":1,"d":2}}]}'],
    ['in another spelling', String.raw`{"a":1,"\u0061":2}`],
    ['behind a value with quotes', String.raw`{"a":"\"}","b":{"x":1},"a":2}`],
    ['of a name with a quote', String.raw`{"\"":1,"\"":2}`],
  ])('refuses a repeated key %s', (_, text) => {
    expect(() => parse(text)).toThrow('repeated key')
  })

  test('takes the same key in different objects', () => {
    expect(parse('[{"a":1},{"a":{"a":"a"}}]').value).toEqual([{ a: 1 }, { a: { a: 'a' } }])
  })

  test('refuses deep nesting', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(() => parse(nested(maxJsonDepth))).not.toThrow()
    expect(() => parse(nested(maxJsonDepth + 1))).toThrow('too deeply nested')
    expect(() => parse('{"a":'.repeat(100_000))).toThrow('too deeply nested')
  })

  test.each(['', '{', '{"a"', '{"a":', '"', '{"a":1}}', '{]', '\u{feff}{}', '{"\\":1}'])(
    'refuses %j',
    (text) => {
      expect(() => parse(text)).toThrow('not JSON')
    },
  )

  test('refuses bytes that are not UTF-8', () => {
    expect(() => parseStrictJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow('not UTF-8')
  })
})
