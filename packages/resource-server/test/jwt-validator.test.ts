import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { JWTValidator, type JWTValidatorOptions } from '../src/index.ts'
import { listen } from './issuer-double.ts'

const audience = 'https://mcp.example/mcp'
const issuer = 'https://tenant.example/'
const server = createServer()
let jwksUri: string
let keys: object[]
let fetches = 0
let rsa: CryptoKeyPair
let ec: CryptoKeyPair
let stranger: CryptoKeyPair

server.on('request', (_request, response) => {
  fetches += 1
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ keys }))
})
const published = async (pair: CryptoKeyPair, more: object): Promise<object> => ({
  ...(await exportJWK(pair.publicKey)),
  ...more,
})

beforeAll(async () => {
  jwksUri = `${await listen(server)}/keys`
  rsa = await generateKeyPair('RS256', { extractable: true })
  ec = await generateKeyPair('ES256', { extractable: true })
  stranger = await generateKeyPair('RS256', { extractable: true })
})
beforeEach(async () => {
  fetches = 0
  keys = [
    await published(rsa, { kid: 'r1', use: 'sig' }),
    await published(ec, { kid: 'e1', use: 'sig', alg: 'ES256' }),
    await published(stranger, { kid: 'enc', use: 'enc' }),
  ]
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const validator = (options: Partial<JWTValidatorOptions> = {}): JWTValidator =>
  new JWTValidator({ jwksUri, issuer, audience, ...options })

const seconds = (): number => Math.floor(Date.now() / 1000)
const sign = (
  claims: JWTPayload = {},
  header: Record<string, unknown> = {},
  key = rsa.privateKey,
): Promise<string> =>
  new SignJWT({
    iss: issuer,
    aud: audience,
    sub: 'auth0|1',
    iat: seconds(),
    exp: seconds() + 300,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'r1', typ: 'JWT', ...header })
    .sign(key)

describe('the claims of', () => {
  test('Auth0: scope and permissions, azp, an aud list, an issuer with a slash', async () => {
    const token = await sign({
      aud: [audience, 'https://tenant.example/userinfo'],
      scope: 'openid tools:call',
      permissions: ['files:delete'],
      azp: 'app1',
    })
    const read = await validator({ scopeClaims: ['scope', 'permissions'] }).verify(token)
    expect(read).toMatchObject({
      scopes: ['openid', 'tools:call', 'files:delete'],
      clientId: 'app1',
      subject: 'auth0|1',
    })
    // Without a jti the token's hash names it.
    expect(read.tokenId).toBe(read.hash)
  })

  test('Okta: scp as a list, cid, jti', async () => {
    const token = await sign({ scp: ['tools:call', 'files:delete'], cid: 'app2', jti: 'AT.1' })
    expect(await validator().verify(token)).toMatchObject({
      scopes: ['tools:call', 'files:delete'],
      clientId: 'app2',
      tokenId: 'AT.1',
    })
  })

  test('Keycloak: scope, realm roles and client roles, azp', async () => {
    const token = await sign({
      typ: 'Bearer',
      scope: 'profile',
      azp: 'app3',
      realm_access: { roles: ['tools:call'] },
      resource_access: { 'mcp.example': { roles: ['files:delete'] } },
      'https://mcp.example/roles': ['extra'],
    })
    const scopeClaims = [
      'scope',
      'realm_access.roles',
      'resource_access.mcp.example.roles',
      'https://mcp.example/roles',
    ]
    expect(await validator({ scopeClaims }).verify(token)).toMatchObject({
      scopes: ['profile', 'tools:call', 'files:delete', 'extra'],
      clientId: 'app3',
    })
  })

  test('Entra: scp as a text, roles, appid, uti, no typ', async () => {
    const token = await sign(
      { scp: 'tools:call files.read', roles: ['Files.Delete'], appid: 'app4', uti: 'u1' },
      { typ: undefined },
    )
    expect(await validator({ scopeClaims: ['scp', 'roles'] }).verify(token)).toMatchObject({
      scopes: ['tools:call', 'files.read', 'Files.Delete'],
      clientId: 'app4',
      tokenId: 'u1',
    })
  })
})

describe('a token is refused', () => {
  const wrong: ReadonlyArray<[string, () => Promise<string>, RegExp]> = [
    ['for another audience', () => sign({ aud: 'https://other.example' }), /another audience/],
    ['without an audience', () => sign({ aud: undefined } as never), /no aud/],
    ['of another issuer', () => sign({ iss: 'https://tenant.example' }), /another issuer/],
    ['after its time and leeway', () => sign({ exp: seconds() - 61 }), /expired/],
    ['from the future', () => sign({ iat: seconds() + 90 }), /future/],
    ['before its time', () => sign({ nbf: seconds() + 90 }), /not valid yet/],
    ['without an expiry', () => sign({ exp: undefined } as never), /no exp/],
    ['with a number for a jti', () => sign({ jti: 7 as never }), /malformed jti/],
    ['that is an ID token', () => sign({ at_hash: 'x' }), /not an access token/],
    ['that is Keycloak’s refresh token', () => sign({ typ: 'Refresh' }), /not an access token/],
    ['signed by an unknown key', () => sign({}, { kid: 'nobody' }), /unknown key/],
    [
      'signed by the encryption key',
      () => sign({}, { kid: 'enc' }, stranger.privateKey),
      /unknown key/,
    ],
    ['signed by a stranger', () => sign({}, {}, stranger.privateKey), /wrong signature/],
    [
      'with an algorithm that is not listed',
      () => sign({}, { alg: 'RS512' }, rsa.privateKey),
      /algorithm/,
    ],
    ['of another type', () => sign({}, { typ: 'dpop+jwt' }), /not of type/],
    ['bound to a certificate', () => sign({ cnf: { 'x5t#S256': 'x' } }), /unknown way/],
  ]
  test.each(wrong)('%s', async (_name, make, reason) => {
    // jose will not sign RS512 with an RS256 key; the header is changed after signing instead.
    const token = await make().catch(async () => {
      const [, ...rest] = (await sign()).split('.')
      const header = btoa(JSON.stringify({ alg: 'RS512', kid: 'r1', typ: 'JWT' }))
      return [header.replaceAll('=', ''), ...rest].join('.')
    })
    await expect(validator().verify(token)).rejects.toThrow(reason)
  })

  test('when only marked access tokens are wanted', async () => {
    const strict = validator({ acceptUntypedTokens: false })
    await expect(strict.verify(await sign())).rejects.toThrow(/not of type at\+jwt/)
    await expect(strict.verify(await sign({}, { typ: 'at+jwt' }))).resolves.toBeDefined()
  })
})

test('times have 60 seconds of leeway in both directions', async () => {
  await expect(validator().verify(await sign({ exp: seconds() - 50 }))).resolves.toBeDefined()
  await expect(validator().verify(await sign({ iat: seconds() + 50 }))).resolves.toBeDefined()
})

test('one of several issuers is enough, and ES256 is known', async () => {
  const many = validator({ issuer: ['https://old.example', issuer] })
  const token = await sign({}, { alg: 'ES256', kid: 'e1' }, ec.privateKey)
  expect((await many.verify(token)).issuer).toBe(issuer)
})

test('unknown key ids do not make a storm of fetches', async () => {
  const one = validator()
  await one.verify(await sign())
  const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => sign({}, { kid: `k${n}` })))
  for (const token of tokens) await expect(one.verify(token)).rejects.toThrow(/unknown key/)
  expect(fetches).toBe(1)
})

describe('a validator cannot be made', () => {
  const impossible: ReadonlyArray<[string, object, RegExp]> = [
    ['without an audience', { audience: undefined }, /audience is missing/],
    ['with no audience in the list', { audience: [] }, /audience must be a text or a list/],
    ['with an empty audience', { audience: [''] }, /audience must be a text or a list/],
    ['with an empty issuer', { issuer: '' }, /issuer must be a text or a list/],
    ['without an issuer', { issuer: undefined }, /issuer is missing/],
    ['without keys', { jwksUri: undefined }, /jwksUri is missing/],
    ['with a leeway that is no number', { leewaySeconds: Number.NaN }, /leewaySeconds must be 0/],
    ['with a leeway of years', { leewaySeconds: 1e9 }, /leewaySeconds must be 0 to 300/],
    ['with a leeway below nothing', { leewaySeconds: -60 }, /leewaySeconds must be 0 to 300/],
    ['without a cool-down', { jwksCooldownSeconds: Number.NaN }, /jwksCooldownSeconds must be 1/],
    ['with a cool-down of nothing', { jwksCooldownSeconds: 0 }, /jwksCooldownSeconds must be 1/],
    ['with keys of no age', { jwksCacheSeconds: Number.NaN }, /jwksCacheSeconds must be 0/],
    ['with keys for ever', { jwksCacheSeconds: Infinity }, /jwksCacheSeconds must be 0/],
    ['with a cache without bound', { cacheSize: Number.NaN }, /cacheSize must be a whole number/],
    [
      'with a shared secret as key',
      { algorithms: ['HS256'] },
      /algorithms must be a list of RS256/,
    ],
    ['with no signature at all', { algorithms: ['none'] }, /algorithms must be a list of RS256/],
    ['with no algorithms', { algorithms: [] }, /algorithms must be a list of RS256/],
    ['with one algorithm as a text', { algorithms: 'RS256' }, /algorithms must be a list of RS256/],
    ['with scope claims as a text', { scopeClaims: 'scp' }, /scopeClaims must be a list of texts/],
    ['with false as a text', { acceptUntypedTokens: 'false' }, /acceptUntypedTokens must be true/],
    ['with an audience of nothing', { audience: [undefined] }, /audience must be a text or a list/],
    ['with a misspelt option', { leeway_seconds: 5 }, /did you mean leewaySeconds\?/],
    ['with keys from plain http', { jwksUri: 'http://tenant.example/keys' }, /must be https/],
  ]
  test.each(impossible)('%s', (_name, options, message) => {
    expect(() => validator(options as never)).toThrow(message)
  })
})
