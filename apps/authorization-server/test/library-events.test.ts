import type { AuditRecord } from '@holdfast/protocol/audit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordKeyRotation } from '../src/audit/key-rotation.ts'
import { createRepeats } from '../src/audit/repeats.ts'
import { safeErrorCode, safeReason } from '../src/oauth/error-reasons.ts'
import { auditLibraryEvents } from '../src/oauth/library-events.ts'
import { registerClient } from '../src/registration/clients.ts'
import { Browser } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  obtainTokens,
  redirectUri,
  refresh,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
const canary = 'canary-7f3a9c1e5b2d'
let server: TestServer
let client: { client_id: string }
let machine: string
let userId: string
let shiftMs = 0

beforeAll(async () => {
  server = await startTestServer({
    config: { refreshGraceSeconds: 0 },
    clock: () => Date.now() + shiftMs,
  })
  userId = (await server.addUser(email)).id
  await addResource(server, { resource })
  client = await addClient(server, {
    grant_types: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
  })
  const registered = await registerClient(
    server.ctx,
    {
      client_name: 'Job',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    'usr_admin',
  )
  machine = registered.client.clientId
})
afterAll(() => server.stop())

const records = (): Promise<readonly AuditRecord[]> =>
  server.ctx.storage.audit.read({ limit: 1000 })
const basic = (id: string): string => `Basic ${btoa(`${id}:${canary}`)}`

async function post(
  path: string,
  body: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.issuer + path, {
    method: 'POST',
    headers,
    body: new URLSearchParams(body),
  })
}

const json = (path: string, method: string, body: unknown, token?: string): Promise<Response> =>
  fetch(server.issuer + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: method === 'DELETE' ? null : JSON.stringify(body),
  })

/** Registers a confidential client, whose registration can be managed. */
async function registered(): Promise<{ id: string; token: string }> {
  const response = await json('/oauth2/register', 'POST', {
    client_name: canary,
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'client_secret_basic',
  })
  const body = (await response.json()) as Record<string, string>
  return { id: body['client_id'] ?? '', token: body['registration_access_token'] ?? '' }
}

const codeParameters = (): Record<string, string> => ({
  response_type: 'code',
  client_id: client.client_id,
  redirect_uri: redirectUri,
  code_challenge: canary.padEnd(43, 'x'),
  code_challenge_method: 'S256',
  state: canary,
  resource,
})

interface Expected {
  readonly type: string
  readonly outcome: string
  readonly by: () => Promise<unknown>
  readonly record: () => Record<string, unknown>
}

const table: readonly Expected[] = [
  {
    type: 'authorization.accepted',
    outcome: 'success',
    by: () =>
      obtainTokens(server, {
        client,
        email,
        resource,
        parameters: { nonce: canary, scope: 'openid notes:read' },
      }),
    record: () => ({ actor: userId, client: client.client_id, resource }),
  },
  {
    type: 'authorization.succeeded',
    outcome: 'success',
    by: () => obtainTokens(server, { client, email, resource }),
    record: () => ({ actor: userId, client: client.client_id, grant: expect.any(String) }),
  },
  {
    type: 'token.issued',
    outcome: 'success',
    by: () => obtainTokens(server, { client, email, resource }),
    record: () => ({ client: client.client_id, grant: expect.any(String) }),
  },
  {
    type: 'authorization.refused',
    outcome: 'denied',
    by: async () => {
      const { url } = await authorizationUrl(server, {
        client,
        resource,
        parameters: { prompt: 'none', login_hint: canary, state: canary },
      })
      await new Browser(server.issuer).open(url)
    },
    record: () => ({
      client: client.client_id,
      detail: expect.objectContaining({ error: 'login_required' }),
    }),
  },
  {
    type: 'authorization.pushed',
    outcome: 'success',
    by: () => post('/oauth2/par', codeParameters()),
    record: () => ({ client: client.client_id, resource }),
  },
  {
    type: 'authorization.push_refused',
    outcome: 'denied',
    by: () =>
      post('/oauth2/par', { ...codeParameters(), redirect_uri: `https://x.example/${canary}` }),
    record: () => ({
      client: client.client_id,
      detail: expect.objectContaining({ error: 'invalid_request' }),
    }),
  },
  {
    type: 'device_authorization.started',
    outcome: 'success',
    by: () => post('/oauth2/device/auth', { client_id: client.client_id, resource }),
    record: () => ({ client: client.client_id, resource }),
  },
  {
    type: 'device_authorization.refused',
    outcome: 'denied',
    by: () =>
      post('/oauth2/device/auth', {
        client_id: client.client_id,
        resource: `https://${canary}.example`,
      }),
    record: () => ({ detail: expect.objectContaining({ error: 'invalid_target' }) }),
  },
  {
    type: 'token.refused',
    outcome: 'denied',
    by: () =>
      post('/oauth2/token', {
        grant_type: 'authorization_code',
        client_id: client.client_id,
        code: canary,
        code_verifier: canary.padEnd(43, 'x'),
        redirect_uri: redirectUri,
      }),
    record: () => ({
      client: client.client_id,
      detail: expect.objectContaining({
        error: 'invalid_grant',
        reason: 'authorization code not found',
        grant_type: 'authorization_code',
      }),
    }),
  },
  {
    type: 'client.authentication_failed',
    outcome: 'denied',
    by: () =>
      post(
        '/oauth2/token',
        { grant_type: 'client_credentials' },
        { authorization: basic(machine) },
      ),
    record: () => ({
      client: machine,
      detail: expect.objectContaining({
        error: 'invalid_client',
        reason: 'invalid secret provided',
        address: '127.0.0.1',
      }),
    }),
  },
  {
    type: 'introspection.refused',
    outcome: 'denied',
    by: async () => {
      const { client: own, secret = '' } = await registerClient(
        server.ctx,
        {
          client_name: 'Reader',
          grant_types: ['client_credentials'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
        'usr_admin',
      )
      await post(
        '/oauth2/introspect',
        { tokan: canary },
        { authorization: `Basic ${btoa(`${own.clientId}:${secret}`)}` },
      )
    },
    record: () => ({ detail: expect.objectContaining({ error: 'invalid_request' }) }),
  },
  {
    type: 'revocation.refused',
    outcome: 'denied',
    by: () => post('/oauth2/revoke', { client_id: client.client_id, tokan: canary }),
    record: () => ({ detail: expect.objectContaining({ error: 'invalid_request' }) }),
  },
  {
    type: 'grant.revoked',
    outcome: 'denied',
    by: async () => {
      const tokens = await obtainTokens(server, { client, email, resource })
      await refresh(server, client, tokens.refresh_token)
      shiftMs += 2000
      await refresh(server, client, tokens.refresh_token)
    },
    record: () => ({
      client: client.client_id,
      subject: userId,
      detail: expect.objectContaining({ reason: 'refresh_token_reused' }),
    }),
  },
  {
    type: 'client.registered',
    outcome: 'success',
    by: registered,
    record: () => ({ subject: expect.stringMatching(/^dcr_/) }),
  },
  {
    type: 'client.updated',
    outcome: 'success',
    by: async () => {
      const { id, token } = await registered()
      await json(
        `/oauth2/register/${id}`,
        'PUT',
        {
          client_id: id,
          redirect_uris: ['http://127.0.0.1/other'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
        token,
      )
    },
    record: () => ({ subject: expect.stringMatching(/^dcr_/) }),
  },
  {
    type: 'client.deleted',
    outcome: 'success',
    by: async () => {
      const { id, token } = await registered()
      await json(`/oauth2/register/${id}`, 'DELETE', undefined, token)
    },
    record: () => ({ subject: expect.stringMatching(/^dcr_/) }),
  },
  {
    type: 'client.registration_refused',
    outcome: 'denied',
    by: () => json('/oauth2/register', 'POST', { redirect_uris: [`javascript:${canary}`] }),
    record: () => ({ detail: expect.objectContaining({ address: '127.0.0.1' }) }),
  },
  {
    type: 'keys.signing_announced',
    outcome: 'success',
    by: async () =>
      recordKeyRotation(server.ctx.storage.audit, await server.ctx.keystore.rotate('EdDSA')),
    record: () => ({
      actor: 'system',
      detail: expect.objectContaining({ signs_from: expect.any(String) }),
    }),
  },
  {
    type: 'keys.signing_rotated',
    outcome: 'success',
    by: async () => recordKeyRotation(server.ctx.storage.audit, await server.ctx.keystore.rotate()),
    record: () => ({ actor: 'system', detail: expect.objectContaining({ alg: 'EdDSA' }) }),
  },
  {
    type: 'server.error',
    outcome: 'failed',
    by: async () => {
      const koa = {
        path: '/oauth2/token',
        req: { headers: {} },
        state: { requestId: 'req_1', remoteAddress: '127.0.0.1' },
        get: () => '',
      }
      const step = auditLibraryEvents(server.ctx)
      const fails = step(koa as never, () => Promise.reject(new TypeError(canary)))
      await expect(fails).rejects.toThrow(TypeError)
    },
    record: () => ({ detail: { error: 'TypeError', address: '127.0.0.1' } }),
  },
]

test.for(table)('$type is recorded, with who and why', async ({ type, outcome, by, record }) => {
  shiftMs += 120_000
  const before = (await records()).length
  await by()
  const written = (await records()).slice(before).filter((one) => one.type === type)
  expect(written.length).toBeGreaterThan(0)
  expect(written.at(-1)).toMatchObject({ outcome, ...record() })
  if (!type.startsWith('keys.')) expect(written.at(-1)?.request_id).toMatch(/^req_/)
})

test('no value that a caller sent stands in any record or log line', async () => {
  const text = JSON.stringify(await records()) + server.log()
  expect(text).toContain('client.authentication_failed')
  for (const form of [canary, btoa(canary), basic(machine)]) expect(text).not.toContain(form)
})

test('a reason is kept only in fixed words, and a code only in the form of one', () => {
  expect(safeReason({ error_detail: 'refresh token not found' })).toBe('refresh token not found')
  expect(safeReason({ error_detail: `client_id ${canary} is unknown` })).toBeUndefined()
  expect(safeReason({ cause: new Error(`unexpected ${canary}`) })).toBeUndefined()
  expect(safeErrorCode('invalid_grant')).toBe('invalid_grant')
  for (const code of [canary, 'x'.repeat(41), { canary }, undefined]) {
    expect(safeErrorCode(code)).toBe('unknown')
  }
})

test('what fails again and again is one record and a count', async () => {
  shiftMs += 120_000
  const before = (await records()).length
  const fail = (id: string): Promise<Response> =>
    post('/oauth2/token', { grant_type: 'client_credentials' }, { authorization: basic(id) })
  for (let n = 0; n < 20; n += 1) await fail(machine)
  // Names that nobody is registered under count together, and are not repeated.
  for (let n = 0; n < 20; n += 1) await fail(`${canary}-${n}`)
  const first = (await records()).slice(before)
  expect(first.map(({ type, client: who }) => [type, who])).toEqual([
    ['client.authentication_failed', machine],
    ['client.authentication_failed', undefined],
  ])
  shiftMs += 61_000
  await fail(machine)
  const counted = (await records()).slice(before + 2)
  expect(counted.map(({ detail }) => detail?.['count'])).toEqual([19, 19, undefined])
})

test('kinds without end are counted by type', () => {
  let nowMs = 0
  const repeats = createRepeats(() => nowMs)
  const entry = { type: 'token.refused', outcome: 'denied', client: 'c' } as const
  let written = 0
  for (let n = 0; n < 10_000; n += 1) written += repeats.take(`kind ${n}`, entry).length
  expect(written).toBe(2001)
  nowMs = 60_001
  expect(repeats.take('another', entry)).toEqual([
    { type: 'token.refused', outcome: 'denied', detail: { count: 7999 } },
    entry,
  ])
})

test('the question of `holdfast doctor` is not recorded, and a code that somebody made up is', async () => {
  const ask = async (code: string): Promise<string | undefined> => {
    const before = (await server.ctx.storage.audit.head()).seq
    await post('/oauth2/token', {
      grant_type: 'authorization_code',
      client_id: 'holdfast-cli',
      code,
      redirect_uri: 'http://127.0.0.1/callback',
      code_verifier: 'v'.repeat(43),
    })
    return (await server.ctx.storage.audit.read({ after: before, limit: 1 }))[0]?.type
  }
  shiftMs += 3_600_000
  expect(await ask('doctor')).toBeUndefined()
  expect(await ask('doctors')).toBe('token.refused')
})
