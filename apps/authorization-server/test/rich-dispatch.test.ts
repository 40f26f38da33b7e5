import { seal, toBase64url, utf8, verifyKeySet } from '@holdfast/protocol'
import { exportDpopKey, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import type { User } from '@holdfast/storage'
import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUpstream, type Upstream } from '../../../test/helpers/upstream.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  apiToken,
  type Bound,
  callApi,
  callDispatch,
  issueToken,
  type Reply,
  send,
  type VaultApp,
} from './helpers/vault-app.ts'
import { addClient, addResource, authorize, exchange, redeem } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const uri = 'https://issues.example/mcp'
let upstream: Upstream
let enclave: RealEnclave
let server: TestServer
let app: VaultApp
let ann: User
let api: Bound
let client: oauth.Client
let own: RegisteredResource
let repo: string
let chat: string

/** A connection of Ann's whose own policy allows everything. */
async function connect(provider: string): Promise<string> {
  const reserved = await callApi(app, api, 'POST', '/v1/connections', {
    provider,
    base_url: upstream.url,
    policy: { methods: ['*'], paths: ['/**'], resources: ['*'] },
  })
  const { handle, upload } = reserved.json
  const keys = await send(app, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
  const { key } = await verifyKeySet(keys.json, { nowSeconds: Math.floor(Date.now() / 1000) })
  const sealed = await seal(key, {
    header: {
      credential: { kind: 'bearer' },
      base_url: upstream.url,
      binding: {
        handle,
        owner: ann.id,
        provider,
        allowed_hosts: [`localhost:${upstream.port}`],
        upload_nonce: upload.nonce,
        created_at: Math.floor(Date.now() / 1000),
        pins: {},
      },
    },
    secrets: { token: utf8('key-of-the-upstream') },
  })
  const stored = await callApi(app, api, 'PUT', `/v1/connections/${handle}/credential`, {
    form: sealed.form,
    kid: sealed.kid,
    sealed: toBase64url(sealed.sealed),
    upload_nonce: upload.nonce,
  })
  expect(stored.status, stored.text).toBe(200)
  return handle
}

beforeAll(async () => {
  upstream = await startUpstream({ apiKey: 'key-of-the-upstream' })
  enclave = await startRealEnclave({
    upstreams: [`localhost:${upstream.port}`],
    caPem: upstream.caPem,
  })
  server = await startTestServer({ config: { enclaveSocket: enclave.socket } })
  app = {
    issuer: server.issuer,
    context: server.ctx,
    database: '',
    advance: () => undefined,
    logged: () => server.log(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
  ann = await server.addUser(email)
  api = await apiToken(app, ann.id, 'connections:read connections:write')
  repo = await connect('github')
  chat = await connect('slack')
  client = await addClient(server)
  own = await addResource(server, {
    resource: uri,
    connections: [
      { name: 'repo', provider: 'github', description: 'Reads your issues' },
      { name: 'chat', provider: 'slack', description: 'Tells your team', optional: true },
    ],
  })
})
afterAll(async () => {
  await server?.stop()
  await enclave?.[Symbol.asyncDispose]()
  await upstream?.close()
})

type Detail = Record<string, unknown>

const asked = (...details: Detail[]): Record<string, string> => ({
  authorization_details: JSON.stringify(
    details.map((detail) => ({ type: 'connection', ...detail })),
  ),
})

const keyPair = async (key: DpopKey): Promise<CryptoKeyPair> => {
  const jwk = { ...(await exportDpopKey(key)) } as JsonWebKey
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { d: _d, ...open } = jwk
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', open, algorithm, true, ['verify']),
  }
}

/** What Ann's agent gets when she allows what it asks for, exchanged by the MCP server. */
async function dispatcher(
  parameters: Record<string, string>,
  narrower: Record<string, string> = {},
): Promise<Bound> {
  const code = await authorize(server, {
    client,
    email,
    resource: uri,
    parameters,
    consent: { 'connection.repo': repo, 'connection.chat': chat },
  })
  const tokens = await redeem(server, client, code)
  const { access_token: subject } = (await tokens.json()) as { access_token: string }
  const key = await generateDpopKey({ extractable: true })
  const response = await exchange(server, own.client, subject, {
    dpop: await keyPair(key),
    parameters: narrower,
  })
  const answer = (await response.json()) as { access_token: string }
  expect(response.status, JSON.stringify(answer)).toBe(200)
  return { key, token: answer.access_token }
}

const call = (caller: Bound, handle: string, method: string, path: string): Promise<Reply> =>
  callDispatch(app, caller, { connection_handle: handle, request: { method, path } })

describe('dispatch with authorization details', () => {
  const details = { name: 'repo', actions: ['GET /echo/*', 'POST /echo'] }

  test('does what they allow, and nothing else that connection and policy would', async () => {
    const caller = await dispatcher(asked(details))
    expect((await call(caller, repo, 'GET', '/echo/one')).json.success).toBe(true)
    expect((await call(caller, repo, 'POST', '/echo')).json.success).toBe(true)
    const before = upstream.seen.length
    for (const [method, path] of [
      ['DELETE', '/echo/one'],
      ['POST', '/echo/one'],
      ['GET', '/echo'],
      ['GET', '/echo/one/two'],
      ['GET', '/user'],
    ] as const) {
      const refused = await call(caller, repo, method, path)
      expect(refused.json, `${method} ${path}`).toMatchObject({
        success: false,
        error: { code: 'BAD_REQUEST', message: expect.stringContaining('authorization details') },
      })
    }
    const other = await call(caller, chat, 'GET', '/echo/one')
    expect(other.json.error.code).toBe('CONNECTION_NOT_FOUND')
    expect(upstream.seen.length).toBe(before)
  })

  test.each([
    '/echo/../user',
    '/echo/%2e%2e/user',
    '/echo/%2E%2e/user',
    '/echo/.%2e/user',
    '//echo/one',
    '/echo//user',
    '/echo/one%2f..%2f..%2fuser',
    '/echo/one%2Fuser',
    '/echo/one%5c..%5cuser',
    '/echo/one\\..\\user',
    '/echo/..;/user',
    '/echo/one#/../user',
    '/%65cho/one/two',
    '/user?x=/echo/one',
    '/user%3f/echo/one',
    '/ECHO/one',
    'https://evil.example/echo/one',
    '@evil.example/echo/one',
    '/echo/one\u0002/user',
  ])('is not led astray by %s', async (path) => {
    const caller = await dispatcher(asked(details))
    const before = upstream.seen.length
    const refused = await call(caller, repo, 'GET', path)
    expect(refused.json.success).toBe(false)
    expect(upstream.seen.length).toBe(before)
  })

  test('a narrower exchange holds; without details the whole connection may be used', async () => {
    const narrow = await dispatcher(asked(details), asked({ actions: ['GET /echo/one'] }))
    expect((await call(narrow, repo, 'GET', '/echo/one')).json.success).toBe(true)
    expect((await call(narrow, repo, 'GET', '/echo/two')).json.success).toBe(false)
    const whole = await dispatcher({})
    expect((await call(whole, repo, 'GET', '/echo/two')).json.success).toBe(true)
    expect((await call(whole, chat, 'DELETE', '/echo/two')).json.success).toBe(true)
  })

  test('locations hold for the resource that they name', async () => {
    const here = await dispatcher(asked({ ...details, locations: [uri] }))
    expect((await call(here, repo, 'GET', '/echo/one')).json.success).toBe(true)
  })

  test('the handle in the connections claim alone is not enough', async () => {
    const key = await generateDpopKey()
    const detail = (rest: Detail): Detail => ({ type: 'connection', ...rest })
    const bearing = async (authorizationDetails: Detail[]): Promise<Bound> => ({
      key,
      token: await issueToken(app, {
        sub: ann.id,
        aud: `${app.issuer}/dispatch`,
        scope: 'dispatch',
        key,
        connections: { repo, chat },
        authorizationDetails,
      }),
    })
    const one = await bearing([detail({ identifier: repo })])
    expect((await call(one, repo, 'GET', '/echo/one')).json.success).toBe(true)
    expect((await call(one, chat, 'GET', '/echo/one')).json.error.code).toBe('CONNECTION_NOT_FOUND')
    const elsewhere = await bearing([detail({ identifier: repo, locations: [uri] })])
    expect((await call(elsewhere, repo, 'GET', '/echo/one')).json.success).toBe(false)
    for (const malformed of [[], [detail({})], [{ type: 'other', identifier: repo }]]) {
      expect((await call(await bearing(malformed), repo, 'GET', '/echo/one')).status).toBe(401)
    }
  })
})
