import { base64url } from 'jose'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createLocalKeySource } from '../src/token.ts'
import {
  audience,
  issuer,
  keySet,
  nodeSha256,
  refusal,
  type SigningKey,
  signingKey,
  signToken,
  testClock,
  tokenVerifier,
} from './token-fixture.ts'

let key: SigningKey
beforeAll(async () => {
  key = await signingKey('k1')
})

describe('a valid access token (RFC 9068)', () => {
  test('yields its claims, frozen', async () => {
    const clock = testClock()
    const token = await signToken(key, clock, {
      cnf: { jkt: 'a'.repeat(43) },
      act: { sub: 'mcp-server', act: { sub: 'first-server' } },
      'ddls:connections': { github: 'ddls:conn:abc-github', ['__proto__']: 'ddls:conn:x' },
      'ddls:grant': 'grt_1',
      'ddls:resource': 'https://other.example',
    })
    const verified = await tokenVerifier(keySet(key), clock).verify(token)
    expect(verified).toMatchObject({
      issuer,
      subject: 'usr_1',
      clientId: 'client_1',
      audience: [audience],
      scopes: ['tools:call', 'files:read'],
      jkt: 'a'.repeat(43),
      actors: ['mcp-server', 'first-server'],
      grant: 'grt_1',
      resource: 'https://other.example',
      hash: nodeSha256(token),
    })
    expect(verified.connections['github']).toBe('ddls:conn:abc-github')
    expect(verified.connections['constructor']).toBeUndefined()
    expect(() => {
      ;(verified.claims as Record<string, unknown>)['sub'] = 'usr_2'
    }).toThrow(TypeError)
    expect(() => (verified.scopes as string[]).push('admin')).toThrow(TypeError)
  })

  test('may be RS256, of type application/at+jwt, and for several audiences', async () => {
    const clock = testClock()
    const rsa = await signingKey('r1', 'RS256')
    const token = await signToken(
      rsa,
      clock,
      { aud: ['https://x.example', audience] },
      { typ: 'application/AT+JWT' },
    )
    const verified = await tokenVerifier(keySet(key, rsa), clock).verify(token)
    expect(verified.audience).toContain(audience)
  })

  test('verifies with the WebCrypto hash too', async () => {
    const clock = testClock()
    const verifier = tokenVerifier(keySet(key), clock, { sha256: undefined as never })
    const token = await signToken(key, clock)
    expect((await verifier.verify(token)).hash).toBe(nodeSha256(token))
  })

  test('is refused for another audience than the call accepts, also from the cache', async () => {
    const clock = testClock()
    const verifier = tokenVerifier(keySet(key), clock)
    const token = await signToken(key, clock)
    await verifier.verify(token)
    expect(await refusal(verifier.verify(token, 'https://other.example'))).toBe(
      'invalid_token: the token is meant for another audience',
    )
  })
})

describe('a wrong access token', () => {
  const clock = testClock()
  const seconds = Math.floor(clock.now() / 1000)
  const cases: ReadonlyArray<[string, Record<string, unknown>, Record<string, unknown>, string]> = [
    ['another issuer', { iss: 'https://evil.example' }, {}, 'the token is of another issuer'],
    ['an issuer with a slash', { iss: `${issuer}/` }, {}, 'the token is of another issuer'],
    ['another audience', { aud: 'https://x' }, {}, 'the token is meant for another audience'],
    ['an audience prefix', { aud: `${audience}/x` }, {}, 'the token is meant for another audience'],
    ['no audience', { aud: undefined }, {}, 'the token has no aud'],
    ['past its expiry', { exp: seconds - 11 }, {}, 'the token has expired'],
    ['no expiry', { exp: undefined }, {}, 'the token has no exp'],
    ['an expiry that is text', { exp: `${seconds + 300}` }, {}, 'the token has no exp'],
    ['a future nbf', { nbf: seconds + 60 }, {}, 'the token is not valid yet'],
    ['an nbf that is text', { nbf: '0' }, {}, 'the token is not valid yet'],
    ['a future iat', { iat: seconds + 60 }, {}, 'the token was issued in the future'],
    ['no subject', { sub: undefined }, {}, 'the token has no sub'],
    ['an empty subject', { sub: '' }, {}, 'the token has no sub'],
    ['no client', { client_id: undefined }, {}, 'the token has no client_id'],
    ['no jti', { jti: undefined }, {}, 'the token has no jti'],
    ['a scope list', { scope: ['admin'] }, {}, 'the token has a malformed scope'],
    ['a text act', { act: 'x' }, {}, 'the token has a malformed act'],
    ['a nameless actor', { act: { sub: 'x', act: {} } }, {}, 'the token has a malformed act'],
    ['a text act below', { act: { sub: 'x', act: 'y' } }, {}, 'the token has a malformed act'],
    ['a text cnf', { cnf: 'x' }, {}, 'the token has a malformed cnf'],
    ['a short jkt', { cnf: { jkt: 'x' } }, {}, 'the token has a malformed cnf'],
    [
      'a certificate binding',
      { cnf: { 'x5t#S256': 'a'.repeat(43) } },
      {},
      'the token is bound to its key in an unknown way',
    ],
    [
      'connections as a list',
      { 'ddls:connections': ['ddls:conn:x'] },
      {},
      'the token has a malformed ddls:connections',
    ],
    [
      'a connection that is no handle',
      { 'ddls:connections': { a: 'https://x' } },
      {},
      'the token has a malformed ddls:connections',
    ],
    ['type JWT', {}, { typ: 'JWT' }, 'the token is not of type at+jwt'],
    ['no type', {}, { typ: undefined }, 'the token is not of type at+jwt'],
    ['no kid', {}, { kid: undefined }, 'the token names no key'],
    ['an unknown kid', {}, { kid: 'k9' }, 'the token is signed by an unknown key'],
  ]
  test.each(cases)('with %s is refused', async (_name, claims, header, reason) => {
    const token = await signToken(key, clock, claims, header)
    expect(await refusal(tokenVerifier(keySet(key), clock).verify(token))).toBe(
      `invalid_token: ${reason}`,
    )
  })

  test('with alg none or a symmetric alg is refused before any key is asked for', async () => {
    let asked = 0
    const keys = createLocalKeySource(() => keySet(key))
    const verifier = tokenVerifier(keySet(key), clock, {
      keys: (hint) => {
        asked += 1
        return keys(hint)
      },
    })
    const token = await signToken(key, clock)
    const [, payload, signature] = token.split('.')
    for (const alg of ['none', 'HS256', 'ES384', 'PS256']) {
      const header = base64url.encode(JSON.stringify({ alg, kid: 'k1', typ: 'at+jwt' }))
      expect(await refusal(verifier.verify(`${header}.${payload}.${signature}`))).toBe(
        'invalid_token: the token uses an algorithm that is not allowed',
      )
      expect(await refusal(verifier.verify(`${header}.${payload}.`))).toMatch(/^invalid_token: /)
    }
    expect(asked).toBe(0)
  })

  test('signed by another key under a known kid is refused', async () => {
    const imposter = { ...(await signingKey('k1')), kid: 'k1' }
    const token = await signToken(imposter, clock)
    expect(await refusal(tokenVerifier(keySet(key), clock).verify(token))).toBe(
      'invalid_token: the token has a wrong signature',
    )
  })

  test('signed with an encryption key of the key set is refused', async () => {
    const encryption = await signingKey('e1', 'RS256', { use: 'enc' })
    const oaep = await signingKey('e2', 'RS256', { use: 'enc', alg: 'RSA-OAEP-256' })
    for (const wrong of [encryption, oaep]) {
      const token = await signToken(wrong, clock)
      expect(await refusal(tokenVerifier(keySet(key, encryption, oaep), clock).verify(token))).toBe(
        'invalid_token: the token is signed by an unknown key',
      )
    }
  })

  test('with one changed character is refused wherever the change is', async () => {
    const verifier = tokenVerifier(keySet(key), clock)
    const token = await signToken(key, clock)
    await verifier.verify(token)
    const ends = [token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 1]
    const positions = fc.nat({ max: token.length - 1 }).filter((at) => !ends.includes(at))
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.constantFrom(...'AQgw_-.09'.split('')),
        async (at, character) => {
          fc.pre(token[at] !== character)
          const changed = token.slice(0, at) + character + token.slice(at + 1)
          expect(await refusal(verifier.verify(changed))).toMatch(/^invalid_token: /)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('that is arbitrary text is refused with a typed error that does not repeat it', async () => {
    const verifier = tokenVerifier(keySet(key), clock)
    const part = fc.string({ unit: 'binary', minLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const text = parts.join('.')
        const answer = await refusal(verifier.verify(text))
        expect(answer).toMatch(/^invalid_token: the token [a-z0-9+ ]+$/i)
      }),
      { numRuns: 200 },
    )
    expect(await refusal(verifier.verify('a'.repeat(20_000)))).toBe(
      'invalid_token: the token is too long',
    )
  })
})

describe('the cache of verified tokens', () => {
  test('spares the key lookup but never outlives the expiry', async () => {
    const clock = testClock()
    let asked = 0
    const keys = createLocalKeySource(() => keySet(key))
    const verifier = tokenVerifier(keySet(key), clock, {
      keys: (hint) => {
        asked += 1
        return keys(hint)
      },
    })
    const token = await signToken(key, clock, { exp: clock.now() / 1000 + 100 })
    const first = await verifier.verify(token)
    expect(await verifier.verify(token)).toBe(first)
    expect(asked).toBe(1)
    clock.advance(111_000)
    expect(await refusal(verifier.verify(token))).toBe('invalid_token: the token has expired')
    expect(asked).toBe(1)
  })

  test('forgets a token at its own age limit, so that a withdrawn key stops serving', async () => {
    const clock = testClock()
    const keys = { current: keySet(key) }
    const verifier = tokenVerifier(keySet(), clock, {
      keys: createLocalKeySource(() => keys.current),
      cacheMaxAgeSeconds: 20,
    })
    const token = await signToken(key, clock)
    await verifier.verify(token)
    keys.current = keySet()
    await verifier.verify(token)
    clock.advance(21_000)
    expect(await refusal(verifier.verify(token))).toBe(
      'invalid_token: the token is signed by an unknown key',
    )
  })

  test('is bounded, and a size of zero remembers nothing', async () => {
    const clock = testClock()
    let asked = 0
    const keys = createLocalKeySource(() => keySet(key))
    const counting: typeof keys = (hint) => {
      asked += 1
      return keys(hint)
    }
    const tokens = await Promise.all([1, 2, 3].map(() => signToken(key, clock)))
    const small = tokenVerifier(keySet(key), clock, { keys: counting, cacheSize: 2 })
    for (const token of [...tokens, ...tokens]) await small.verify(token)
    expect(asked).toBe(6)
    const none = tokenVerifier(keySet(key), clock, { keys: counting, cacheSize: 0 })
    await none.verify(tokens[0] ?? '')
    await none.verify(tokens[0] ?? '')
    expect(asked).toBe(8)
  })
})
