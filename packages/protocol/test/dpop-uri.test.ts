import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeHtu } from '../src/token.ts'

describe('htu comparison (RFC 9449 section 4.3)', () => {
  const same: ReadonlyArray<[string, string]> = [
    ['https://a.example/mcp', 'https://a.example/mcp?x=1#y'],
    ['https://a.example/mcp', 'HTTPS://A.Example/mcp'],
    ['https://a.example/mcp', 'https://a.example:443/mcp'],
    ['http://a.example/mcp', 'http://a.example:80/mcp'],
    ['https://a.example', 'https://a.example/'],
    ['https://a.example/~u', 'https://a.example/%7eu'],
    ['https://a.example/a%2Fb', 'https://a.example/a%2fb'],
    ['https://a.example/b', 'https://a.example/a/../b'],
  ]
  test.each(same)('%s equals %s', (left, right) => {
    expect(normalizeHtu(left)).toBe(normalizeHtu(right))
    expect(normalizeHtu(left)).toBeDefined()
  })

  const different: ReadonlyArray<[string, string]> = [
    ['https://a.example/mcp', 'https://a.example/mcp/'],
    ['https://a.example/mcp', 'http://a.example/mcp'],
    ['https://a.example/mcp', 'https://a.example:8443/mcp'],
    ['https://a.example/mcp', 'https://a.example.evil/mcp'],
    ['https://a.example/mcp', 'https://a.example/MCP'],
    ['https://a.example/a/b', 'https://a.example/a%2Fb'],
  ]
  test.each(different)('%s differs from %s', (left, right) => {
    expect(normalizeHtu(left)).not.toBe(normalizeHtu(right))
  })

  test.each([
    '',
    '/mcp',
    'a.example/mcp',
    'ftp://a.example/mcp',
    'https://user:pw@a.example/mcp',
    'https://a.example\\@evil.example/mcp',
    'https://a.example/ mcp',
    'https://a.exa\tmple/mcp',
    'https://',
    `https://a.example/${'a'.repeat(5000)}`,
  ])('%j is no usable URI', (uri) => {
    expect(normalizeHtu(uri)).toBeUndefined()
  })

  test('is idempotent and ignores every query and fragment', () => {
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.webQueryParameters(),
        (url, query) => {
          const normal = normalizeHtu(url)
          fc.pre(normal !== undefined)
          expect(normalizeHtu(normal)).toBe(normal)
          expect(normalizeHtu(`${normal}?${query}`)).toBe(normal)
        },
      ),
    )
  })
})
