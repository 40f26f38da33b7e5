import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reapUnusedClients } from '../src/registration/dynamic/reaper.ts'
import { addResource, discover, insecure, obtainTokens, redirectUri } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.com'
const metadata = { client_name: 'Dynamic agent', redirect_uris: [redirectUri] }
const hourMs = 3_600_000

let server: TestServer
let nowMs: number
let stopped: (() => Promise<void>)[]

beforeEach(() => {
  nowMs = Date.now()
  stopped = []
})
afterEach(async () => {
  for (const stop of stopped) await stop()
})

async function start(registration: Record<string, unknown> = {}): Promise<TestServer> {
  server = await startTestServer({ config: { registration }, clock: () => nowMs })
  const started = server
  stopped.push(() => started.stop())
  await addResource(server)
  await server.addUser(email)
  return server
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function send(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(server.issuer + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}
const register = (body: unknown = metadata, token?: string): Promise<Answer> =>
  send('POST', '/oauth2/register', body, token)

describe('dynamic registration', () => {
  test('is advertised, gives an id to a client of oauth4webapi, and signs in', async () => {
    await start()
    const as = await discover(server.issuer)
    expect(as.registration_endpoint).toBe(`${server.issuer}/oauth2/register`)
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(as, metadata, insecure),
    )
    expect(client).toMatchObject({
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
    })
    expect(client).not.toHaveProperty('client_secret')
    const tokens = await obtainTokens(server, { client, email })
    expect(tokens.refresh_token).toBeTypeOf('string')
  })

  test('gives a confidential client a secret that is stored encrypted, and answers no null', async () => {
    await start()
    const { status, body } = await register({
      ...metadata,
      token_endpoint_auth_method: 'client_secret_basic',
      client_uri: null,
      logo_uri: '',
      contacts: null,
      scope: 'everything claudeai',
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret_expires_at: 0,
    })
    expect(body['client_secret']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(Object.values(body)).not.toContain(null)
    expect(body).not.toHaveProperty('scope')
    const { findInFolder, needlesOf } = await import('../../../test/helpers/canary.ts')
    for (const secret of [body['client_secret'], body['registration_access_token']]) {
      expect(findInFolder(server.dataDir, needlesOf(secret as string))).toEqual([])
      expect(server.log()).not.toContain(secret)
    }
  })

  test('makes one client of fifty equal registrations at the same time', async () => {
    await start()
    const answers = await Promise.all(Array.from({ length: 50 }, () => register()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body['client_id'])).size).toBe(1)
    expect(answers.every(({ body }) => !('registration_access_token' in body))).toBe(true)
    const other = await register({ ...metadata, client_name: 'Another' })
    expect(other.body['client_id']).not.toBe(answers[0]?.body['client_id'])
  })

  test('gives a new id after an administrator revoked the client', async () => {
    await start()
    const first = await register()
    await server.ctx.revocation.revokeClient(first.body['client_id'] as string)
    const second = await register()
    expect(second.status).toBe(201)
    expect(second.body['client_id']).not.toBe(first.body['client_id'])
  })

  test('is gone when switched off', async () => {
    await start({ dynamic: 'off' })
    expect((await discover(server.issuer)).registration_endpoint).toBeUndefined()
    expect((await register()).status).toBe(404)
  })

  test('needs an initial access token where it is not open, and spends its uses', async () => {
    await start({ dynamic: 'initial-access-token' })
    const refused = await register()
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('invalid_token')
    expect((await register(metadata, 'hrt_wrong')).status).toBe(401)
    const { token, record } = await server.ctx.storage.registrationTokens.create({
      label: undefined,
      usesLeft: 2,
      createdBy: 'usr_admin',
      expiresAtMs: nowMs + hourMs,
    })
    expect((await register({ client_name: 'no redirect' }, token)).status).toBe(400)
    expect((await register(metadata, token)).status).toBe(201)
    expect((await register({ ...metadata, client_name: 'B' }, token)).status).toBe(201)
    expect((await register({ ...metadata, client_name: 'C' }, token)).status).toBe(401)
    expect(await server.ctx.storage.registrationTokens.list()).toMatchObject([
      { id: record.id, usesLeft: 0 },
    ])
    const late = await server.ctx.storage.registrationTokens.create({
      label: 'late',
      usesLeft: undefined,
      createdBy: 'usr_admin',
      expiresAtMs: nowMs + hourMs,
    })
    nowMs += 2 * hourMs
    expect((await register(metadata, late.token)).status).toBe(401)
  })
})

test('a token for one client registers one, however many try at the same time', async () => {
  await start({ dynamic: 'initial-access-token' })
  const { token } = await server.ctx.storage.registrationTokens.create({
    label: undefined,
    usesLeft: 1,
    createdBy: 'usr_admin',
    expiresAtMs: nowMs + hourMs,
  })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => register({ ...metadata, client_name: `${n}` }, token)),
  )
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(1)
  expect(statuses.filter((status) => status === 401)).toHaveLength(19)
})

describe('a registration is refused', () => {
  beforeEach(() => start())

  test.each<[string, Record<string, unknown>, string, string]>([
    ['without redirect', { redirect_uris: [] }, 'invalid_redirect_uri', 'redirect_uris'],
    [
      'with http elsewhere',
      { redirect_uris: ['http://evil.example/cb'] },
      'invalid_redirect_uri',
      'redirect_uris.0',
    ],
    [
      'with javascript:',
      { redirect_uris: ['javascript:alert(1)'] },
      'invalid_redirect_uri',
      'redirect_uris.0',
    ],
    [
      'with data:',
      { redirect_uris: ['data:text/html,x'] },
      'invalid_redirect_uri',
      'redirect_uris.0',
    ],
    [
      'with file:',
      { redirect_uris: ['file:///etc/passwd'] },
      'invalid_redirect_uri',
      'redirect_uris.0',
    ],
    [
      'with eleven redirects',
      { redirect_uris: Array.from({ length: 11 }, (_, n) => `https://a.example/${n}`) },
      'invalid_redirect_uri',
      'at most 10',
    ],
    [
      'with a number as redirect',
      { redirect_uris: [1] },
      'invalid_redirect_uri',
      'list of strings',
    ],
    [
      'for machines only',
      { grant_types: ['client_credentials'] },
      'invalid_client_metadata',
      'grant_types',
    ],
    [
      'without the code',
      { response_types: ['token'] },
      'invalid_client_metadata',
      'response_types',
    ],
    [
      'with a weak method',
      { token_endpoint_auth_method: 'client_secret_jwt' },
      'invalid_client_metadata',
      'token_endpoint_auth_method',
    ],
    [
      'with keys of nobody',
      { token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
      'jwks',
    ],
    [
      'with a private key',
      { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'x' }] } },
      'invalid_client_metadata',
      'public keys',
    ],
  ])('%s', async (_name, fields, error, text) => {
    const { status, body } = await register({ ...metadata, ...fields })
    expect(status).toBe(400)
    expect(body['error']).toBe(error)
    expect(body['error_description']).toContain(text)
  })

  test('when it is too large, too deep, not JSON, or says something twice', async () => {
    const deep = `{"redirect_uris":${'['.repeat(30)}${']'.repeat(30)}}`
    const bodies = [deep, '[1]', 'null', 'x', '{"client_name":"a","client_name":"b"}']
    for (const body of bodies) {
      expect(await register(body)).toMatchObject({
        status: 400,
        body: { error: 'invalid_client_metadata' },
      })
    }
    expect((await register({ ...metadata, x: 'x'.repeat(20_000) })).status).toBe(413)
    const form = await fetch(`${server.issuer}/oauth2/register`, { method: 'POST', body: 'a=b' })
    expect(form.status).toBe(415)
  })

  test('when one address sends too many, with an OAuth error and when to come again', async () => {
    const answers = []
    for (let n = 0; n < 125; n += 1) answers.push(await register())
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.body['error']).toBe('temporarily_unavailable')
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused[0]?.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('room for clients', () => {
  const registerMany = async (count: number, prefix: string): Promise<string[]> => {
    const ids: string[] = []
    for (let n = 0; n < count; n += 1) {
      const { body } = await register({ ...metadata, client_name: `${prefix} ${n}` })
      ids.push(body['client_id'] as string)
      nowMs += 1000
    }
    return ids
  }
  const isKnown = async (id: string): Promise<boolean> =>
    (await server.ctx.storage.clients.find(id)) !== undefined

  test('is made by the oldest client that nobody used, never by one with a grant', async () => {
    await start({ maxClients: 10 })
    const [used = '', oldest = ''] = await registerMany(10, 'A')
    await obtainTokens(server, { client: { client_id: used }, email })
    const [fresh = ''] = await registerMany(1, 'B')
    expect([await isKnown(used), await isKnown(oldest), await isKnown(fresh)]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('is made after a day by clients without use; a grant keeps its client for ever', async () => {
    await start()
    const [used = '', unused = ''] = await registerMany(2, 'A')
    await obtainTokens(server, { client: { client_id: used }, email })
    nowMs += 23 * hourMs
    expect(await reapUnusedClients(server.ctx)).toBe(0)
    nowMs += 2 * hourMs
    expect(await reapUnusedClients(server.ctx)).toBe(1)
    expect([await isKnown(used), await isKnown(unused)]).toEqual([true, false])
    nowMs += 29 * 24 * hourMs
    expect(await reapUnusedClients(server.ctx)).toBe(0)
    nowMs += 40 * 24 * hourMs
    expect(await reapUnusedClients(server.ctx)).toBe(1)
  })

  test('is not made by clients that an administrator registered', async () => {
    await start()
    const { registerClient } = await import('../src/registration/clients.ts')
    const { client } = await registerClient(server.ctx, metadata, 'usr_admin')
    nowMs += 100 * 24 * hourMs
    await reapUnusedClients(server.ctx)
    expect(await isKnown(client.clientId)).toBe(true)
  })
})

describe('management of a registration (RFC 7592)', () => {
  const confidential = { ...metadata, token_endpoint_auth_method: 'client_secret_basic' }

  test('reads, changes with a new token, and deletes the client with its grants', async () => {
    await start()
    const { body } = await register(confidential)
    const path = new URL(body['registration_client_uri'] as string).pathname
    const token = body['registration_access_token'] as string
    const id = body['client_id'] as string
    const read = await send('GET', path, undefined, token)
    expect(read).toMatchObject({ status: 200, body: { client_id: id } })
    expect(read.body).not.toHaveProperty('client_secret')

    const changed = await send(
      'PUT',
      path,
      { ...confidential, client_id: id, client_name: 'Renamed' },
      token,
    )
    expect(changed).toMatchObject({ status: 200, body: { client_name: 'Renamed' } })
    expect((await send('GET', path, undefined, token)).status).toBe(401)
    const next = changed.body['registration_access_token'] as string
    expect((await send('DELETE', path, undefined, next)).status).toBe(204)
    expect((await send('GET', path, undefined, next)).status).toBe(401)
    expect((await server.ctx.storage.clients.find(id))?.revokedAtMs).toBe(nowMs)
  })

  test('is closed to everyone else, and cannot widen what a client may do', async () => {
    await start()
    const mine = (await register(confidential)).body
    const theirs = (await register(confidential)).body
    expect(mine['client_id']).not.toBe(theirs['client_id'])
    const path = `/oauth2/register/${theirs['client_id'] as string}`
    const token = mine['registration_access_token'] as string
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await send(method, path, method === 'PUT' ? {} : undefined, token)).status).toBe(401)
      expect((await send(method, path, method === 'PUT' ? {} : undefined)).status).toBe(401)
    }
    const own = `/oauth2/register/${mine['client_id'] as string}`
    const put = (fields: Record<string, unknown>): Promise<Answer> =>
      send('PUT', own, { ...confidential, client_id: mine['client_id'], ...fields }, token)
    for (const fields of [
      { client_id: theirs['client_id'] },
      { client_secret: 'another' },
      { registration_access_token: token },
      { redirect_uris: ['http://evil.example/'] },
      { token_endpoint_auth_method: 'none' },
    ]) {
      expect((await put(fields)).status).toBe(400)
    }
    const wide = await put({ grant_types: ['authorization_code', 'client_credentials'] })
    expect(wide.body['grant_types']).toEqual(['authorization_code'])
  })
})
