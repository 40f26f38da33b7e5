import {
  calculateJwkThumbprint,
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  SignJWT,
} from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { trustIssuer } from '../src/assertions/issuers.ts'
import { newIssuerSchema, type trustSchema } from '../src/assertions/trust.ts'
import { registerClient } from '../src/registration/clients.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import { addResource, claimsOf, discover, dpopKeys, exchange, insecure } from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://issues.example/mcp'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
let server: TestServer
let host: DocumentHost
let issuer: string
let key: GenerateKeyPairResult
let edKey: GenerateKeyPairResult
let confidential: { id: string; secret: string }
let workload: { id: string }
let stranger: { id: string; secret: string }
let own: RegisteredResource
let userId: string
let handle: string

beforeAll(async () => {
  host = await startDocumentHost('idp.example')
  issuer = `https://idp.example:${host.port}/tenant`
  key = await generateKeyPair('ES256', { extractable: true })
  edKey = await generateKeyPair('EdDSA', { extractable: true })
  const keys = [
    { ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'ES256' },
    { ...(await exportJWK(edKey.publicKey)), kid: 'ed', alg: 'EdDSA' },
  ]
  host.handler = (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys }))
  }
  server = await startTestServer({
    config: { outbound: host.outbound, rateLimits: { tokenFailuresPerAddress: 10_000 } },
  })
  userId = (await server.addUser('ann@example.org')).id
  handle = await addConnection(server.ctx, userId, 'github')
  own = await addResource(server, { resource: uri })
  await addResource(server, { resource: 'https://other.example/mcp' })
  const register = async (name: string, method = 'client_secret_basic') => {
    const { client, secret = '' } = await registerClient(
      server.ctx,
      {
        client_name: name,
        grant_types: [jwtBearer, tokenExchange],
        token_endpoint_auth_method: method,
      },
      'usr_admin',
    )
    return { id: client.clientId, secret }
  }
  confidential = await register('Enterprise agent')
  stranger = await register('Another agent')
  workload = await register('Nightly job', 'none')
  await trust({
    uses: ['workload', 'id-jag', 'token-exchange'],
    audience: 'https://upstream.example/api',
    subjects: [{ subject: 'u-*', user_by_email: 'email' }],
    clients: [confidential.id, workload.id],
    resources: [uri],
    scopes: ['notes:read'],
  })
})
afterAll(async () => {
  await server.stop()
  await host.stop()
})

const trust = (
  rules: Partial<z.input<typeof trustSchema>>,
  name = issuer,
): ReturnType<typeof trustIssuer> =>
  trustIssuer(
    server.ctx,
    newIssuerSchema.parse({ issuer: name, trust: { jwks_uri: host.url('/jwks'), ...rules } }),
    'usr_admin',
  )

interface Assertion {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly key?: Parameters<SignJWT['sign']>[0]
}

const seconds = (): number => Math.floor(Date.now() / 1000)

const sign = (name: string, { header, claims, key: other }: Assertion): Promise<string> =>
  new SignJWT({
    iss: name,
    sub: 'u-ann',
    aud: server.issuer,
    jti: crypto.randomUUID(),
    iat: seconds(),
    exp: seconds() + 120,
    email: 'ann@example.org',
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
    .sign(other ?? key.privateKey)

const idJag = ({ header, claims, ...rest }: Assertion = {}): Promise<string> =>
  sign(issuer, {
    header: { typ: 'oauth-id-jag+jwt', ...header },
    claims: { client_id: confidential.id, resource: uri, scope: 'notes:read', ...claims },
    ...rest,
  })

const platformToken = (assertion: Assertion = {}): Promise<string> => sign(issuer, assertion)

async function present(
  grantType: string,
  parameters: Record<string, string>,
  client: { readonly id: string; readonly secret?: string } = confidential,
  dpop?: CryptoKeyPair,
) {
  const response = await oauth.genericTokenEndpointRequest(
    await discover(server.issuer),
    { client_id: client.id },
    client.secret ? oauth.ClientSecretBasic(client.secret) : oauth.None(),
    grantType,
    parameters,
    { ...insecure, ...(dpop && { DPoP: oauth.DPoP({}, dpop) }) },
  )
  const body = (await response.json()) as Record<string, string>
  return {
    status: response.status,
    body,
    token: body['access_token'] ?? '',
    claims: body['access_token'] === undefined ? {} : claimsOf(body['access_token']),
  }
}

const redeem = (
  assertion: string,
  client?: { readonly id: string; readonly secret?: string },
  parameters: Record<string, string> = {},
  dpop?: CryptoKeyPair,
) => present(jwtBearer, { assertion, ...parameters }, client, dpop)

describe('an ID-JAG', () => {
  test('of a trusted identity provider becomes a bound token of the user', async () => {
    const { status, body, token, claims } = await redeem(
      await idJag(),
      confidential,
      {},
      await dpopKeys(),
    )
    expect([status, body['token_type'], body['scope']]).toEqual([200, 'DPoP', 'notes:read'])
    expect(body).not.toHaveProperty('refresh_token')
    expect(body).not.toHaveProperty('issued_token_type')
    expect(claims).toMatchObject({
      sub: userId,
      aud: uri,
      client_id: confidential.id,
      cnf: { jkt: expect.any(String) },
      'ddls:connections': {},
    })
    await expect(server.ctx.verifyToken(token, { audience: uri })).resolves.toBeDefined()
  })

  test('can be exchanged onward by the server, with the connections that the user chose', async () => {
    await server.ctx.storage.grants.put({
      grantId: 'a-consent',
      userId,
      clientId: confidential.id,
      resource: uri,
      scopes: ['notes:read'],
      connections: { repo: handle },
    })
    const { token, claims } = await redeem(await idJag())
    expect(claims['ddls:connections']).toEqual({ repo: handle })
    const onward = await exchange(server, own.client, token, { dpop: await dpopKeys() })
    expect(onward.status).toBe(200)
  })

  test('is redeemed once by 50 requests at the same time', async () => {
    const assertion = await idJag()
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(assertion)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.map(({ body }) => body['error_description']))).toEqual(
      new Set([undefined, 'assertion refused: it was used already']),
    )
  })

  test('that is bound to a key needs the proof of that key', async () => {
    const keys = await dpopKeys()
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
    const assertion = await idJag({ claims: { cnf: { jkt } } })
    expect((await redeem(assertion)).body['error']).toBe('invalid_dpop_proof')
    expect((await redeem(assertion, confidential, {}, await dpopKeys())).body['error']).toBe(
      'invalid_dpop_proof',
    )
    expect((await redeem(assertion, confidential, {}, keys)).claims['cnf']).toEqual({ jkt })
  })

  test.each([
    ['another audience', { claims: { aud: 'https://other.example' } }, 'aud'],
    [
      'two audiences',
      () => ({ claims: { aud: [server.issuer, 'https://x.example'] } }),
      'audience',
    ],
    [
      'the token endpoint as audience',
      () => ({ claims: { aud: `${server.issuer}/oauth2/token` } }),
      'aud',
    ],
    ['another client', { claims: { client_id: 'cli_x' } }, 'client'],
    ['no client', { claims: { client_id: undefined } }, 'client'],
    ['another resource', { claims: { resource: 'https://other.example/mcp' } }, ''],
    ['a resource that is none', { claims: { resource: 'x' } }, 'another resource'],
    ['several resources and no choice', { claims: { resource: [uri, uri] } }, 'another resource'],
    ['no jti', { claims: { jti: undefined } }, 'jti'],
    ['an end that is over', { claims: { iat: 1, exp: 2 } }, 'expired'],
    ['no end', { claims: { exp: undefined } }, 'exp'],
    ['no beginning', { claims: { iat: undefined } }, 'iat'],
    ['a beginning to come', () => ({ claims: { iat: seconds() + 100 } }), 'iat'],
    ['too long a life', () => ({ claims: { exp: seconds() + 3600 } }), 'longer'],
    ['a subject without a rule', { claims: { sub: 'service-1' } }, 'rule'],
    ['a user who is not here', { claims: { email: 'eve@example.org' } }, 'no user'],
    ['an address that is not verified', { claims: { email_verified: false } }, 'no user'],
    ['another type', { header: { typ: 'at+jwt' } }, 'typ'],
    ['a critical header', { header: { crit: ['x'], x: 1 } }, ''],
    ['an unknown key', { header: { kid: 'two' } }, 'key'],
    ['a key of another type', { header: { kid: 'ed' } }, ''],
  ] as [string, Assertion | (() => Assertion), string][])(
    'with %s is refused',
    async (_name, wrong, text) => {
      const assertion = await idJag(typeof wrong === 'function' ? wrong() : wrong).catch(() => 'x')
      const { status, body } = await redeem(assertion)
      expect(status).toBe(400)
      expect(body['error_description']).toContain(text)
    },
  )

  test('signed by another key, by a secret or not at all is refused', async () => {
    const [, body = '', signature = ''] = (await idJag()).split('.')
    const unsigned = (alg: string) =>
      Buffer.from(JSON.stringify({ alg, typ: 'oauth-id-jag+jwt', kid: 'one' })).toString(
        'base64url',
      )
    const other = await generateKeyPair('ES256')
    const publicText = new TextEncoder().encode(JSON.stringify(await exportJWK(key.publicKey)))
    for (const assertion of [
      await idJag({ key: other.privateKey }),
      await idJag({ header: { alg: 'HS256' }, key: publicText }),
      `${unsigned('none')}.${body}.`,
      `${unsigned('none')}.${body}.${signature}`,
      `${unsigned('ES256')}.${body}.`,
    ]) {
      expect((await redeem(assertion)).body['error']).toBe('invalid_grant')
    }
  })

  test('of an issuer that only looks like the trusted one is refused', async () => {
    const { port } = host
    for (const name of [
      `${issuer}/`,
      issuer.toUpperCase(),
      `https://idp.example:${port}/tenant/../tenant`,
      `https://idp.example:${port}/%74enant`,
      `https://idp.example:${port}/tenant/x`,
      `https://idp.example:${port}`,
      `https://idp.example.evil.example/tenant`,
      server.issuer,
    ]) {
      const { body } = await redeem(await idJag({ claims: { iss: name } }))
      expect(body['error_description']).toContain('issuer is not trusted')
    }
  })

  test('widens nothing: neither by the request nor by itself', async () => {
    const wide = await idJag({ claims: { scope: 'notes:read notes:write' } })
    expect((await redeem(wide)).claims['scope']).toBe('notes:read')
    const ask = async (scope: string, claims = {}) =>
      (await redeem(await idJag({ claims }), confidential, { scope })).body['error']
    expect(await ask('notes:write', { scope: 'notes:write' })).toBe('invalid_scope')
    expect(await ask('notes:read', { scope: 'other' })).toBe('invalid_scope')
    const elsewhere = await redeem(await idJag(), confidential, {
      resource: 'https://other.example/mcp',
    })
    expect(elsewhere.body['error_description']).toContain('another resource')
    const unnamed = await idJag({ claims: { resource: undefined } })
    const other = { resource: 'https://other.example/mcp' }
    expect((await redeem(unnamed, confidential, other)).body['error']).toBe('invalid_target')
  })

  test('is taken from no public, foreign or self-registered client', async () => {
    const forPublic = await idJag({ claims: { client_id: workload.id } })
    expect((await redeem(forPublic, workload)).body['error']).toBe('unauthorized_client')
    const forStranger = await idJag({ claims: { client_id: stranger.id } })
    expect((await redeem(forStranger, stranger)).body['error']).toBe('unauthorized_client')
    await server.ctx.storage.dynamicClients.register(
      {
        clientId: 'dcr_x',
        metadata: {
          client_name: 'Dynamic',
          redirect_uris: ['http://127.0.0.1/'],
          grant_types: ['authorization_code', jwtBearer],
          token_endpoint_auth_method: 'none',
        },
        fingerprint: undefined,
      },
      100,
    )
    const dynamic = await redeem(await idJag({ claims: { client_id: 'dcr_x' } }), { id: 'dcr_x' })
    expect(dynamic.body['error']).toBe('unauthorized_client')
  })
})

describe('a workload', () => {
  test('presents its platform’s token and acts for the user that a rule names', async () => {
    const { claims } = await redeem(await platformToken(), workload)
    expect(claims).toMatchObject({ sub: userId, client_id: workload.id, scope: 'notes:read' })
    const ed = await platformToken({ header: { alg: 'EdDSA', kid: 'ed' }, key: edKey.privateKey })
    expect((await redeem(ed, workload)).status).toBe(200)
    const atEndpoint = await platformToken({ claims: { aud: `${server.issuer}/oauth2/token` } })
    expect((await redeem(atEndpoint, workload)).status).toBe(200)
  })

  test('is its client itself where the rule says so, and may repeat its token only if allowed', async () => {
    const name = `https://idp.example:${host.port}/cluster`
    await trust(
      {
        uses: ['workload'],
        subjects: [
          { subject: 'system:serviceaccount:jobs:*', claims: { team: 'night' }, client: true },
        ],
        clients: [workload.id],
        resources: [uri],
        single_use: false,
      },
      name,
    )
    const subject = { sub: 'system:serviceaccount:jobs:nightly', team: 'night', jti: undefined }
    const assertion = await sign(name, { claims: subject })
    const { claims, body } = await redeem(assertion, workload)
    expect(body['error_description']).toBeUndefined()
    expect(claims).toMatchObject({ sub: workload.id, aud: uri })
    expect(claims).not.toHaveProperty('ddls:grant')
    expect((await redeem(assertion, workload)).status).toBe(200)
    for (const wrong of [
      { team: 'day' },
      { team: undefined },
      { sub: 'system:serviceaccount:x' },
    ]) {
      const other = await sign(name, { claims: { ...subject, ...wrong } })
      expect((await redeem(other, workload)).body['error_description']).toContain('no rule')
    }
    const jag = await sign(name, {
      header: { typ: 'oauth-id-jag+jwt' },
      claims: { ...subject, client_id: confidential.id },
    })
    expect((await redeem(jag)).body['error_description']).toContain('not trusted for id-jag')
  })

  test('cannot pass an access token or an ID-JAG of its issuer off as its own', async () => {
    const accessToken = await platformToken({ header: { typ: 'at+jwt' } })
    expect((await redeem(accessToken, workload)).body['error_description']).toContain('typ')
  })

  test('uses its token once, by 50 requests at the same time', async () => {
    const assertion = await platformToken()
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(assertion, workload)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('the token of a trusted issuer', () => {
  const upstream = (claims: Record<string, unknown> = {}) =>
    platformToken({ claims: { aud: 'https://upstream.example/api', ...claims } })
  const swap = (token: string, client?: typeof confidential) =>
    present(tokenExchange, { subject_token: token, subject_token_type: jwtType }, client)

  test('is exchanged for one of ours that does not outlive it', async () => {
    const { body, claims } = await swap(await upstream({ exp: seconds() + 60 }))
    expect(body['issued_token_type']).toBe('urn:ietf:params:oauth:token-type:access_token')
    expect(claims).toMatchObject({ sub: userId, aud: uri, scope: 'notes:read' })
    expect(Number(claims['exp'])).toBeLessThanOrEqual(seconds() + 61)
  })

  test('is refused to other clients, for other audiences and from other issuers', async () => {
    expect((await swap(await upstream(), stranger)).body['error']).toBe('unauthorized_client')
    for (const claims of [{ aud: server.issuer }, { iss: 'https://evil.example' }, { sub: 'x' }]) {
      expect((await swap(await upstream(claims))).body['error']).toBe('invalid_request')
    }
  })
})

describe('trust in an issuer', () => {
  test('ends with all tokens of users that came of it', async () => {
    const name = `https://idp.example:${host.port}/leaving`
    const { id } = await trust(
      {
        uses: ['workload'],
        subjects: [{ subject: 'u-ann', user: userId }],
        clients: [workload.id],
        resources: [uri],
      },
      name,
    )
    const { token } = await redeem(await sign(name, {}), workload)
    await expect(server.ctx.verifyToken(token, {})).resolves.toBeDefined()
    await server.ctx.revocation.removeIssuer(id)
    await expect(server.ctx.verifyToken(token, {})).rejects.toMatchObject({ problem: 'revoked' })
    const { body } = await redeem(await sign(name, {}), workload)
    expect(body['error_description']).toContain('not trusted')
  })

  test('is not taken back by asking again once the user took the access back', async () => {
    const { claims } = await redeem(await platformToken(), workload)
    await server.ctx.revocation.revokeGrant(String(claims['ddls:grant']))
    const { body } = await redeem(await platformToken(), workload)
    expect(body['error_description']).toContain('took this access back')
  })

  test('fetches keys from public hosts only, and says nothing of what it found', async () => {
    const before = host.connections()
    for (const [i, address] of ['127.0.0.1', '169.254.169.254', 'localhost', '[::1]'].entries()) {
      const name = `https://idp.example:${host.port}/ssrf-${i}`
      await trust(
        {
          uses: ['workload'],
          jwks_uri: `https://${address}:${host.port}/jwks`,
          subjects: [{ subject: 'u-ann', user: userId }],
          clients: [workload.id],
          resources: [uri],
        },
        name,
      )
      const { body } = await redeem(await sign(name, {}), workload)
      expect(body['error_description']).toBe(
        'assertion refused: the keys of its issuer cannot be had now',
      )
    }
    expect(host.connections()).toBe(before)
  })

  test.each([
    ['this server itself', () => ({ issuer: server.issuer })],
    ['plain http', () => ({ issuer: 'http://idp.example' })],
    ['keys over plain http', () => ({ trust: { jwks_uri: 'http://idp.example/jwks' } })],
    ['a path with steps', () => ({ issuer: 'https://idp.example/a/../b' })],
    ['an escaped path', () => ({ issuer: 'https://idp.example/%61' })],
    ['a query', () => ({ issuer: 'https://idp.example/?tenant=1' })],
    ['capital letters in its host', () => ({ issuer: 'https://IDP.example' })],
    ['an unknown client', () => ({ trust: { clients: ['cli_x'] } })],
    ['a client that registered itself', () => ({ trust: { clients: ['dcr_x'] } })],
    ['an unknown resource', () => ({ trust: { resources: ['https://x.example/'] } })],
    ['the management API', () => ({ trust: { resources: [`${server.issuer}/v1`] } })],
    ['every subject', () => ({ trust: { subjects: [{ subject: '*', user: userId }] } })],
    ['an unknown user', () => ({ trust: { subjects: [{ subject: 'a', user: 'usr_x' }] } })],
    ['a rule for nobody', () => ({ trust: { subjects: [{ subject: 'a' }] } })],
    ['no keys', () => ({ trust: { jwks_uri: undefined } })],
    ['exchange without an audience', () => ({ trust: { uses: ['token-exchange'] } })],
  ] as [string, () => Record<string, unknown>][])('is refused for %s', async (_name, wrong) => {
    const { trust: rules, ...rest } = wrong() as { trust?: object }
    const wanted = {
      issuer: 'https://fresh.example',
      ...rest,
      trust: {
        uses: ['workload'],
        jwks_uri: host.url('/jwks'),
        subjects: [{ subject: 'u-ann', user: userId }],
        clients: [workload.id],
        resources: [uri],
        ...rules,
      },
    }
    const attempt = async () => trustIssuer(server.ctx, newIssuerSchema.parse(wanted), 'usr_admin')
    await expect(attempt()).rejects.toThrow()
  })

  test('leaves no assertion in the log or the audit', async () => {
    const assertion = await idJag({ claims: { sub: 'nobody' } })
    await redeem(assertion)
    await present(tokenExchange, { subject_token: assertion, subject_token_type: jwtType })
    const audit = JSON.stringify(await server.ctx.storage.audit.read({ limit: 1000 }))
    expect(server.log() + audit).not.toContain(assertion.split('.')[2])
    expect(audit).toContain('token.refused')
  })
})
