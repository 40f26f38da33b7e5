import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAuthority, parseBaseUrl } from '../src/upstream-host.ts'

const refused = expect.objectContaining({ name: 'ProtocolError', code: 'INVALID_HOST' }) as Error

describe('base URL', () => {
  it.each([
    ['https://api.github.com', 'api.github.com', 443, 'api.github.com', ''],
    ['https://API.GitHub.com./v3/', 'api.github.com', 443, 'api.github.com', '/v3'],
    ['HTTPS://api.github.com:443', 'api.github.com', 443, 'api.github.com', ''],
    ['https://localhost:8443/a/b//', 'localhost', 8443, 'localhost:8443', '/a/b'],
    ['https://[::1]:8443', '::1', 8443, '[::1]:8443', ''],
    ['https://[2001:DB8::1]', '2001:db8::1', 443, '[2001:db8::1]', ''],
    ['https://bücher.example', 'xn--bcher-kva.example', 443, 'xn--bcher-kva.example', ''],
    ['https://0x7f.1', '127.0.0.1', 443, '127.0.0.1', ''],
    ['https://a.example/x/../y', 'a.example', 443, 'a.example', '/y'],
  ])('%s is understood one way', (text, host, port, authority, basePath) => {
    expect(parseBaseUrl(text)).toEqual({ host, port, authority, basePath })
  })

  it.each([
    '',
    'api.github.com',
    'http://api.github.com',
    'ftp://x',
    'https://',
    'https:///x',
    'https:x.example',
    'https:/x.example',
    'https://user@x.example',
    'https://user:pw@x.example',
    'https://x.example?a=1',
    'https://x.example?',
    'https://x.example#a',
    'https://x.example#',
    'https:\\\\x.example',
    'https://x.example\\y',
    'https://x.example:0',
    'https://x.example:65536',
    'https://x.exa\tmple',
    'https://x.example\n',
    ' https://x.example',
    'https://x .example',
    'https://x.example/a b',
    'https://x\u0000.example',
    'https://.',
    'https://x.example:abc',
    'javascript:alert(1)',
  ])('refuses %j', (text) => {
    expect(() => parseBaseUrl(text)).toThrow(refused)
  })

  it('never repeats the URL in its error', () => {
    try {
      parseBaseUrl('https://user:hunter2@x.example')
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })
})

describe('allowed host', () => {
  it.each([
    ['API.GitHub.com.', 'api.github.com'],
    ['api.github.com:443', 'api.github.com'],
    ['localhost:8443', 'localhost:8443'],
    ['[::1]', '[::1]'],
  ])('%s becomes %s', (text, authority) => {
    expect(canonicalAuthority(text)).toBe(authority)
  })

  it('is stable: the canonical form of a canonical form is itself', () => {
    fc.assert(
      fc.property(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 })), (domain, port) => {
        const once = canonicalAuthority(port === null ? domain : `${domain}:${port}`)
        expect(canonicalAuthority(once)).toBe(once)
        expect(parseBaseUrl(`https://${once}/x`).authority).toBe(once)
      }),
    )
  })

  it.each(['', 'https://x', 'x/y', 'x?y', 'x#y', 'u@x', 'x\\y', 'x y', 'x\n', ':443', 'x:0'])(
    'refuses %j',
    (text) => {
      expect(() => canonicalAuthority(text)).toThrow(refused)
    },
  )

  it('refuses or canonicalises any text, and never throws anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          const authority = canonicalAuthority(text)
          expect(new URL(`https://${authority}`).pathname).toBe('/')
        } catch (error) {
          expect(error).toEqual(refused)
        }
      }),
    )
  })
})
