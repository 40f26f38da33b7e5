import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../src/errors.ts'
import { canonicalHost, parseAuthority } from '../src/host.ts'
import { admits, createPolicy, type Policy } from '../src/policy.ts'

const decide = (policy: Policy, authority: string): string => policy(parseAuthority(authority))
const allowing = (...allow: string[]): Policy => createPolicy({ allow, allowPrivate: [] })

describe('egress rules', () => {
  test('nothing is allowed by default', () => {
    const policy = allowing()
    expect(decide(policy, 'api.example:443')).toBe('deny')
    expect(decide(policy, '8.8.8.8:443')).toBe('deny')
  })

  test('a host rule allows exactly that host, on every port', () => {
    const policy = allowing('api.example')
    expect(decide(policy, 'api.example:443')).toBe('public')
    expect(decide(policy, 'API.example.:8443')).toBe('public')
    expect(decide(policy, 'x.api.example:443')).toBe('deny')
    expect(decide(policy, 'api.example.evil:443')).toBe('deny')
    expect(decide(policy, 'notapi.example:443')).toBe('deny')
  })

  test('a rule with a port allows only that port', () => {
    const policy = allowing('api.example:443', '*.other.example:8443', '*:8080')
    expect(decide(policy, 'api.example:443')).toBe('public')
    expect(decide(policy, 'api.example:444')).toBe('deny')
    expect(decide(policy, 'a.other.example:8443')).toBe('public')
    expect(decide(policy, 'a.other.example:443')).toBe('deny')
    expect(decide(policy, 'anything.example:8080')).toBe('public')
  })

  test('a wildcard allows what is below it, at any depth, but not itself or a look-alike', () => {
    const policy = allowing('*.api.example')
    expect(decide(policy, 'a.api.example:443')).toBe('public')
    expect(decide(policy, 'a.b.api.example:443')).toBe('public')
    expect(decide(policy, 'api.example:443')).toBe('deny')
    expect(decide(policy, 'evilapi.example:443')).toBe('deny')
    expect(decide(policy, 'a.api.example.evil:443')).toBe('deny')
  })

  test('rules are written in any spelling and matched in the one spelling', () => {
    const policy = allowing('API.Example.', '*.BÜCHER.example', '[2606:4700::0:1111]')
    expect(decide(policy, 'api.example:443')).toBe('public')
    expect(decide(policy, 'x.xn--bcher-kva.example:443')).toBe('public')
    expect(decide(policy, '[2606:4700::1111]:443')).toBe('public')
  })

  test('allowing every host still says nothing about addresses that are not public', () => {
    const policy = allowing('*')
    const host = canonicalHost('anything.example')
    expect(decide(policy, 'anything.example:443')).toBe('public')
    expect(admits('public', host, 'global')).toBe(true)
    expect(admits('public', host, 'private')).toBe(false)
    expect(admits('public', host, 'loopback')).toBe(false)
  })

  test('a private rule allows the host by itself and only at its port', () => {
    const policy = createPolicy({ allow: ['*'], allowPrivate: ['intranet.example:8443'] })
    expect(decide(policy, 'intranet.example:8443')).toBe('private')
    expect(decide(policy, 'intranet.example:443')).toBe('public')
    expect(decide(createPolicy({ allow: [], allowPrivate: ['db.example'] }), 'db.example:1')).toBe(
      'private',
    )
  })

  test('a name never leads to metadata or link-local addresses, an address that is listed does', () => {
    const name = canonicalHost('intranet.example')
    const literal = canonicalHost('169.254.169.254')
    for (const scope of ['private', 'loopback', 'shared'] as const) {
      expect(admits('private', name, scope)).toBe(true)
    }
    for (const scope of ['metadata', 'link-local', 'multicast', 'reserved'] as const) {
      expect(admits('private', name, scope)).toBe(false)
    }
    expect(admits('private', literal, 'metadata')).toBe(true)
    expect(admits('private', literal, 'unspecified')).toBe(false)
    expect(admits('private', literal, 'multicast')).toBe(false)
    expect(admits('private', literal, 'translation')).toBe(false)
  })

  test.each([
    '',
    '*.',
    '**',
    '*.*',
    'a.*.example',
    '*example.com',
    '*.1.2.3.4',
    '*.0.0.1',
    '*.[::1]',
    'https://api.example',
    'api.example/path',
    'api.example:0',
    'api.example:65536',
    'api.example:x',
    'user@api.example',
    '::1',
    '10.0.0.0/8',
    'a b',
  ])('%j is not a rule', (rule) => {
    expect(() => allowing(rule)).toThrow(ConfigError)
  })

  test.each(['*', '*.example', '*:443'])('%s cannot be allowed at private addresses', (rule) => {
    expect(() => createPolicy({ allow: [], allowPrivate: [rule] })).toThrow(ConfigError)
  })

  test('adding rules never takes anything away', () => {
    const label = fc.constantFrom('a', 'b', 'api')
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
    const rule = fc.oneof(
      name,
      name.map((text) => `*.${text}`),
      name.map((text) => `${text}:443`),
    )
    fc.assert(
      fc.property(fc.array(rule), fc.array(rule), name, (some, more, host) => {
        const target = parseAuthority(`${host}:443`)
        if (allowing(...some)(target) === 'deny') return
        expect(allowing(...some, ...more)(target)).toBe('public')
      }),
    )
  })
})
