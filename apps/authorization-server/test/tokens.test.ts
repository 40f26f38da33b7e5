import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokenVerifier, TokenError } from '../src/tokens.ts'

const issuer = 'https://auth.example.org'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let now = Date.now()
let revoked = false
const verify = createTokenVerifier({
  issuer,
  findKey: (kid) => (kid === 'k1' ? { alg: 'ES256', publicKey } : undefined),
  revocation: { isRevoked: () => Promise.resolve(revoked) },
  clock: () => now,
})

const token = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: KeyObject = privateKey,
): Promise<string> =>
  new SignJWT({
    iss: issuer,
    sub: 'usr_1',
    aud: 'https://a.example',
    client_id: 'c',
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 300,
    scope: 'read write',
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header })
    .sign(key)

const problemOf = async (text: string, audience?: string): Promise<string> => {
  try {
    await verify(text, { audience })
    return 'none'
  } catch (error) {
    return error instanceof TokenError ? error.problem : String(error)
  }
}

describe('own access tokens', () => {
  test('are accepted as issued, by audience or for any', async () => {
    const good = await token()
    expect(await problemOf(good)).toBe('none')
    expect(await problemOf(good, 'https://a.example')).toBe('none')
    expect(await problemOf(good, 'https://b.example')).toBe('wrong_audience')
    expect(await verify(good, {})).toMatchObject({ sub: 'usr_1', scope: 'read write' })
  })

  test('are refused when anything about them is wrong', async () => {
    const good = await token()
    const [head = '', body = '', signature = ''] = good.split('.')
    const encode = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const changed = encode({
      ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object),
      sub: 'usr_2',
    })
    const none = encode({ alg: 'none', typ: 'at+jwt', kid: 'k1' })
    const cases: [string, string][] = [
      ['bad_signature', [head, changed, signature].join('.')],
      ['bad_signature', await token({}, {}, stranger.privateKey)],
      ['malformed', [none, changed, ''].join('.')],
      ['malformed', [none, changed, signature].join('.')],
      ['unknown_key', await token({}, { kid: 'k2' })],
      ['malformed', await token({}, { typ: 'JWT' })],
      ['malformed', await token({}, { typ: 'dpop+jwt' })],
      ['wrong_issuer', await token({ iss: `${issuer}/` })],
      ['malformed', await token({ aud: ['https://a.example', 'https://b.example'] })],
      ['malformed', await token({ sub: undefined })],
      ['malformed', await token({ exp: 'soon' })],
      ['expired', await token({ exp: Math.floor(Date.now() / 1000) - 1 })],
      ['malformed', `${good}.x`],
      ['malformed', 'x'.repeat(20_000)],
      ['malformed', ''],
      ['malformed', '..'],
      ['malformed', 'bm90IGpzb24.bm90IGpzb24.c2ln'],
    ]
    for (const [problem, text] of cases)
      expect([text, await problemOf(text)]).toEqual([text, problem])
  })

  test('die by time and by revocation also after they were remembered', async () => {
    const good = await token()
    expect(await problemOf(good)).toBe('none')
    revoked = true
    expect(await problemOf(good)).toBe('revoked')
    revoked = false
    expect(await problemOf(good)).toBe('none')
    now += 301_000
    expect(await problemOf(good)).toBe('expired')
    now = Date.now()
  })
})
