import { createHash, createHmac, randomBytes } from 'node:crypto'
import { dispatchErrorCodes, dispatchErrors } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { generateDpopKey } from '@holdfast/protocol/token'
import type { User } from '@holdfast/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { maxInFlight } from '../src/dispatch/in-flight.ts'
import { answerDispatch, type EnclaveDouble, startEnclaveDouble } from './helpers/enclave-double.ts'
import {
  apiToken,
  type Bound,
  bound,
  callApi,
  callDispatch,
  directToken,
  dpopHeaders,
  issueToken,
  makeUser,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

let enclave: EnclaveDouble
let app: VaultApp
let ann: User
let handle: string
let caller: Bound

const resource = 'https://mcp.example.com'
const policy = { methods: ['GET', 'POST'], paths: ['/user', '/items/**'], resources: ['*'] }

async function connect(owner: User, withPolicy: object = policy): Promise<string> {
  const token = await apiToken(app, owner.id, 'connections:read connections:write')
  const reserved = await callApi(app, token, 'POST', '/v1/connections', {
    provider: 'github',
    base_url: 'https://api.example.com',
    policy: withPolicy,
  })
  expect(reserved.status, reserved.text).toBe(201)
  const { handle, upload } = reserved.json
  const stored = await callApi(app, token, 'PUT', `/v1/connections/${handle}/credential`, {
    form: 'sealed-box',
    sealed: 'AAAA',
    upload_nonce: upload.nonce,
  })
  expect(stored.status, stored.text).toBe(200)
  return handle
}

const get = (path: string, rest: object = {}) => ({
  connection_handle: handle,
  request: { method: 'GET', path, ...rest },
})

const lastRecord = async () => {
  const { seq } = await app.context.storage.audit.head()
  const [record] = await app.context.storage.audit.read({ after: seq - 1 })
  return record!
}

beforeAll(async () => {
  enclave = await startEnclaveDouble()
  app = await startVaultApp({
    enclaveSocket: enclave.socket,
    dispatch: { maxBodyBytes: 4096 },
  })
  ann = await makeUser(app, 'ann')
  handle = await connect(ann)
  caller = await directToken(app, ann.id, { github: handle })
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
})

const ok = enclaveOk()
function enclaveOk() {
  return () => answerDispatch({}, '{"ok":true}')
}
beforeEach(() => {
  enclave.answers.dispatch = ok
  enclave.dispatches.length = 0
})

describe('a dispatch', () => {
  test('is answered with what the upstream said, and recorded first', async () => {
    const reply = await callDispatch(app, caller, get('/user?secret=1'))
    expect(reply.status).toBe(200)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.json).toEqual({
      success: true,
      response: {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: { ok: true },
      },
    })
    const record = await lastRecord()
    expect(record).toMatchObject({
      type: 'dispatch',
      outcome: 'success',
      actor: ann.id,
      connection: handle,
      resource: `${app.issuer}/dispatch`,
      request_id: reply.headers.get('x-request-id'),
      detail: { method: 'GET', path: '/user', status: 200, host: 'api.example.com', via: 'direct' },
    })
    expect(JSON.stringify(record)).not.toContain('secret')
  })

  test('is on disk before its answer is released, or not answered at all', async () => {
    const { audit } = app.context.storage
    const append = audit.append.bind(audit)
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let isHeld: () => void = () => undefined
    const reached = new Promise<void>((resolve) => (isHeld = resolve))
    Object.assign(audit, {
      append: async (entry: Parameters<typeof append>[0]) => {
        isHeld()
        await held
        return append(entry)
      },
    })
    try {
      let isAnswered = false
      const answered = callDispatch(app, caller, get('/user')).then((reply) => {
        isAnswered = true
        return reply
      })
      await reached
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(isAnswered).toBe(false)
      release()
      expect((await answered).json.success).toBe(true)

      Object.assign(audit, { append: () => Promise.reject(new Error('disk full')) })
      const withheld = await callDispatch(app, caller, get('/user'))
      expect(withheld.status).toBe(500)
      expect(withheld.json).toMatchObject({ success: false, error: { retryable: false } })
      expect(withheld.text).not.toContain('ok')
    } finally {
      Object.assign(audit, { append })
    }
  })

  test('passes JSON bodies on as they were written, and says that they are JSON', async () => {
    const text = `{"connection_handle":"${handle}","request":{"method":"POST","path":"/items/1","body":{"id": 12345678901234567890, "t":"\\u00e9"},"headers":null,"timeout_ms":null}}`
    const reply = await callDispatch(app, caller, text)
    expect(reply.json.success, reply.text).toBe(true)
    expect(enclave.dispatches[0]?.body).toBe('{"id": 12345678901234567890, "t":"\\u00e9"}')
    expect(enclave.dispatches[0]?.head.request.headers).toEqual({
      'content-type': 'application/json',
    })
    await callDispatch(app, caller, {
      connection_handle: handle,
      request: {
        method: 'POST',
        path: '/items/1',
        body: 'a=b',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      },
    })
    expect(enclave.dispatches[1]).toMatchObject({
      body: 'a=b',
      head: { request: { headers: { 'content-type': 'application/x-www-form-urlencoded' } } },
    })
  })

  test('of another method than POST is refused', async () => {
    const reply = await send(app, 'GET', '/dispatch', {})
    expect(reply.status).toBe(405)
    expect(reply.headers.get('allow')).toBe('POST')
  })
})

describe('a request that is not of the documented form', () => {
  const request = { method: 'GET', path: '/user' }
  test.each<[string, () => unknown]>([
    ['no JSON', () => '{'],
    ['a JSON array', () => []],
    ['a missing request', () => ({ connection_handle: handle })],
    ['an unknown field', () => ({ connection_handle: handle, request, extra: 1 })],
    ['an unknown field below', () => get('/user', { url: 'https://evil.example' })],
    ['a lower-case method', () => get('/user', { method: 'get' })],
    ['a method that is not offered', () => get('/user', { method: 'CONNECT' })],
    ['a handle that is none', () => ({ connection_handle: 'ddls:conn:é', request })],
    ['a number as body', () => get('/user', { body: 42 })],
    ['too long a timeout', () => get('/user', { timeout_ms: 300_001 })],
    ['too short a timeout', () => get('/user', { timeout_ms: 999 })],
    ['an Authorization header', () => get('/user', { headers: { AUTHORIZATION: 'Bearer x' } })],
    ['a DPoP header', () => get('/user', { headers: { dpop: 'x' } })],
    ['a Host header', () => get('/user', { headers: { Host: 'evil.example' } })],
    ['a Cookie header', () => get('/user', { headers: { cookie: 'a=b' } })],
    ['a hop-by-hop header', () => get('/user', { headers: { 'Transfer-Encoding': 'chunked' } })],
    ['a proxy header', () => get('/user', { headers: { 'X-Forwarded-Host': 'evil.example' } })],
    ['one header twice', () => get('/user', { headers: { 'X-A': '1', 'x-a': '2' } })],
    ['a line break in a header', () => get('/user', { headers: { 'X-A': 'a\r\nX-B: c' } })],
    ['a repeated key', () => `{"connection_handle":"${handle}","connection_handle":"x"}`],
    ['deep nesting', () => get('/user', { body: JSON.parse('['.repeat(90) + ']'.repeat(90)) })],
    ['an oversize body', () => get('/user', { body: 'x'.repeat(5000) })],
  ])('is INVALID_REQUEST: %s', async (_, body) => {
    const reply = await callDispatch(app, caller, body())
    expect(reply.status).toBe(200)
    expect(reply.json).toMatchObject({
      success: false,
      error: { code: 'INVALID_REQUEST', retryable: false },
    })
    expect(enclave.dispatches).toEqual([])
  })

  test('is INVALID_REQUEST when it is not announced as JSON', async () => {
    const headers = await dpopHeaders(app, caller, 'POST', '/dispatch')
    const body = JSON.stringify(get('/user'))
    const reply = await send(
      app,
      'POST',
      '/dispatch',
      { ...headers, 'content-type': 'text/plain' },
      body,
    )
    expect(reply.json.error.code).toBe('INVALID_REQUEST')
  })

  test('never finds its own values in the answer', async () => {
    const secret = 'hunter2-hunter2'
    for (const body of [
      get('/user', { headers: { 'X-Key': `${secret}\n` } }),
      get('/user', { [secret]: 1 }),
      get('/user', { method: secret }),
      get(`/${secret}/../x`),
      { connection_handle: secret, request: {} },
    ]) {
      expect((await callDispatch(app, caller, body)).text).not.toContain(secret)
    }
    expect(app.logged()).not.toContain(secret)
  })

  test.each([
    '//evil.example/x',
    '/items/../user',
    '/items/%2e%2e/user',
    '/a\\b',
    'user',
    '/é',
    '/a#b',
  ])('is BAD_REQUEST for the path %s, which two readers could read differently', async (path) => {
    const reply = await callDispatch(app, caller, get(path))
    expect(reply.json).toMatchObject({ success: false, error: { code: 'BAD_REQUEST' } })
    expect(enclave.dispatches).toEqual([])
  })
})

describe('a policy', () => {
  test.each([
    ['method', { method: 'DELETE', path: '/user' }],
    ['path', { method: 'GET', path: '/users' }],
    ['path', { method: 'GET', path: '/' }],
  ])('refuses another %s before the enclave hears of it', async (what, request) => {
    const reply = await callDispatch(app, caller, { connection_handle: handle, request })
    expect(reply.json.error.code).toBe('BAD_REQUEST')
    expect(reply.json.error.message).toContain(what)
    expect(enclave.dispatches).toEqual([])
    expect(await lastRecord()).toMatchObject({ outcome: 'denied', detail: { code: 'BAD_REQUEST' } })
  })

  test('refuses another resource, and allows the one it names', async () => {
    const only = await connect(ann, { ...policy, resources: [resource] })
    const call = { connection_handle: only, request: { method: 'GET', path: '/user' } }
    const direct = await directToken(app, ann.id, { github: only })
    expect((await callDispatch(app, direct, call)).json.error.code).toBe('BAD_REQUEST')
    const other = { actor: 'mcp', resource: 'https://other.example.com' }
    const exchanged = await directToken(app, ann.id, { github: only }, { exchanged: other })
    expect((await callDispatch(app, exchanged, call)).json.error.code).toBe('BAD_REQUEST')
    const right = await directToken(
      app,
      ann.id,
      { github: only },
      { exchanged: { actor: 'mcp', resource } },
    )
    expect((await callDispatch(app, right, call)).json.success).toBe(true)
    expect(enclave.dispatches).toHaveLength(1)
    expect(enclave.dispatches[0]?.head.caller).toMatchObject({ resource, client_id: 'mcp' })
  })

  test('that is empty allows nothing, which is the default', async () => {
    const token = await apiToken(app, ann.id, 'connections:write')
    const reserved = await callApi(app, token, 'POST', '/v1/connections', {
      provider: 'github',
      base_url: 'https://api.example.com',
    })
    await callApi(app, token, 'PUT', `/v1/connections/${reserved.json.handle}/credential`, {
      form: 'sealed-box',
      sealed: 'AAAA',
      upload_nonce: reserved.json.upload.nonce,
    })
    const direct = await directToken(app, ann.id, { github: reserved.json.handle })
    const call = { connection_handle: reserved.json.handle, request: { method: 'GET', path: '/' } }
    expect((await callDispatch(app, direct, call)).json.error.code).toBe('BAD_REQUEST')
    expect(enclave.dispatches).toEqual([])
  })
})

describe('a handle', () => {
  const call = (of: string) => ({
    connection_handle: of,
    request: { method: 'GET', path: '/user' },
  })

  test('that the token does not name is not found, whether or not it exists', async () => {
    const other = await connect(ann)
    const existing = await callDispatch(app, caller, call(other))
    const missing = await callDispatch(app, caller, call('ddls:conn:nope'))
    expect(existing.json.error.code).toBe('CONNECTION_NOT_FOUND')
    expect(missing.json).toEqual(existing.json)
  })

  test('of another user is refused even when the token names it', async () => {
    const bob = await makeUser(app, 'bob')
    const stranger = await directToken(app, bob.id, { github: handle })
    const reply = await callDispatch(app, stranger, call(handle))
    expect(reply.json.error.code).toBe('ORG_MISMATCH')
    expect(enclave.dispatches).toEqual([])
  })

  test('that is named but does not exist is not found', async () => {
    const gone = await directToken(app, ann.id, { github: 'ddls:conn:01-x' })
    expect((await callDispatch(app, gone, call('ddls:conn:01-x'))).json.error.code).toBe(
      'CONNECTION_NOT_FOUND',
    )
  })

  test('without a credential is not found', async () => {
    const token = await apiToken(app, ann.id, 'connections:write')
    const { json } = await callApi(app, token, 'POST', '/v1/connections', {
      provider: 'github',
      base_url: 'https://api.example.com',
      policy,
    })
    const direct = await directToken(app, ann.id, { github: json.handle })
    expect((await callDispatch(app, direct, call(json.handle))).json.error.code).toBe(
      'CONNECTION_NOT_FOUND',
    )
  })

  test('is suspended while paused, works when resumed, and is revoked for good, each at once', async () => {
    const mine = await connect(ann)
    const token = await apiToken(app, ann.id, 'connections:write')
    const direct = await directToken(app, ann.id, { github: mine })
    const change = (status: string) =>
      callApi(app, token, 'PATCH', `/v1/connections/${mine}`, { status })
    const code = async () => (await callDispatch(app, direct, call(mine))).json.error?.code
    expect(await code()).toBeUndefined()
    await change('paused')
    expect(await code()).toBe('CONNECTION_SUSPENDED')
    await change('active')
    expect(await code()).toBeUndefined()
    await callApi(app, token, 'DELETE', `/v1/connections/${mine}`)
    expect(await code()).toBe('CONNECTION_REVOKED')
    expect(enclave.dispatches).toHaveLength(2)
  })
})

describe('the enclave', () => {
  const fail = (code: ConstructorParameters<typeof EnclaveError>[0]) => {
    enclave.answers.dispatch = async () => {
      throw new EnclaveError(code, 'fixed text')
    }
  }

  test.each(dispatchErrorCodes)('can answer %s, which reaches the caller', async (code) => {
    fail(code)
    const reply = await callDispatch(app, caller, get('/user'))
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({
      success: false,
      error: { code, message: 'fixed text', retryable: dispatchErrors[code].retryable },
    })
  })

  test.each([
    ['POLICY_REFUSED', 'BAD_REQUEST'],
    ['PIN_REFUSED', 'BAD_REQUEST'],
    ['HOST_NOT_ALLOWED', 'BAD_REQUEST'],
    ['BINDING_MISMATCH', 'DECRYPTION_FAILED'],
    ['WRONG_KEY', 'DECRYPTION_FAILED'],
    ['INTERNAL', 'ENCLAVE_UNAVAILABLE'],
  ] as const)('says %s, which is %s on the wire', async (code, wire) => {
    fail(code)
    expect((await callDispatch(app, caller, get('/user'))).json.error.code).toBe(wire)
  })

  test('takes 64 calls at once for one connection, and others still get through', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let arrived = 0
    let allArrived: () => void = () => undefined
    const full = new Promise<void>((resolve) => (allArrived = resolve))
    enclave.answers.dispatch = async () => {
      arrived += 1
      if (arrived === maxInFlight) allArrived()
      await held
      return answerDispatch({}, '{}')
    }
    const other = await connect(ann)
    const elsewhere = await directToken(app, ann.id, { github: other })
    const busy = Array.from({ length: maxInFlight }, () => callDispatch(app, caller, get('/user')))
    await full
    const refused = await callDispatch(app, caller, get('/user'))
    expect(refused.json.error).toMatchObject({ code: 'DOWNSTREAM_RATE_LIMITED', retryable: true })
    enclave.answers.dispatch = ok
    const call = { connection_handle: other, request: { method: 'GET', path: '/user' } }
    expect((await callDispatch(app, elsewhere, call)).json.success).toBe(true)
    release()
    expect((await Promise.all(busy)).every(({ json }) => json.success)).toBe(true)
    expect((await callDispatch(app, caller, get('/user'))).json.success).toBe(true)
  })

  test('hears it when the caller goes away', async () => {
    const cancelled = new Promise<void>((resolve) => {
      enclave.answers.dispatch = (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            resolve()
            reject(new EnclaveError('DOWNSTREAM_TIMEOUT', 'given up'))
          })
        })
    })
    const gone = new AbortController()
    const call = fetch(`${app.issuer}/dispatch`, {
      method: 'POST',
      headers: {
        ...(await dpopHeaders(app, caller, 'POST', '/dispatch')),
        'content-type': 'application/json',
      },
      body: JSON.stringify(get('/user')),
      signal: gone.signal,
    }).catch(() => 'gone')
    while (enclave.dispatches.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    gone.abort()
    await cancelled
    expect(await call).toBe('gone')
  })
})

describe('a token or proof', () => {
  const dispatchWith = (headers: Record<string, string>, body = JSON.stringify(get('/user'))) =>
    send(app, 'POST', '/dispatch', { ...headers, 'content-type': 'application/json' }, body)

  const refused = async (headers: Record<string, string>) => {
    const reply = await dispatchWith(headers)
    expect(reply.status, reply.text).toBe(401)
    expect(enclave.dispatches).toEqual([])
    return reply
  }

  test('that is missing gets a challenge without an error', async () => {
    const reply = await refused({})
    const challenge = reply.headers.get('www-authenticate')
    expect(challenge).toContain('DPoP algs="ES256')
    expect(challenge).toContain('scope="dispatch"')
    expect(challenge).not.toContain('error=')
  })

  test('that was used before is refused', async () => {
    const headers = await dpopHeaders(app, caller, 'POST', '/dispatch')
    expect((await dispatchWith(headers)).json.success).toBe(true)
    enclave.dispatches.length = 0
    const reply = await refused(headers)
    expect(reply.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"')
    expect(reply.json.detail).toContain('used before')
  })

  test('is taken once when sent many times at once', async () => {
    const headers = await dpopHeaders(app, caller, 'POST', '/dispatch')
    const replies = await Promise.all(Array.from({ length: 50 }, () => dispatchWith(headers)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('that was stolen cannot be used with another key, or without one', async () => {
    const exchanged = await directToken(
      app,
      ann.id,
      { github: handle },
      { exchanged: { actor: 'mcp', resource } },
    )
    const thief = { token: exchanged.token, key: await generateDpopKey() }
    await refused(await dpopHeaders(app, thief, 'POST', '/dispatch'))
    await refused({ authorization: `Bearer ${exchanged.token}` })
    await refused({ authorization: `DPoP ${exchanged.token}` })
    expect((await callDispatch(app, exchanged, get('/user'))).json.success).toBe(true)
  })

  test('that names the right key but is signed by another is refused', async () => {
    const own = await generateDpopKey()
    const forged = { ...own, publicJwk: caller.key.publicJwk }
    const thief = { token: caller.token, key: forged }
    const reply = await refused(await dpopHeaders(app, thief, 'POST', '/dispatch'))
    expect(reply.json.detail).toContain('wrong signature')
  })

  test('in a second spelling of its signature is refused', async () => {
    const headers = await dpopHeaders(app, caller, 'POST', '/dispatch')
    await refused({ ...headers, dpop: `${headers['dpop']}=` })
    await refused({ ...headers, dpop: `${headers['dpop']}A` })
    // The last character of 64 bytes in base64url carries four bits that mean nothing.
    await refused({ ...headers, dpop: headers['dpop']!.replace(/.$/, (c) => nextCharacter(c)) })
  })

  test('that is bound to no key is refused, however it is sent', async () => {
    const token = await unbound()
    await refused({ authorization: `Bearer ${token}` })
    await refused({ authorization: `DPoP ${token}` })
    await refused(await dpopHeaders(app, { token, key: caller.key }, 'POST', '/dispatch'))
  })

  test('for another method, URL or token is refused', async () => {
    await refused(await dpopHeaders(app, caller, 'GET', '/dispatch'))
    await refused(await dpopHeaders(app, caller, 'POST', '/v1/connections'))
    const other = await directToken(app, ann.id, { github: handle })
    const swapped = await dpopHeaders(app, { ...other, key: caller.key }, 'POST', '/dispatch')
    await refused({ ...swapped, authorization: `DPoP ${caller.token}` })
  })

  test.each<[string, () => Promise<Bound>]>([
    ['no key', async () => ({ key: caller.key, token: await unbound() })],
    ['another audience', () => bound(app, { ...content(), aud: `${app.issuer}/v1` })],
    ['the audience of an MCP server', () => bound(app, { ...content(), aud: resource })],
    ['no scope', () => bound(app, { ...content(), scope: '' })],
    ['an actor but no resource', () => bound(app, { ...content(), exchanged: halfExchange })],
    ['another actor than its client', () => bound(app, otherActor())],
    ['its time over', () => bound(app, { ...content(), expiresInSeconds: -1 })],
  ])('with %s is refused', async (_, make) => {
    const headers = await dpopHeaders(app, await make(), 'POST', '/dispatch')
    const reply = await refused(headers)
    expect(reply.headers.get('www-authenticate')).toMatch(
      /error="(invalid_token|insufficient_scope)"/,
    )
  })

  const content = () => ({
    sub: ann.id,
    aud: `${app.issuer}/dispatch`,
    scope: 'dispatch',
    connections: { github: handle },
  })
  const halfExchange = { actor: 'test-client' } as { actor: string; resource: string }
  const otherActor = () => ({
    ...content(),
    clientId: 'someone',
    exchanged: { actor: 'mcp', resource },
  })
  const unbound = () => issueToken(app, content())

  test('with a changed claim is refused', async () => {
    const [head, payload, signature] = caller.token.split('.')
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'usr_x' })).toString('base64url')
    const token = `${head}.${changed}.${signature}`
    await refused(await dpopHeaders(app, { ...caller, token }, 'POST', '/dispatch'))
  })

  test.each(['user', 'client', 'grant', 'token'] as const)(
    'is refused on the very next request when its %s is revoked',
    async (kind) => {
      const { revocation, storage } = app.context
      const owner = await makeUser(app, `revoked-${kind}`)
      const mine = await connect(owner)
      const jti = crypto.randomUUID()
      const client = `client-${kind}`
      await storage.clients.create({ clientId: client, source: 'manual', metadata: {} })
      const { grantId } = await storage.grants.put({
        grantId: `grant-${kind}`,
        userId: owner.id,
        clientId: 'an-agent',
        resource,
        scopes: [],
        connections: { github: mine },
      })
      const exchanged = { actor: client, resource }
      const rest = { grant: grantId, exchanged, jti }
      const token = await directToken(app, owner.id, { github: mine }, rest)
      const call = { connection_handle: mine, request: { method: 'GET', path: '/user' } }
      const before = await callDispatch(app, token, call)
      expect(before.json.success, before.text).toBe(true)
      if (kind === 'user') await revocation.revokeUser(owner.id)
      if (kind === 'client') await revocation.revokeClient(client)
      if (kind === 'grant') await revocation.revokeGrant(grantId)
      if (kind === 'token') await revocation.revokeToken(jti, Date.now() + 300_000)
      enclave.dispatches.length = 0
      await refused(await dpopHeaders(app, token, 'POST', '/dispatch'))
    },
  )

  test('that is refused leaves a record, but a flood of them does not fill the log', async () => {
    app.advance(120_000)
    const { audit } = app.context.storage
    const before = (await audit.head()).seq
    for (let sent = 0; sent < 70; sent += 1) await refused({ authorization: 'DPoP x' })
    const after = (await audit.head()).seq
    expect(after - before).toBe(60)
    app.advance(60_000)
    await refused({})
    expect(await lastRecord()).toMatchObject({
      type: 'dispatch.refused',
      outcome: 'denied',
      detail: { status: 401, left_out: 10 },
    })
  })
})

/** The neighbour of a base64url character, which differs in the lowest bit. */
function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(character) ^ 1] ?? ''
}

describe('a Dedalus runner', () => {
  const secret = randomBytes(32)
  const deployment = 'dep_1'
  let userToken: string

  beforeAll(async () => {
    await app.context.storage.resources.create({
      resource,
      displayName: 'Example',
      scopes: [],
      dpop: 'preferred',
      clientId: 'mcp-runner',
      deployment: { id: deployment, secret },
    })
    await app.context.storage.clients.create({
      clientId: 'mcp-runner',
      source: 'manual',
      metadata: {},
      resource,
    })
    const key = await generateDpopKey()
    const connections = { github: handle }
    userToken = await issueToken(app, { sub: ann.id, aud: resource, connections, key })
  })

  const timestamp = (offset = 0): string => String(Math.floor(app.context.clock() / 1000) + offset)
  /** What dedalus-mcp sends: keys in this order, nulls explicit. */
  const wire = (path = '/user'): string =>
    `{"connection_handle":"${handle}","request":{"method":"GET","path":"${path}","body":null,"headers":null,"timeout_ms":null}}`
  const signature = (ts: string, body: string, key: Uint8Array = secret): string =>
    createHmac('sha256', key)
      .update(`${ts}:${deployment}:${createHash('sha256').update(body).digest('hex')}`)
      .digest('hex')
  const run = (
    body: string,
    changes: Record<string, string> = {},
    ts: string = timestamp(),
    token: string = userToken,
  ) =>
    send(
      app,
      'POST',
      '/dispatch',
      {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-dedalus-timestamp': ts,
        'x-dedalus-deployment': deployment,
        'x-dedalus-signature': signature(ts, body),
        ...changes,
      },
      body,
    )

  test('dispatches for its user, whose token is bound to a key that the runner does not hold', async () => {
    const reply = await run(wire('/items/ok'))
    expect(reply.json, reply.text).toMatchObject({ success: true })
    expect(enclave.dispatches[0]?.head.caller).toMatchObject({
      resource,
      client_id: 'mcp-runner',
      sub: ann.id,
    })
    expect(await lastRecord()).toMatchObject({ client: 'mcp-runner', detail: { via: 'runner' } })
  })

  test('does nothing, and may try again, when its signature was used before', async () => {
    const ts = timestamp()
    const body = wire('/items/replay')
    expect((await run(body, {}, ts)).status).toBe(200)
    const repeated = await run(body, {}, ts)
    expect(repeated.status).toBe(200)
    expect(repeated.json).toMatchObject({
      success: false,
      error: { code: 'DOWNSTREAM_RATE_LIMITED', retryable: true },
    })
    expect(enclave.dispatches).toHaveLength(1)
  })

  test('is not heard again when only the spelling of its token changed', async () => {
    // The last digit of 64 bytes in base64url holds four bits that no decoder looks at.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = digits.indexOf(userToken.at(-1) ?? '')
    const respelled = userToken.slice(0, -1) + (digits[last ^ 1] ?? '')
    const ts = timestamp()
    const body = wire('/items/respelled')
    expect((await run(body, {}, ts)).json).toMatchObject({ success: true })
    for (const token of [respelled, `${userToken}=`]) {
      expect((await run(body, {}, ts, token)).json).not.toMatchObject({ success: true })
    }
    expect(enclave.dispatches).toHaveLength(1)
  })

  test('may send the same body in the same second for two users', async () => {
    const ts = timestamp()
    const second = await issueToken(app, { sub: ann.id, aud: resource, connections: { a: handle } })
    expect((await run(wire('/items/two'), {}, ts)).status).toBe(200)
    expect((await run(wire('/items/two'), {}, ts, second)).status).toBe(200)
  })

  test.each<[string, (body: string) => Record<string, string>]>([
    ['a wrong signature', () => ({ 'x-dedalus-signature': 'a'.repeat(64) })],
    [
      'a signature of another body',
      () => ({ 'x-dedalus-signature': signature(timestamp(), '{}') }),
    ],
    [
      'a signature by another secret',
      (body) => ({ 'x-dedalus-signature': signature(timestamp(), body, randomBytes(32)) }),
    ],
    ['a signature that is no hex', () => ({ 'x-dedalus-signature': 'é'.repeat(32) })],
    ['an empty signature', () => ({ 'x-dedalus-signature': '' })],
    ['an unknown deployment', () => ({ 'x-dedalus-deployment': 'dep_2' })],
    ['no deployment', () => ({ 'x-dedalus-deployment': '' })],
    ['a timestamp that was not signed', () => ({ 'x-dedalus-timestamp': timestamp(-5) })],
  ])('is refused with 403 for %s', async (_, changes) => {
    const body = wire('/items/bad')
    const reply = await run(body, changes(body))
    expect(reply.status).toBe(403)
    expect(enclave.dispatches).toEqual([])
  })

  test.each([-301, 301])('is refused with 403 for a signature %i seconds off', async (offset) => {
    expect((await run(wire('/items/old'), {}, timestamp(offset))).status).toBe(403)
    expect((await run(wire('/items/old'), {}, timestamp(Math.sign(offset) * 295))).status).toBe(200)
  })

  test('is refused with 401 for a token of another resource, or none', async () => {
    const wrong = await issueToken(app, {
      sub: ann.id,
      aud: 'https://other.example.com',
      connections: { github: handle },
    })
    expect((await run(wire('/items/aud'), {}, timestamp(), wrong)).status).toBe(401)
    expect((await run(wire('/items/aud2'), { authorization: '' })).status).toBe(401)
    expect((await run(wire('/items/aud3'), { authorization: `DPoP ${userToken}` })).status).toBe(
      401,
    )
    expect(
      (await send(app, 'POST', '/dispatch', { authorization: `Bearer ${userToken}` }, wire()))
        .status,
    ).toBe(401)
    expect(enclave.dispatches).toEqual([])
  })

  test('is refused once the client of its resource is revoked', async () => {
    expect((await run(wire('/items/before'))).status).toBe(200)
    await app.context.revocation.revokeClient('mcp-runner')
    app.advance(3_600_000)
    userToken = await issueToken(app, { sub: ann.id, aud: resource, connections: { a: handle } })
    expect((await run(wire('/items/after'))).status).toBe(403)
  })
})
