import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequestPath } from '../src/request-path.ts'

const refused = expect.objectContaining({ name: 'ProtocolError', code: 'INVALID_PATH' }) as Error

describe('request path', () => {
  it.each([
    ['/', '/', ''],
    ['/user', '/user', ''],
    ['/a/b?x=1&y=%2F..%2f', '/a/b', '?x=1&y=%2F..%2f'],
    ['/a?', '/a', '?'],
    ['/a%20b/...', '/a%20b/...', ''],
    ['/a?b?c//d;e\\f', '/a', '?b?c//d;e\\f'],
    ["/repos/o/r/contents/!$&'()*+,=:@~-_", "/repos/o/r/contents/!$&'()*+,=:@~-_", ''],
  ])('splits %s', (text, pathname, search) => {
    expect(parseRequestPath(text)).toEqual({ pathname, search })
  })

  it.each([
    '',
    'user',
    '//evil.example/x',
    '/a//b',
    '/\\evil.example',
    '/a\\b',
    '/%5cevil',
    '/%5Cevil',
    '/..',
    '/.',
    '/a/..',
    '/a/../b',
    '/a/./b',
    '/%2e%2e/x',
    '/%2E./x',
    '/.%2e',
    '/%2e',
    '/a%2fb',
    '/a%2Fb',
    '/a%00',
    '/a;b',
    '/a#b',
    '/a b',
    '/a\tb',
    '/\t/evil.example',
    '/a\r\nb',
    '/ä',
    '/a%',
    '/a%4',
    '/a%zz',
    '/a?b=%',
    '/a?b c',
    '/a?\n',
    'https://evil.example/',
    `/${'a'.repeat(8192)}`,
  ])('refuses %j', (text) => {
    expect(() => parseRequestPath(text)).toThrow(refused)
  })

  it('never lets a path change its meaning when a URL parser reads it below a base', () => {
    const alphabet = fc.constantFrom(
      ...Array.from('/.\\%2eEfF5cC;?#@:ab \t\n'),
      '..',
      '%2e',
      '%2f',
      '//',
    )
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
        const text = `/${parts.join('')}`
        let parsed
        try {
          parsed = parseRequestPath(text)
        } catch (error) {
          expect(error).toEqual(refused)
          return
        }
        const url = new URL(`https://api.example/base${text}`)
        expect(url.origin).toBe('https://api.example')
        expect(url.pathname).toBe(`/base${parsed.pathname}`)
      }),
      { numRuns: 3000 },
    )
  })
})
