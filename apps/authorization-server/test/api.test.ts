import { randomBytes } from 'node:crypto'
import { generateDpopKey } from '@holdfast/protocol/token'
import type { User } from '@holdfast/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { apiRoutes } from '../src/api/router.ts'
import { defineRoute } from '../src/api/route.ts'
import { runRoute } from '../src/api/run-route.ts'
import { createSealingKeys } from '../src/api/sealing-keys.ts'
import { type EnclaveDouble, startEnclaveDouble } from './helpers/enclave-double.ts'
import {
  apiToken,
  type Bound,
  bound,
  callApi,
  dpopHeaders,
  issueToken,
  makeUser,
  type Reply,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

let enclave: EnclaveDouble
let app: VaultApp
let ann: User
let bob: User
let root: User
let annApi: Bound
let bobApi: Bound
let rootApi: Bound

const allScopes = 'connections:read connections:write grants:read grants:write admin'
const newConnection = {
  provider: 'github',
  base_url: 'https://API.example.com:443/v3/',
  policy: { methods: ['GET'], paths: ['/user'], resources: ['*'] },
}

beforeAll(async () => {
  enclave = await startEnclaveDouble()
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  ann = await makeUser(app, 'ann')
  bob = await makeUser(app, 'bob')
  root = await makeUser(app, 'root', 'admin')
  annApi = await apiToken(app, ann.id, allScopes)
  bobApi = await apiToken(app, bob.id, allScopes)
  rootApi = await apiToken(app, root.id, allScopes)
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
})

const reserve = (changes: object = {}, api = annApi) =>
  callApi(app, api, 'POST', '/v1/connections', { ...newConnection, ...changes })

async function connected(api = annApi): Promise<string> {
  const { json } = await reserve({}, api)
  const stored = await callApi(app, api, 'PUT', `/v1/connections/${json.handle}/credential`, {
    form: 'sealed-box',
    sealed: 'AAAA',
    upload_nonce: json.upload.nonce,
  })
  expect(stored.status, stored.text).toBe(200)
  return json.handle
}

function expectProblem(reply: Reply, status: number, code: string): void {
  expect([reply.status, reply.json.code], reply.text).toEqual([status, code])
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(reply.headers.get('cache-control')).toBe('no-store')
  expect(reply.json).toMatchObject({
    type: expect.stringMatching(/^urn:holdfast:problem:[a-z-]+$/),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    fix: expect.any(String),
    request_id: reply.headers.get('x-request-id'),
  })
}

describe('a connection', () => {
  test('is reserved under a handle, with a nonce that is stored only as a hash', async () => {
    const reply = await reserve({ name: 'github', label: 'work' })
    expect(reply.status, reply.text).toBe(201)
    const { handle, owner, upload, connection } = reply.json
    expect(handle).toMatch(/^ddls:conn:[0-9A-HJKMNP-TV-Z]{26}-github$/)
    expect(owner).toBe(ann.id)
    expect(Buffer.from(upload.nonce, 'base64url')).toHaveLength(32)
    expect(Date.parse(upload.expires_at) - Date.now()).toBeLessThanOrEqual(900_000)
    expect(connection).toMatchObject({
      handle,
      status: 'reserved',
      base_url: 'https://api.example.com/v3',
      allowed_hosts: ['api.example.com'],
      name: 'github',
      label: 'work',
      kind: null,
      record_version: 0,
    })
    const { findInFolder, needlesOf } = await import('../../../test/helpers/canary.ts')
    expect(findInFolder(app.context.config.dataDir, needlesOf(upload.nonce))).toEqual([])
  })

  test('is denied everything when no policy is given', async () => {
    const { json } = await reserve({ policy: undefined })
    expect(json.connection.policy).toEqual({ methods: [], paths: [], resources: [] })
  })

  test('names resources by their canonical URI', async () => {
    await app.context.storage.resources.create({
      resource: 'https://mcp.example.com/mcp',
      displayName: 'Example',
      aliases: ['https://mcp.example.com'],
      scopes: [],
      dpop: 'preferred',
    })
    const policy = { ...newConnection.policy, resources: ['https://MCP.example.com/'] }
    expect((await reserve({ policy })).json.connection.policy.resources).toEqual([
      'https://mcp.example.com/mcp',
    ])
  })

  test('keeps its times, its label and its status', async () => {
    const handle = await connected()
    const path = `/v1/connections/${handle}`
    const paused = await callApi(app, annApi, 'PATCH', path, { status: 'paused', label: 'x' })
    expect(paused.json).toMatchObject({ status: 'paused', label: 'x', record_version: 1 })
    expect((await callApi(app, annApi, 'GET', path)).json).toEqual(paused.json)
    const revoked = await callApi(app, annApi, 'DELETE', path)
    expect(revoked.json).toMatchObject({ status: 'revoked', revoked_at: expect.any(String) })
    expect((await callApi(app, annApi, 'DELETE', path)).json).toEqual(revoked.json)
    for (const [method, suffix, body] of [
      ['PATCH', '', { label: 'y' }],
      ['POST', '/upload', undefined],
      ['PUT', '/credential', { form: 'sealed-box', sealed: 'AAAA', upload_nonce: 'x'.repeat(20) }],
    ] as const) {
      const reply = await callApi(app, annApi, method, `${path}${suffix}`, body)
      expectProblem(reply, 409, 'CONNECTION_REVOKED')
    }
  })

  test('cannot be changed before it has a credential', async () => {
    const { json } = await reserve()
    const path = `/v1/connections/${json.handle}`
    const reply = await callApi(app, annApi, 'PATCH', path, { label: 'x' })
    expectProblem(reply, 409, 'CONNECTION_HAS_NO_CREDENTIAL')
  })

  test('of somebody else is not found, on every verb, in the words of one that does not exist', async () => {
    const handle = await connected(bobApi)
    const missing = 'ddls:conn:00000000000000000000000000-github'
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { label: 'mine now' }],
      ['DELETE', '', undefined],
      ['POST', '/upload', undefined],
      ['POST', '/test', {}],
      ['PUT', '/credential', { form: 'sealed-box', sealed: 'AAAA', upload_nonce: 'x'.repeat(20) }],
    ] as const) {
      const [theirs, none] = await Promise.all(
        [handle, missing].map((one) =>
          callApi(app, annApi, method, `/v1/connections/${one}${suffix}`, body),
        ),
      )
      expectProblem(theirs!, 404, 'CONNECTION_NOT_FOUND')
      expect({ ...theirs!.json, request_id: '' }).toEqual({ ...none!.json, request_id: '' })
    }
    const shown = await callApi(app, bobApi, 'GET', `/v1/connections/${handle}`)
    expect(shown.json).toMatchObject({ status: 'active', label: null })
    const listed = await callApi(app, annApi, 'GET', '/v1/connections?limit=200')
    expect(listed.json.data.map(({ owner }: { owner: string }) => owner)).not.toContain(bob.id)
  })

  test('that changes while its policy changes is a conflict', async () => {
    const handle = await connected()
    const rewrap = enclave.answers.rewrap
    const { connections } = app.context.storage
    enclave.answers.rewrap = async (head, context) => {
      await connections.replaceRecord(handle, {
        expectedVersion: 1,
        version: 2,
        record: new Uint8Array(40),
      })
      return rewrap(head, context)
    }
    const policy = { methods: ['*'], paths: ['/**'], resources: ['*'] }
    const reply = await callApi(app, annApi, 'PATCH', `/v1/connections/${handle}`, { policy })
    enclave.answers.rewrap = rewrap
    expectProblem(reply, 409, 'CONNECTION_CHANGED')
    const shown = await callApi(app, annApi, 'GET', `/v1/connections/${handle}`)
    expect(shown.json.policy).toEqual(newConnection.policy)
  })
})

describe('a list', () => {
  test('comes in pages whose cursor leads through all of it once', async () => {
    const carl = await makeUser(app, 'carl')
    const api = await apiToken(app, carl.id, allScopes)
    const made: string[] = []
    for (let count = 0; count < 5; count += 1) made.push((await reserve({}, api)).json.handle)
    const seen: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: Reply = await callApi(app, api, 'GET', `/v1/connections?limit=2${query}`)
      expect(page.status, page.text).toBe(200)
      seen.push(...page.json.data.map(({ handle }: { handle: string }) => handle))
      cursor = page.json.next_cursor
      pages += 1
    } while (cursor !== null)
    expect([pages, seen]).toEqual([3, made.sort()])
  })

  test.each(['limit=0', 'limit=201', 'limit=x', 'cursor=%', 'cursor=__', 'limit=1&limit=2', 'x=1'])(
    'refuses ?%s',
    async (query) => {
      const reply = await callApi(app, annApi, 'GET', `/v1/connections?${query}`)
      expectProblem(reply, 400, 'INVALID_REQUEST')
    },
  )
})

describe('a body', () => {
  const post = async (body: string, headers: Record<string, string> = {}) =>
    send(
      app,
      'POST',
      '/v1/connections',
      {
        ...(await dpopHeaders(app, annApi, 'POST', '/v1/connections')),
        'content-type': 'application/json',
        ...headers,
      },
      body,
    )

  test('with a wrong field is refused by name, without its value', async () => {
    const secret = 'hunter2-in-the-wrong-place'
    const reply = await reserve({ provider: secret.toUpperCase(), policy: { methods: [secret] } })
    expectProblem(reply, 400, 'INVALID_REQUEST')
    const pointers = reply.json.errors.map(({ pointer }: { pointer: string }) => pointer)
    expect(pointers).toEqual(expect.arrayContaining(['/provider', '/policy/methods/0']))
    expect(reply.text.toLowerCase()).not.toContain(secret)
    expect(app.logged()).not.toContain(secret)
  })

  test.each([
    'http://api.example.com',
    'https://u:p@api.example.com',
    'https://a?b',
    'api.example.com',
  ])('with the base URL %s is refused', async (base_url) => {
    const reply = await reserve({ base_url })
    expectProblem(reply, 400, 'INVALID_BASE_URL')
    expect(reply.text).not.toContain('u:p')
  })

  test('that is no JSON, has a key twice, is too large or of another type is refused', async () => {
    expectProblem(await post('{'), 400, 'INVALID_JSON')
    expectProblem(await post('{"provider":"a","provider":"b"}'), 400, 'INVALID_JSON')
    expectProblem(await post(`"${'x'.repeat(200_000)}"`), 413, 'BODY_TOO_LARGE')
    expectProblem(
      await post('a=b', { 'content-type': 'text/plain' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    )
    expectProblem(await reserve({ extra: 1 }), 400, 'INVALID_REQUEST')
  })
})

describe('a caller', () => {
  const path = '/v1/connections'
  const get = (headers: Record<string, string>) => send(app, 'GET', path, headers)

  test('without a bound token is unauthorized', async () => {
    const bearer = await issueToken(app, {
      sub: ann.id,
      aud: `${app.issuer}/v1`,
      scope: allScopes,
    })
    const none = await get({})
    expectProblem(none, 401, 'UNAUTHORIZED')
    expect(none.headers.get('www-authenticate')).toContain('DPoP')
    expectProblem(await get({ authorization: `Bearer ${bearer}` }), 401, 'UNAUTHORIZED')
    expectProblem(await get({ authorization: `Bearer ${annApi.token}` }), 401, 'UNAUTHORIZED')
    expectProblem(await get({ authorization: `DPoP ${annApi.token}` }), 401, 'UNAUTHORIZED')
  })

  test('with a stolen token, an old proof or a token of another audience is unauthorized', async () => {
    const thief = { token: annApi.token, key: await generateDpopKey() }
    expectProblem(await get(await dpopHeaders(app, thief, 'GET', path)), 401, 'UNAUTHORIZED')
    const headers = await dpopHeaders(app, annApi, 'GET', path)
    expect((await get(headers)).status).toBe(200)
    expectProblem(await get(headers), 401, 'UNAUTHORIZED')
    expectProblem(await get(await dpopHeaders(app, annApi, 'POST', path)), 401, 'UNAUTHORIZED')
    const elsewhere = await bound(app, {
      sub: ann.id,
      aud: `${app.issuer}/dispatch`,
      scope: allScopes,
    })
    expectProblem(await callApi(app, elsewhere, 'GET', path), 401, 'UNAUTHORIZED')
  })

  test('is refused once disabled, on the very next request', async () => {
    const dora = await makeUser(app, 'dora')
    const api = await apiToken(app, dora.id, allScopes)
    expect((await callApi(app, api, 'GET', path)).status).toBe(200)
    expect((await callApi(app, rootApi, 'DELETE', `/v1/users/${dora.id}`)).json.status).toBe(
      'disabled',
    )
    expectProblem(await callApi(app, api, 'GET', path), 401, 'UNAUTHORIZED')
  })

  test('that is a client of its own and no user is refused', async () => {
    const machine = await bound(app, { sub: 'cli_x', aud: `${app.issuer}/v1`, scope: allScopes })
    expectProblem(await callApi(app, machine, 'GET', path), 403, 'USER_REQUIRED')
  })

  test('needs the scope of every operation, and for admin ones the role too', async () => {
    const routes = apiRoutes(app.context, createSealingKeys(app.context.enclave, Date.now))
    for (const route of routes) {
      const scopes = allScopes.split(' ').filter((scope) => scope !== route.scope)
      const lacking = await apiToken(app, root.id, scopes.join(' '))
      const target = route.path.replaceAll(/:[a-z]+/g, 'x')
      const reply = await callApi(app, lacking, route.method.toUpperCase(), target)
      expectProblem(reply, 403, 'INSUFFICIENT_SCOPE')
      expect(reply.headers.get('www-authenticate')).toContain(`scope="${route.scope}"`)
      if (route.scope !== 'admin') continue
      const member = await callApi(app, annApi, route.method.toUpperCase(), target)
      expectProblem(member, 403, 'ADMIN_REQUIRED')
    }
  })
})

describe('a path', () => {
  test('that does not exist is not found, and a wrong method is named', async () => {
    expectProblem(await callApi(app, annApi, 'GET', '/v1/nothing'), 404, 'NOT_FOUND')
    expectProblem(await callApi(app, annApi, 'GET', '/v1'), 404, 'NOT_FOUND')
    const reply = await callApi(app, annApi, 'PUT', '/v1/connections', {})
    expectProblem(reply, 405, 'METHOD_NOT_ALLOWED')
    expect(reply.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST'])
  })
})

describe('a grant', () => {
  test('is listed and revoked by its user alone', async () => {
    const { storage } = app.context
    await storage.grants.put({
      grantId: 'grant-of-ann',
      userId: ann.id,
      clientId: 'an-agent',
      resource: 'https://mcp.example.com/mcp',
      scopes: ['tools:call'],
      connections: { github: 'ddls:conn:x' },
    })
    const listed = await callApi(app, annApi, 'GET', '/v1/grants')
    expect(listed.json.data).toMatchObject([{ id: 'grant-of-ann', client_id: 'an-agent' }])
    expect((await callApi(app, bobApi, 'GET', '/v1/grants')).json.data).toEqual([])
    const refused = await callApi(app, bobApi, 'DELETE', '/v1/grants/grant-of-ann')
    expectProblem(refused, 404, 'NOT_FOUND')
    const revoked = await callApi(app, annApi, 'DELETE', '/v1/grants/grant-of-ann')
    expect(revoked.json.revoked_at).toEqual(expect.any(String))
    expect((await callApi(app, annApi, 'GET', '/v1/grants')).json.data).toEqual([])
    const all = await callApi(app, annApi, 'GET', '/v1/grants?include_inactive=true')
    expect(all.json.data).toHaveLength(1)
  })
})

describe('an administrator', () => {
  test('registers a client, whose secret is shown once, and revokes it', async () => {
    const made = await callApi(app, rootApi, 'POST', '/v1/clients', {
      client_name: 'Robot',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    })
    expect(made.status, made.text).toBe(201)
    const { client, client_secret } = made.json
    expect(Buffer.from(client_secret, 'base64url').length).toBeGreaterThanOrEqual(32)
    const listed = await callApi(app, rootApi, 'GET', '/v1/clients?limit=200')
    expect(listed.json.data).toContainEqual(client)
    expect(listed.text).not.toContain(client_secret)
    const revoked = await callApi(app, rootApi, 'DELETE', `/v1/clients/${client.client_id}`)
    expect(revoked.json.revoked_at).toEqual(expect.any(String))
    expectProblem(await callApi(app, rootApi, 'DELETE', '/v1/clients/none'), 404, 'NOT_FOUND')
    const bad = await callApi(app, rootApi, 'POST', '/v1/clients', { client_name: '' })
    expectProblem(bad, 400, 'INVALID_REQUEST')
  })

  test('registers a resource with its own client, and removes it', async () => {
    const body = {
      resource: 'https://tools.example.com/mcp',
      display_name: 'Tools',
      deployment: true,
    }
    const made = await callApi(app, rootApi, 'POST', '/v1/resources', body)
    expect(made.status, made.text).toBe(201)
    expect(made.json).toMatchObject({
      resource: { resource: body.resource, client_id: made.json.client.id },
      deployment: { id: made.json.resource.deployment_id },
    })
    expect(Buffer.from(made.json.deployment.secret, 'base64')).toHaveLength(32)
    const listed = await callApi(app, rootApi, 'GET', '/v1/resources')
    for (const secret of [made.json.client.secret, made.json.deployment.secret]) {
      expect(listed.text).not.toContain(secret)
    }
    expectProblem(await callApi(app, rootApi, 'POST', '/v1/resources', body), 409, 'CONFLICT')
    const path = `/v1/resources/${encodeURIComponent(body.resource)}`
    const changes = { dpop: 'required', scopes: [{ name: 'a', description: 'Does a' }] }
    const changed = await callApi(app, rootApi, 'PATCH', path, changes)
    expect(changed.status, changed.text).toBe(200)
    expect(changed.json).toMatchObject({ ...changes, display_name: 'Tools' })
    expect(changed.text).not.toContain(made.json.client.secret)
    for (const wrong of [{}, { resource: 'https://x.example' }, { dpop: 'maybe' }]) {
      expect((await callApi(app, rootApi, 'PATCH', path, wrong)).status).toBe(400)
    }
    const unknown = '/v1/resources/https%3A%2F%2Fx.example'
    const missing = await callApi(app, rootApi, 'PATCH', unknown, changes)
    expectProblem(missing, 404, 'NOT_FOUND')
    expect(missing.json.fix).toContain('holdfast resources list')
    expect((await callApi(app, rootApi, 'DELETE', path)).json.resource).toBe(body.resource)
    expectProblem(await callApi(app, rootApi, 'DELETE', path), 404, 'NOT_FOUND')
    const client = await app.context.storage.clients.find(made.json.client.id)
    expect(client?.revokedAtMs).toBeDefined()
  })

  test('invites a user with a link that is shown once, and cannot disable their own account', async () => {
    const invited = await callApi(app, rootApi, 'POST', '/v1/users', { email: 'New@Example.org' })
    expect(invited.status, invited.text).toBe(201)
    expect(invited.json).toMatchObject({ role: 'member', email: 'new@example.org' })
    expect(new URL(invited.json.url).pathname).toBe('/invite')
    const taken = await callApi(app, rootApi, 'POST', '/v1/users', { email: 'ann@example.org' })
    expectProblem(taken, 409, 'CONFLICT')
    const self = await callApi(app, rootApi, 'DELETE', `/v1/users/${root.id}`)
    expectProblem(self, 409, 'OWN_ACCOUNT')
    expectProblem(await callApi(app, rootApi, 'DELETE', '/v1/users/usr_x'), 404, 'NOT_FOUND')
    const users = await callApi(app, rootApi, 'GET', '/v1/users')
    expect(users.json.data).toContainEqual(expect.objectContaining({ id: ann.id, role: 'member' }))
    expect(users.text).not.toContain('unused')
  })

  test('rotates the signing key, and tokens of the old one stay valid', async () => {
    const before = await callApi(app, rootApi, 'GET', '/v1/status')
    const rotated = await callApi(app, rootApi, 'POST', '/v1/keys/rotate', { what: 'signing' })
    expect(rotated.json).toEqual({
      what: 'signing',
      kid: before.json.signing_keys[1].kid,
      alg: 'ES256',
      next_kid: expect.any(String),
    })
    const after = await callApi(app, rootApi, 'GET', '/v1/status')
    expect(after.status).toBe(200)
    const { signing_keys: keys, signing_rotation_due: due } = after.json
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(keys).toEqual([
      { kid: rotated.json.kid, alg: 'ES256', state: 'active', since },
      { kid: rotated.json.next_kid, alg: 'ES256', state: 'next', since },
      { kid: before.json.signing_keys[0].kid, alg: 'ES256', state: 'retired', since },
    ])
    expect(keys[2].since).toBe(keys[0].since)
    expect(Date.parse(due) - Date.parse(keys[0].since)).toBe(30 * 86_400_000)
    const other = { what: 'signing', alg: 'EdDSA' }
    const announced = await callApi(app, rootApi, 'POST', '/v1/keys/rotate', other)
    expect(announced.json).toMatchObject({ kid: rotated.json.kid, alg: 'ES256' })
    expect(Date.parse(announced.json.next_signs_from)).toBeGreaterThan(Date.now())
    const { json: waiting } = await callApi(app, rootApi, 'GET', '/v1/status')
    expect(waiting.signing_keys[1]).toMatchObject({ alg: 'EdDSA', state: 'next' })
    expect(waiting.signing_rotation_due).toBe(announced.json.next_signs_from)
    for (const wrong of [
      { what: 'signing', alg: 'none' },
      { what: 'sealing', alg: 'EdDSA' },
    ]) {
      expect((await callApi(app, rootApi, 'POST', '/v1/keys/rotate', wrong)).status).toBe(400)
    }
    const sealing = await callApi(app, rootApi, 'POST', '/v1/keys/rotate', { what: 'sealing' })
    expectProblem(sealing, 502, 'ENCLAVE_FAILED')
  })
})

describe('the enclave away', () => {
  test('leaves status, health and problems readable', async () => {
    await using gone = await startEnclaveDouble()
    await using lonely = await startVaultApp({ enclaveSocket: gone.socket })
    await gone.stop()
    const admin = await makeUser(lonely, 'root', 'admin')
    const api = await apiToken(lonely, admin.id, allScopes)
    expect((await callApi(lonely, api, 'GET', '/v1/status')).json.enclave).toBeNull()
    expect((await send(lonely, 'GET', '/healthz', {})).json).toEqual({ status: 'degraded' })
    const keys = await send(lonely, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
    expectProblem(keys, 503, 'ENCLAVE_UNAVAILABLE')
    const rotated = await callApi(lonely, api, 'POST', '/v1/keys/rotate', { what: 'sealing' })
    expectProblem(rotated, 503, 'ENCLAVE_UNAVAILABLE')
  })

  test('spends no envelope that is good for one upload', async () => {
    await using gone = await startEnclaveDouble()
    await using lonely = await startVaultApp({ enclaveSocket: gone.socket })
    await gone.stop()
    const user = await makeUser(lonely, 'cleo')
    const api = await apiToken(lonely, user.id, allScopes)
    const { json } = await callApi(lonely, api, 'POST', '/v1/connections', newConnection)
    const path = `/v1/connections/${json.handle}/credential`
    const body = { form: 'dedalus-v1', sealed: 'AQID', upload_nonce: json.upload.nonce }
    for (const _again of [1, 2]) {
      expectProblem(await callApi(lonely, api, 'PUT', path, body), 503, 'ENCLAVE_UNAVAILABLE')
    }
  })
})

describe('the sealing keys', () => {
  test('are asked of the enclave at most once a minute, and at once after a rotation', async () => {
    let asked = 0
    let nowMs = 0
    const answer = async () => ({ key_set: { asked: (asked += 1) }, enc_jwks: [] }) as never
    const keys = createSealingKeys({ keys: answer, rotateSealingKey: answer }, () => nowMs)
    await Promise.all([keys.current(), keys.current(), keys.current()])
    nowMs = 59_999
    await keys.current()
    expect(asked).toBe(1)
    await keys.rotate()
    expect((await keys.current()).key_set).toEqual({ asked: 2 })
    nowMs = 200_000
    await keys.current()
    expect(asked).toBe(3)
  })
})

describe('the answers', () => {
  /** Shown once, when they are made, because nobody could use them otherwise. */
  const shownOnce = new Set([
    'post /v1/connections upload.nonce',
    'post /v1/connections/:handle/upload upload.nonce',
    'post /v1/oauth-apps upload.nonce',
    'post /v1/clients client_secret',
    'post /v1/api-keys key',
    'post /v1/registration-tokens token',
    'post /v1/resources client.secret',
    'post /v1/resources deployment.secret',
    'post /v1/users url',
  ])
  const suspicious =
    /secret|password|credential|token|nonce|hash|record$|sealed|cipher|private|api_?key|^key$|^url$|bytes/i
  const harmless =
    /^(prev_)?hash$|^token_endpoint(_auth_method)?$|^token_expires_at$|^dpop_nonce$|^dpop_bound_access_tokens$/

  const fieldsOf = (schema: z.ZodType, path: readonly string[] = []): string[] => {
    const { def } = schema as unknown as { def: Record<string, unknown> }
    if (def['type'] === 'object') {
      return Object.entries(def['shape'] as Record<string, z.ZodType>).flatMap(([name, field]) => [
        [...path, name].join('.'),
        ...fieldsOf(field, [...path, name]),
      ])
    }
    const inner = ['innerType', 'element', 'valueType', 'in', 'out']
      .map((name) => def[name])
      .concat(Array.isArray(def['options']) ? def['options'] : [])
      .filter((value): value is z.ZodType => typeof value === 'object' && value !== null)
    return inner.flatMap((one) => fieldsOf(one, path))
  }

  test('have no schema with a field for a secret, but those that are shown once', () => {
    const routes = apiRoutes(app.context, createSealingKeys(app.context.enclave, Date.now))
    expect(routes.length).toBeGreaterThan(20)
    const found = routes.flatMap((route) =>
      fieldsOf(route.response)
        .filter((field) => {
          const name = field.split('.').at(-1) ?? ''
          return suspicious.test(name) && !harmless.test(name)
        })
        .map((field) => `${route.method} ${route.path} ${field}`),
    )
    expect(new Set(found)).toEqual(shownOnce)
  })

  test('hold what their schema names even when an operation returns more', async () => {
    const route = defineRoute({
      method: 'get',
      path: '/v1/x',
      scope: 'admin',
      response: z.object({ shown: z.string() }),
      handle: async () => ({ shown: 'yes', record: 'no' }),
    })
    const identify = async () => ({ user: root, clientId: 'c', scopes: [] })
    const request = { request: {} as never, path: '/v1/x', params: {}, query: {}, requestId: 'r' }
    expect(await runRoute(route, identify, request)).toEqual({ shown: 'yes' })
  })

  test('leave out whatever their schema does not name', async () => {
    const { connections } = app.context.storage
    const find = connections.find.bind(connections)
    const handle = await connected()
    Object.assign(connections, {
      find: async (one: string) => ({ ...(await find(one)), leaked: 'x', record: randomBytes(9) }),
    })
    try {
      const reply = await callApi(app, annApi, 'GET', `/v1/connections/${handle}`)
      expect(reply.json).not.toHaveProperty('leaked')
      expect(reply.json).not.toHaveProperty('record')
    } finally {
      Object.assign(connections, { find })
    }
  })

  test('never show a private key', async () => {
    const status = await callApi(app, rootApi, 'GET', '/v1/status')
    const [signing] = app.context.keystore.keys()
    expect(status.text).not.toContain(signing!.privateKey.export({ format: 'jwk' }).d)
  })
})
