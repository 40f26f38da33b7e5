import { describe, expect, test } from 'vitest'
import {
  allowsCall,
  type ConnectionDetail,
  connectionDetailSchema,
  type ConnectionHandle,
  detailsOfConnections,
  type GrantedConnectionDetail,
  narrowDetails,
  pathMatches,
  patternCovers,
} from '../src/index.ts'

const handle = 'ddls:conn:01J00000000000000000000000-github' as ConnectionHandle
const other = 'ddls:conn:01J00000000000000000000001-slack' as ConnectionHandle
const detail = (
  actions?: string[],
  rest: Partial<GrantedConnectionDetail> = {},
): GrantedConnectionDetail => ({
  type: 'connection',
  identifier: handle,
  ...(actions && { actions }),
  ...rest,
})

describe('a detail', () => {
  test.each([
    ['an unknown member', { type: 'connection', scope: 'x' }],
    ['another type', { type: 'payment' }],
    ['no handle', { type: 'connection', identifier: 'conn_1' }],
    ['an unknown method', { type: 'connection', actions: ['TRACE'] }],
    ['a method in lower case', { type: 'connection', actions: ['get'] }],
    ['no action', { type: 'connection', actions: [] }],
    ['a pattern with dot segments', { type: 'connection', actions: ['GET /a/../b'] }],
    ['a pattern with an empty segment', { type: 'connection', actions: ['GET //a'] }],
    ['a relative pattern', { type: 'connection', actions: ['GET a'] }],
    ['two blanks', { type: 'connection', actions: ['GET  /a'] }],
    ['a line break', { type: 'connection', actions: ['GET /a\nDELETE'] }],
  ])('with %s is none', (_what, value) => {
    expect(connectionDetailSchema.safeParse(value).success).toBe(false)
  })

  test.each([
    [undefined, 'DELETE', '/a', true],
    [['GET'], 'GET', '/a/b', true],
    [['GET'], 'POST', '/a/b', false],
    [['* /a/**'], 'DELETE', '/a/b/c', true],
    [['GET /repos/*'], 'GET', '/repos/one', true],
    [['GET /repos/*'], 'GET', '/repos/one/two', false],
    [['GET /repos/*', 'POST /issues'], 'POST', '/repos/one', false],
  ] as const)('%j and %s %s: %s', (actions, method, pathname, allowed) => {
    expect(allowsCall({ actions: actions && [...actions] }, { method, pathname })).toBe(allowed)
  })
})

describe('one pattern covers another', () => {
  test.each([
    ['/a', '/a', true],
    ['/*', '/a', true],
    ['/*', '/*', true],
    ['/**', '/*/b/**', true],
    ['/*', '/**', false],
    ['/*/*/*', '/**', false],
    ['/a/**/b', '/a/**', false],
    ['/a/**', '/a/*x', true],
    ['/a/*x', '/a/*', false],
    ['/a/x*', '/a/x*y', true],
    ['/*/*', '/*', false],
    ['/a', '/*', false],
  ])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(patternCovers(wide, narrow)).toBe(expected)
  })

  test('never claims what a path disproves', () => {
    const parts = ['/', '/a', '/*', '/**', 'a', '*', '**', '/b']
    const patterns = parts
      .flatMap((one) => parts.flatMap((two) => parts.map((three) => one + two + three)))
      .filter((pattern) => pattern.startsWith('/'))
    const letters = ['/', 'a', 'b']
    let paths = ['/']
    for (let length = 1; length < 5; length += 1) {
      paths = [...new Set(paths.flatMap((path) => [path, ...letters.map((one) => path + one)]))]
    }
    const matched = new Map(
      patterns.map((one) => [one, new Set(paths.filter((path) => pathMatches(one, path)))]),
    )
    for (const wide of patterns) {
      for (const narrow of patterns) {
        if (!patternCovers(wide, narrow)) continue
        const stray = [...(matched.get(narrow) ?? [])].find((path) => !matched.get(wide)?.has(path))
        if (stray !== undefined) throw new Error(`${wide} does not cover ${narrow}: ${stray}`)
      }
    }
  })
})

describe('narrowing', () => {
  const granted = [detail(['GET /repos/**', 'POST /issues'], { name: 'repo', provider: 'github' })]
  const ask = (rest: Partial<ConnectionDetail>): ConnectionDetail[] => [
    { type: 'connection', ...rest },
  ]

  test('keeps what is left out and takes what is within', () => {
    expect(narrowDetails(ask({ identifier: handle }), granted)).toEqual(granted)
    expect(narrowDetails(ask({ name: 'repo', actions: ['GET /repos/*/pulls'] }), granted)).toEqual([
      { ...granted[0], actions: ['GET /repos/*/pulls'] },
    ])
  })

  test.each([
    ['another method', { actions: ['DELETE /repos/x'] }],
    ['every method', { actions: ['*'] }],
    ['every path', { actions: ['GET'] }],
    ['a wider pattern', { actions: ['GET /**'] }],
    ['one good and one bad action', { actions: ['POST /issues', 'POST /other'] }],
    ['another connection', { identifier: other }],
    ['another provider', { provider: 'slack' }],
    ['another name', { name: 'chat' }],
  ])('refuses %s', (_what, rest) => {
    expect(() => narrowDetails(ask(rest), granted)).toThrow('granted')
  })

  test('does not turn one location into another', () => {
    const here = [detail(undefined, { locations: ['https://a.example'] })]
    expect(() => narrowDetails(ask({ locations: ['https://b.example'] }), here)).toThrow(
      'locations',
    )
    expect(narrowDetails(ask({}), here)).toEqual(here)
  })

  test('starts from the connections where no details were granted', () => {
    const whole = detailsOfConnections({ repo: handle, chat: other })
    expect(narrowDetails(ask({ provider: 'slack', actions: ['POST'] }), whole)).toEqual([
      { type: 'connection', identifier: other, name: 'chat', actions: ['POST'] },
    ])
    expect(() => narrowDetails(ask({ actions: ['GET'] }), whole)).toThrow('name one')
  })
})
