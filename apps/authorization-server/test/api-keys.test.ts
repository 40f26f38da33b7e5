import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey, newApiKeySchema } from '../src/api-keys/create.ts'
import { isApiKeyText, newApiKeyText } from '../src/api-keys/key-text.ts'
import { registerClient } from '../src/registration/clients.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import {
  addClient,
  addResource,
  claimsOf,
  discover,
  dpopKeys,
  exchange,
  insecure,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://issues.example/mcp'
const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const subjectTypes = [
  'urn:ietf:params:oauth:token-type:api_key',
  'urn:dedalus:api-key',
  'urn:dedalus:params:oauth:token-type:api-key',
]
let server: TestServer
let own: RegisteredResource
let userId: string
let mine: string
let alsoMine: string
let foreign: string
let now = 0

beforeAll(async () => {
  server = await startTestServer({
    clock: () => Date.now() + now,
    config: { rateLimits: { tokenFailuresPerAddress: 10_000 } },
  })
  userId = (await server.addUser('ann@example.org')).id
  const other = await server.addUser('eve@example.org')
  mine = await addConnection(server.ctx, userId, 'github')
  alsoMine = await addConnection(server.ctx, userId, 'gitlab')
  foreign = await addConnection(server.ctx, other.id, 'github')
  own = await addResource(server, { resource: uri })
  await addResource(server, { resource: 'https://other.example/mcp' })
  await addResource(server, { resource: 'https://strict.example/mcp', dpop: 'required' })
})
afterAll(() => server.stop())

const makeKey = (wanted: Record<string, unknown> = {}, owner = userId) =>
  createApiKey(server.ctx, newApiKeySchema.parse(wanted), owner)

async function ask(
  key: string,
  parameters: Record<string, string> = {},
  options: { readonly dpop?: CryptoKeyPair; readonly clientId?: string } = {},
): Promise<{ status: number; body: Record<string, unknown>; claims: Record<string, unknown> }> {
  const as = await discover(server.issuer)
  const response = await oauth.genericTokenEndpointRequest(
    as,
    { client_id: options.clientId ?? 'nobody' },
    // The key alone: neither a client nor its authentication.
    (_as, client, body) => {
      if (client.client_id === 'nobody') body.delete('client_id')
      else body.set('client_id', client.client_id)
    },
    grantType,
    {
      subject_token: key,
      subject_token_type: subjectTypes[0]!,
      resource: uri,
      ...parameters,
    },
    { ...insecure, ...(options.dpop && { DPoP: oauth.DPoP({}, options.dpop) }) },
  )
  const body = (await response.json()) as Record<string, unknown>
  const token = body['access_token']
  return { status: response.status, body, claims: typeof token === 'string' ? claimsOf(token) : {} }
}

const ext = (connections: unknown): Record<string, string> => ({
  ext: JSON.stringify({ connections }),
})

const withMember = (name: string, value: string): Record<string, string> => ({
  ext: JSON.stringify({ connections: { github: mine }, [name]: value }),
})
const repeated = (): Record<string, string> => ({
  ext: `{"connections":{},"connections":{"github":"${mine}"}}`,
})
const repeatedName = (): Record<string, string> => ({
  ext: `{"connections":{"github":"${foreign}","git\\u0068ub":"${mine}"}}`,
})

const details = (): Record<string, string> => ({
  authorization_details: '[{"type":"connection","name":"github"}]',
})

describe('the text of an API key', () => {
  test('has a prefix, 256 random bits and a checksum', () => {
    const texts = Array.from({ length: 500 }, () => newApiKeyText('live'))
    expect(new Set(texts).size).toBe(500)
    for (const text of texts) {
      expect(text).toMatch(/^dsk-live-[0-9A-Za-z]{49}$/)
      expect(isApiKeyText(text)).toBe(true)
    }
    expect(newApiKeyText('test')).toMatch(/^dsk-test-/)
    const [text = ''] = texts
    const changed = text.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
    expect(isApiKeyText(changed)).toBe(false)
    expect(isApiKeyText(text.replace('live', 'test'))).toBe(false)
  })
})

describe('the exchange of an API key', () => {
  test.each(subjectTypes)('under %s gives a token of its owner, without a client', async (type) => {
    const { key, record } = await makeKey()
    const { status, body, claims } = await ask(key, {
      subject_token_type: type,
      ...ext({ github: mine }),
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      expires_in: expect.any(Number),
      scope: 'notes:read notes:write',
    })
    expect(body).not.toHaveProperty('refresh_token')
    expect(claims).toMatchObject({
      sub: userId,
      aud: uri,
      client_id: 'holdfast-api-keys',
      'ddls:connections': { github: mine },
      'ddls:environment': 'live',
      'ddls:grant': expect.stringMatching(new RegExp(`^${record.id}\\.`)),
    })
    expect(claims).not.toHaveProperty('act')
    await expect(
      server.ctx.verifyToken(String(body['access_token']), { audience: uri }),
    ).resolves.toMatchObject({ sub: userId })
    expect((await server.ctx.storage.apiKeys.find(record.id))?.lastUsedAtMs).toBeTypeOf('number')
  })

  test.each(['live', 'test'])(
    'tells at introspection that it was a %s key',
    async (environment) => {
      const { key } = await makeKey({ environment })
      const { body } = await ask(key)
      const response = await oauth.introspectionRequest(
        await discover(server.issuer),
        { client_id: own.client.id },
        oauth.ClientSecretBasic(own.client.secret),
        String(body['access_token']),
        insecure,
      )
      expect(await response.json()).toMatchObject({ active: true, 'ddls:environment': environment })
    },
  )

  test('binds the token to the key of a proof', async () => {
    const { key } = await makeKey()
    const keys = await dpopKeys()
    const { body, claims } = await ask(key, {}, { dpop: keys })
    expect(body['token_type']).toBe('DPoP')
    expect(claims['cnf']).toEqual({ jkt: expect.any(String) })
    const direct = await ask(
      key,
      { resource: `${server.issuer}/dispatch`, scope: 'dispatch', ...ext({ github: mine }) },
      { dpop: keys },
    )
    expect(direct.claims).toMatchObject({
      aud: `${server.issuer}/dispatch`,
      scope: 'dispatch',
      'ddls:connections': { github: mine },
    })
  })

  test('demands a proof where the resource does', async () => {
    const { key } = await makeKey()
    const { status, body } = await ask(key, { resource: 'https://strict.example/mcp' })
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof'])
  })

  test('also works for a registered public client that names itself', async () => {
    const { key } = await makeKey()
    const client = await addClient(server, { grant_types: [grantType], redirect_uris: [] })
    const { claims } = await ask(key, {}, { clientId: client.client_id })
    expect(claims['client_id']).toBe(client.client_id)
  })

  test('is refused to a client that registered itself', async () => {
    const { key } = await makeKey()
    await server.ctx.storage.dynamicClients.register(
      {
        clientId: 'dcr_x',
        metadata: {
          client_name: 'Dynamic',
          redirect_uris: ['http://127.0.0.1/'],
          grant_types: ['authorization_code', grantType],
          token_endpoint_auth_method: 'none',
        },
        fingerprint: undefined,
      },
      100,
    )
    const { status, body } = await ask(key, {}, { clientId: 'dcr_x' })
    expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
  })

  test('takes the only resource of the key, or what the scopes name, when none is sent', async () => {
    const { key } = await makeKey({ resources: [uri] })
    expect((await ask(key, { resource: '' })).claims['aud']).toBe(uri)
    const { key: wide } = await makeKey()
    const dpop = await dpopKeys()
    expect((await ask(wide, { resource: '', scope: 'dispatch' }, { dpop })).claims['aud']).toBe(
      `${server.issuer}/dispatch`,
    )
    expect((await ask(wide, { resource: '' })).body['error']).toBe('invalid_target')
  })

  test('gives a server no connection that only another token of the same key names', async () => {
    const { key } = await makeKey()
    const narrow = await ask(key, ext({ github: mine }))
    await ask(key, ext({ github: alsoMine, gitlab: alsoMine }))
    for (const parameters of [{}, { connection: 'github' }]) {
      const token = String(narrow.body['access_token'])
      const response = await exchange(server, own.client, token, {
        dpop: await dpopKeys(),
        parameters,
      })
      const { access_token: given } = (await response.json()) as { access_token: string }
      expect(claimsOf(given)['ddls:connections']).toEqual({ github: mine })
    }
  })

  test('gives a server no link to a connection that the key would not name, but says why', async () => {
    const resource = 'https://lacking.example/mcp'
    const repo = { name: 'repo', provider: 'github', description: 'Reads', optional: true }
    const site = await addResource(server, { resource, connections: [repo] })
    const { key } = await makeKey({ resources: [resource], connections: { chat: alsoMine } })
    const { body } = await ask(key, { resource })
    const response = await exchange(server, site.client, String(body['access_token']), {
      dpop: await dpopKeys(),
      parameters: { connection: 'repo' },
    })
    const refused = (await response.json()) as Record<string, string>
    expect(refused).toEqual({
      error: 'invalid_request',
      error_description: expect.stringContaining('of an API key'),
    })
  })

  test('names the connections of the key when the caller names none', async () => {
    const { key } = await makeKey({ connections: { repo: mine } })
    expect((await ask(key)).claims['ddls:connections']).toEqual({ repo: mine })
    expect((await ask(key, ext({ code: mine }))).claims['ddls:connections']).toEqual({ code: mine })
  })

  test('is worth what the user may still do: its tokens can be exchanged by the server', async () => {
    const { key } = await makeKey()
    const { body } = await ask(key, ext({ github: mine }))
    const onward = await exchange(server, own.client, String(body['access_token']), {
      dpop: await dpopKeys(),
    })
    const { access_token: token } = (await onward.json()) as { access_token: string }
    expect(claimsOf(token)).toMatchObject({
      act: { sub: own.client.id },
      'ddls:connections': { github: mine },
    })
  })

  test.each([
    ["another user's handle", () => ext({ github: foreign }), 'invalid_request'],
    ['a handle of nobody', () => ext({ github: `${mine}x` }), 'invalid_request'],
    ['a handle outside its limits', () => ext({ gitlab: alsoMine }), 'invalid_request'],
    ['what is no handle', () => ext({ github: '*' }), 'invalid_request'],
    ['ext that is no JSON', () => ({ ext: '{' }), 'invalid_request'],
    ['ext that is empty', () => ({ ext: '' }), 'invalid_request'],
    ['ext with a member more', () => withMember('user', 'usr_x'), 'invalid_request'],
    ['ext that says it twice', () => repeated(), 'invalid_request'],
    ['a name that is there twice', () => repeatedName(), 'invalid_request'],
    ['details, which only a grant has', () => details(), 'invalid_authorization_details'],
    [
      'details with no resource',
      () => ({ resource: '', ...details() }),
      'invalid_authorization_details',
    ],
    ['a list of handles', () => ext([mine]), 'invalid_request'],
    ['a scope outside its limits', () => ({ scope: 'notes:write' }), 'invalid_scope'],
    ['a scope that nobody has', () => ({ scope: 'notes:read admin' }), 'invalid_scope'],
    ['another resource', () => ({ resource: 'https://other.example/mcp' }), 'invalid_target'],
    ['an unknown resource', () => ({ resource: 'https://x.example/' }), 'invalid_target'],
    ['a client secret beside', () => ({ client_secret: 'x' }), 'invalid_request'],
    ['another subject type', () => ({ subject_token_type: 'urn:x' }), 'invalid_request'],
  ])('refuses %s', async (_name, parameters, error) => {
    const { key } = await makeKey({
      resources: [uri],
      scopes: ['notes:read'],
      connections: { github: mine },
    })
    const { body } = await ask(key, parameters())
    expect(body['error'] ?? body).toBe(error)
    expect(JSON.stringify(body)).not.toContain(foreign)
  })

  test('answers the same for a foreign handle and for none', async () => {
    const { key } = await makeKey()
    const answers = await Promise.all(
      [foreign, `ddls:conn:${crypto.randomUUID()}`].map((handle) => ask(key, ext({ a: handle }))),
    )
    expect(answers[0]?.body).toEqual(answers[1]?.body)
  })

  test('never reaches the management API, by whatever scope', async () => {
    const { key } = await makeKey()
    const dpop = await dpopKeys()
    const { body } = await ask(key, { resource: `${server.issuer}/v1` }, { dpop })
    expect(body['error']).toBe('invalid_target')
  })

  test('refuses keys that are unknown, changed, expired, revoked or of a disabled user', async () => {
    const { key: expiring, record } = await makeKey({ expires_in: 60 })
    expect(Number((await ask(expiring)).body['expires_in'])).toBeLessThanOrEqual(60)
    now = 61_000
    const expired = await ask(expiring)
    now = 0
    const { key, record: revoked } = await makeKey()
    await server.ctx.revocation.revokeApiKey(revoked.id)
    const gone = await server.addUser('gone@example.org')
    const { key: orphan } = await makeKey({}, gone.id)
    await server.ctx.revocation.revokeUser(gone.id)
    const texts = [expired.body, (await ask(key)).body, (await ask(orphan)).body].map(
      (body) => body['error_description'],
    )
    expect(texts).toEqual([
      'subject_token refused: this API key has expired',
      'subject_token refused: this API key has been revoked',
      'subject_token refused: its user may no longer sign in',
    ])
    for (const text of [newApiKeyText('live'), record.id, `${expiring} `, 'dsk-live-x', '']) {
      expect((await ask(text)).body['error']).toBe('invalid_request')
    }
  })

  test('is refused where its user took it back, whichever client it comes with next', async () => {
    const { key } = await makeKey()
    const viaAnother = async () => {
      const metadata = {
        client_name: 'Job',
        grant_types: [grantType],
        token_endpoint_auth_method: 'none',
      }
      const { client } = await registerClient(server.ctx, metadata, 'usr_admin')
      return { clientId: client.clientId, ...(await ask(key, {}, { clientId: client.clientId })) }
    }
    const first = await viaAnother()
    expect(first.status).toBe(200)
    await server.ctx.revocation.revokeClient(first.clientId)
    const { claims } = await ask(key)
    await server.ctx.revocation.revokeGrant(String(claims['ddls:grant']))
    expect((await viaAnother()).body['error_description']).toContain('took back')
    expect((await ask(key, { resource: 'https://other.example/mcp' })).status).toBe(200)
  })

  test('a revoked key takes its tokens with it at once, a revoked grant those at that resource', async () => {
    const { key, record } = await makeKey()
    const { body } = await ask(key)
    const token = String(body['access_token'])
    await server.ctx.revocation.revokeApiKey(record.id)
    await expect(server.ctx.verifyToken(token, {})).rejects.toMatchObject({ problem: 'revoked' })

    const { key: second } = await makeKey()
    const { claims } = await ask(second)
    await server.ctx.revocation.revokeGrant(String(claims['ddls:grant']))
    expect((await ask(second)).body['error_description']).toContain('took back')
    expect((await ask(second, { resource: 'https://other.example/mcp' })).status).toBe(200)
  })

  test('is refused with one record, whichever client the key comes with', async () => {
    const named = await addClient(server, { grant_types: [grantType], redirect_uris: [] })
    const { key, record: revoked } = await makeKey()
    await server.ctx.revocation.revokeApiKey(revoked.id)
    const { key: live, record } = await makeKey()
    for (const clientId of ['nobody', named.client_id]) {
      const { seq } = await server.ctx.storage.audit.head()
      await ask(key, {}, { clientId })
      await ask(live, ext({ github: foreign }), { clientId })
      const records = await server.ctx.storage.audit.read({ after: seq, limit: 10 })
      expect(records.map(({ type, subject, detail }) => [type, subject, detail])).toEqual([
        ['api_key.refused', revoked.id, { reason: 'revoked' }],
        ['api_key.refused', record.id, { reason: 'connection' }],
      ])
    }
  })

  test('leaves no trace of the key in logs, audit or answers, and tells refusals by its id', async () => {
    const { key, record } = await makeKey()
    await ask(key)
    await ask(key, ext({ a: foreign }))
    await ask(key, { scope: key })
    await ask(key, { ext: key })
    await ask(`${key}x`)
    const refused = await ask(key, { subject_token_type: key })
    await server.ctx.revocation.revokeApiKey(record.id)
    await ask(key)
    const audit = JSON.stringify(await server.ctx.storage.audit.read({ limit: 1000 }))
    const secret = key.slice('dsk-live-'.length, -6)
    expect(server.log() + audit + JSON.stringify(refused.body)).not.toContain(secret)
    expect(audit).toContain('"api_key.refused"')
    expect(audit).toContain(record.id)
  })
})
