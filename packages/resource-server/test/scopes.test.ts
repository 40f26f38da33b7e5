import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScopeCheck } from '../src/scopes.ts'

const word = fc.stringMatching(/^[a-z]{1,6}$/)
const scope = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(':'))

describe('without a hierarchy', () => {
  const missing = createScopeCheck(undefined)
  test('a scope is covered by itself only', () => {
    fc.assert(
      fc.property(fc.array(scope), fc.array(scope), (granted, needed) => {
        expect(missing(granted, needed)).toEqual(needed.filter((one) => !granted.includes(one)))
      }),
    )
    expect(missing(['files', 'files:*', '*'], ['files:read'])).toEqual(['files:read'])
  })
})

describe('by prefix', () => {
  const missing = createScopeCheck('prefix')

  test.each([
    ['files', 'files:read'],
    ['files:*', 'files:read'],
    ['files:*', 'files'],
    ['files:read', 'files:read:own'],
  ])('%s covers %s', (granted, needed) => {
    expect(missing([granted], [needed])).toEqual([])
  })

  test.each([
    ['files:read', 'files'],
    ['files:read', 'files:delete'],
    ['files', 'filesystem:read'],
    ['files:re', 'files:read'],
    ['*', 'files:read'],
    ['', 'files:read'],
    [':', 'files'],
  ])('%s does not cover %s', (granted, needed) => {
    expect(missing([granted], [needed])).toEqual([needed])
  })

  test('nothing but the scope itself and its prefixes at colons covers a scope', () => {
    fc.assert(
      fc.property(scope, scope, (granted, needed) => {
        const parts = needed.split(':')
        const covering = parts.map((_part, n) => parts.slice(0, n + 1).join(':'))
        expect(missing([granted], [needed]).length === 0).toBe(covering.includes(granted))
      }),
    )
  })

  test('more scopes never cover less', () => {
    fc.assert(
      fc.property(fc.array(scope), fc.array(scope), fc.array(scope), (granted, more, needed) => {
        const before = missing(granted, needed)
        for (const one of missing([...granted, ...more], needed)) expect(before).toContain(one)
      }),
    )
  })
})

describe('by a table', () => {
  const missing = createScopeCheck({
    admin: ['files:write', 'people'],
    'files:write': ['files:read'],
    people: ['admin'],
  })

  test('what is implied implies on, and a circle ends', () => {
    expect(missing(['admin'], ['files:read', 'files:write', 'people'])).toEqual([])
    expect(missing(['people'], ['files:read'])).toEqual([])
    expect(missing(['files:read'], ['files:write'])).toEqual(['files:write'])
  })

  test('names of every object’s members are no entries', () => {
    expect(missing(['constructor', '__proto__', 'toString'], ['files:read'])).toEqual([
      'files:read',
    ])
  })
})
