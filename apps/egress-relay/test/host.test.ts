import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RefusalError } from '../src/errors.ts'
import { canonicalHost, formatTarget, parseAuthority } from '../src/host.ts'

const SAME = [
  ['example.com', 'example.com'],
  ['EXAMPLE.com', 'example.com'],
  ['example.com.', 'example.com'],
  ['eXample。com', 'example.com'],
  ['ｅxample.com', 'example.com'],
  ['exam\u00adple.com', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example.', 'xn--bcher-kva.example'],
  ['a_b.example', 'a_b.example'],
  ['localhost.', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1.', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['0177.0.0.1', '127.0.0.1'],
  ['１２７.0.0.1', '127.0.0.1'],
  ['0', '0.0.0.0'],
  ['0x', '0.0.0.0'],
  ['[::1]', '::1'],
  ['[::FFFF:7F00:1]', '::ffff:127.0.0.1'],
  ['[2606:4700:0000::1111]', '2606:4700::1111'],
] as const

const REFUSED = [
  '',
  '.',
  '..',
  'example..com',
  '.example.com',
  'example.com..',
  ' example.com',
  'example.com ',
  'exa mple.com',
  'example.com\t',
  'example.com\r',
  'example.com\n',
  'example.com\u0000',
  'example.com\u0000.evil.example',
  'user@example.com',
  'user:pass@example.com',
  'example.com:443',
  'example.com/evil',
  'example.com\\evil',
  'example.com?evil',
  'example.com#evil',
  'ex%61mple.com',
  'example.com%00',
  '%31%32%37.0.0.1',
  'example.com％2f',
  'a／b.example',
  'a＠b.example',
  '[example.com]',
  '[127.0.0.1]',
  '[]',
  '[::1',
  '::1]',
  '::1',
  '[::1].',
  '[[::1]]',
  '[fe80::1%eth0]',
  '[fe80::1%25eth0]',
  '[::1]evil',
  '256.1.1.1',
  '1.2.3.4.5',
  '*.example.com',
  'example,com',
  '$(x).example',
  '\u{d800}.example',
]

describe('the one spelling of a host', () => {
  test.each(SAME)('%j becomes %s', (text, value) => {
    expect(canonicalHost(text).value).toBe(value)
  })

  test.each(REFUSED)('%j is refused', (text) => {
    expect(() => canonicalHost(text)).toThrow(RefusalError)
  })

  test('labels over 63 and names over 253 characters are refused', () => {
    expect(canonicalHost(`${'a'.repeat(63)}.example`).kind).toBe('name')
    expect(() => canonicalHost(`${'a'.repeat(64)}.example`)).toThrow(RefusalError)
    expect(() => canonicalHost(`${'a.'.repeat(127)}example`)).toThrow(RefusalError)
    expect(() => canonicalHost('a'.repeat(5000))).toThrow(RefusalError)
  })

  test('the spelling is a fixed point and names the same thing as a URL would', () => {
    const label = fc.stringMatching(/^[A-Za-z0-9ßüé_-]{1,12}$/u)
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(fc.oneof(name, fc.string(), fc.ipV4Extended()), (text) => {
        let host
        try {
          host = canonicalHost(text)
        } catch {
          return
        }
        expect(canonicalHost(host.kind === 'ipv6' ? `[${host.value}]` : host.value)).toEqual(host)
        const { hostname } = new URL(`https://${text}/`)
        expect(hostname.replace(/\.$/, '')).toBe(host.value)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('host and port', () => {
  test.each([
    ['example.com:443', 'example.com:443'],
    ['[::1]:8443', '[::1]:8443'],
    ['127.1:1', '127.0.0.1:1'],
    ['a.example.:65535', 'a.example:65535'],
  ])('%s is understood as %s', (text, formatted) => {
    expect(formatTarget(parseAuthority(text))).toBe(formatted)
  })

  test.each([
    'example.com',
    'example.com:',
    ':443',
    'example.com:0',
    'example.com:0443',
    'example.com:65536',
    'example.com:99999',
    'example.com:-1',
    'example.com:4 43',
    'example.com:443 ',
    'example.com:https',
    'example.com:443:443',
    'example.com:４４３',
    '::1:443',
    '[::1]443',
    'https://example.com:443',
    'user@example.com:443',
  ])('%j is refused', (text) => {
    expect(() => parseAuthority(text)).toThrow(RefusalError)
  })
})
