import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  connectionPolicySchema,
  credentialPinsSchema,
  pathMatches,
  policyRefusal,
} from '../src/policy.ts'

describe('path pattern', () => {
  it.each([
    ['/user', '/user', true],
    ['/user', '/user/', false],
    ['/user', '/users', false],
    ['/', '/', true],
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/*', '/a', true],
    ['/*', '/', true],
    ['/*', '/a/b', false],
    ['/repos/*/*/issues', '/repos/o/r/issues', true],
    ['/repos/*/*/issues', '/repos/o/r/x/issues', false],
    ['/repos/**', '/repos/', true],
    ['/repos/**', '/repos', false],
    ['/a*c/**/z', '/abc/x/y/z', true],
    ['/a*c/**/z', '/ab/c/z', false],
    ['/**a*b', '/a/xaxb', true],
    ['/**a*b', '/a/b', false],
    ['/x.y', '/xay', false],
    ['/a+(b)', '/a+(b)', true],
    ['/a***b', '/a/x/b', true],
  ])('%s on %s: %s', (pattern, pathname, expected) => {
    expect(pathMatches(pattern, pathname)).toBe(expected)
  })

  it('means the same as the regular expression that it abbreviates', () => {
    const part = fc.constantFrom('a', 'b', '/', '*', '**', '.')
    const expression = (pattern: string): RegExp =>
      new RegExp(
        `^${pattern
          .split(/(\*{1,2})/)
          .map((text) =>
            text === '**' ? '.*' : text === '*' ? '[^/]*' : text.replaceAll('.', String.raw`\.`),
          )
          .join('')}$`,
      )
    const paths = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 10 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), paths, (parts, path) => {
        const pattern = `/${parts.join('')}`
        expect(pathMatches(pattern, `/${path}`)).toBe(expression(pattern).test(`/${path}`))
      }),
      { numRuns: 5000 },
    )
  })

  it('decides hostile patterns on long paths at once', () => {
    const path = `/${'a'.repeat(8000)}`
    expect(pathMatches(`/${'*a'.repeat(16)}b`, path)).toBe(false)
    expect(pathMatches(`/${'**a'.repeat(8)}b`, path)).toBe(false)
  })

  it.each([
    '',
    'a',
    '/a?b',
    '/a#b',
    '/a\\b',
    '/a;b',
    '/a//b',
    '/a/../b',
    '/a/.',
    '/a b',
    '/ä',
    `/${'a'.repeat(512)}`,
    `/${'*/'.repeat(17)}`,
  ])('is not %j', (pattern) => {
    expect(credentialPinsSchema.safeParse({ paths: [pattern] }).success).toBe(false)
  })
})

describe('policy', () => {
  const question = { method: 'GET', pathname: '/user', resource: 'https://mcp.example/' } as const
  const open = { methods: ['*' as const], paths: ['/**'], resources: ['*'] }

  it('allows what every list allows', () => {
    expect(policyRefusal(open, question)).toBeUndefined()
    expect(
      policyRefusal(
        { methods: ['GET'], paths: ['/user'], resources: ['https://mcp.example/'] },
        question,
      ),
    ).toBeUndefined()
  })

  it('names the list that refuses', () => {
    expect(policyRefusal({ ...open, methods: ['POST'] }, question)).toBe('method')
    expect(policyRefusal({ ...open, paths: ['/x'] }, question)).toBe('path')
    expect(policyRefusal({ ...open, resources: ['https://mcp.example'] }, question)).toBe(
      'resource',
    )
  })

  it('allows nothing by empty lists, and limits nothing by absent pins', () => {
    expect(policyRefusal({ methods: [], paths: [], resources: [] }, question)).toBe('method')
    expect(policyRefusal({}, question)).toBeUndefined()
    expect(policyRefusal({ methods: [] }, question)).toBe('method')
  })

  it('needs all three lists of a policy and knows no others', () => {
    expect(connectionPolicySchema.safeParse({ methods: [], paths: [] }).success).toBe(false)
    expect(connectionPolicySchema.safeParse({ ...open, extra: [] }).success).toBe(false)
    expect(connectionPolicySchema.safeParse({ ...open, methods: ['TRACE'] }).success).toBe(false)
    expect(connectionPolicySchema.safeParse(open).success).toBe(true)
  })
})
