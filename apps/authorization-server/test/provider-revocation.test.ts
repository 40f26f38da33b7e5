import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { IncomingMessage } from 'node:http'
import type { CredentialKind, RevocationRequest } from '@holdfast/protocol'
import { parseProvider } from '@holdfast/providers'
import { createRevocationQueue } from '../src/connections/revocation-queue.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  callerFor,
  type Caller,
  clientCredentials,
  connectAccount,
  connectSealed,
  makeApp,
  makePerson,
} from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import { callApi, startVaultApp, type VaultApp } from './helpers/vault-app.ts'

let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let admin: Caller
let ann: Caller

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket, providers: [localProvider()] })
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
afterEach(() => {
  provider.trick = undefined
})

const localProvider = () => ({
  provider: parseProvider({
    name: 'local',
    title: 'A provider of this machine',
    category: 'work',
    docs: 'https://localhost/docs',
    verified: 'unverified',
    checked: '2026-11-23',
    base_url: provider.url,
    kinds: [{ id: 'oauth', title: 'Sign in', credential: { kind: 'oauth2' } }],
    oauth: {
      authorization_endpoint: `${provider.url}/auth`,
      token_endpoint: `${provider.url}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      pkce: true,
      scopes: {},
      access_page: 'https://localhost/account/apps',
    },
  }),
})

interface Asked {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers below `/end` with what is given, the last one for ever. */
function endAnswers(...answers: readonly (readonly [status: number, body?: string])[]): Asked[] {
  const asked: Asked[] = []
  provider.trick = ({ method, url = '', headers }, response, body) => {
    if (!url.startsWith('/end')) return false
    const [status, text] = answers[Math.min(asked.length, answers.length - 1)]!
    asked.push({ line: `${method} ${url}`, headers, body })
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    return true
  }
  return asked
}

const withRequest = (request: RevocationRequest | undefined) =>
  makeApp(app, admin, provider, { revocation_endpoint: undefined, revocation_request: request })

const revoke = (handle: string) => callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)

const stateOf = async (handle: string) =>
  (await callApi(app, ann.api, 'GET', `/v1/connections/${handle}`)).json

const ends = (handle: string, state: string) =>
  expect
    .poll(async () => (await stateOf(handle)).provider_revocation, { timeout: 20_000 })
    .toBe(state)

const lastEvent = async (handle: string) =>
  (await app.context.storage.audit.read({ limit: 1000 }))
    .filter(({ connection }) => connection === handle)
    .at(-1)

const basic = (): string =>
  `Basic ${Buffer.from(`${provider.client.id}:${provider.client.secret}`).toString('base64')}`

const end = (rest: Omit<RevocationRequest, 'url' | 'method'>): RevocationRequest => ({
  method: 'POST',
  url: `${provider.url}/end`,
  ...rest,
})

test('a request of the client, with its id in the path and the token in JSON, as GitHub wants it', async () => {
  const asked = endAnswers([204])
  const oauthApp = await withRequest({
    method: 'DELETE',
    url: `${provider.url}/end/applications/{client_id}/token`,
    token: 'access_token',
    authentication: 'client',
    headers: { 'x-api-version': '2022-11-28' },
    body: { format: 'json', fields: { access_token: '{token}' } },
  })
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  expect((await revoke(handle)).json.provider_revocation).toMatch(/pending|revoked/)
  await ends(handle, 'revoked')
  expect((await stateOf(handle)).access_page).toBeNull()
  const [only, ...rest] = asked
  expect(rest).toEqual([])
  expect(only!.line).toBe(`DELETE /end/applications/${provider.client.id}/token`)
  expect(only!.headers).toMatchObject({ authorization: basic(), 'x-api-version': '2022-11-28' })
  expect(provider.secrets).toContain(JSON.parse(only!.body).access_token)
  expect(await lastEvent(handle)).toMatchObject({ type: 'connection.provider_revoked' })
})

test('a request of the token itself; an error in a 200 that says it is dead is an end too, as at Slack', async () => {
  const asked = endAnswers([200, '{"ok":false,"error":"token_revoked"}'])
  const oauthApp = await withRequest(
    end({ token: 'access_token', authentication: 'token', gone: { errors: ['token_revoked'] } }),
  )
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  await revoke(handle)
  await ends(handle, 'revoked')
  expect(asked[0]!.headers.authorization).toMatch(/^Bearer ./)
})

test('the refresh token in the path, and the client secret in a form', async () => {
  const asked = endAnswers([200, '{}'])
  const oauthApp = await withRequest({
    method: 'POST',
    url: `${provider.url}/end/refresh-tokens/{token}`,
    authentication: 'none',
    body: { format: 'form', fields: { id: '{client_id}', secret: '{client_secret}' } },
  })
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  await revoke(handle)
  await ends(handle, 'revoked')
  expect(asked[0]!.line).toMatch(/^POST \/end\/refresh-tokens\/[\w-]{40,}$/)
  expect(provider.secrets).toContain(asked[0]!.line.split('/').at(-1))
  expect(Object.fromEntries(new URLSearchParams(asked[0]!.body))).toEqual({
    id: provider.client.id,
    secret: provider.client.secret,
  })
})

test('an access token that is over is renewed to end what stands behind it, as at Dropbox', async () => {
  const asked = endAnswers([401, '{"error":"expired_access_token"}'], [200])
  const oauthApp = await withRequest(end({ token: 'access_token', authentication: 'token' }))
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  const renewed = provider.asked['refresh_token'] ?? 0
  await revoke(handle)
  await ends(handle, 'revoked')
  expect(provider.asked['refresh_token']).toBe(renewed + 1)
  const [first, second, ...rest] = asked.map(({ headers }) => headers.authorization)
  expect(rest).toEqual([])
  expect(first).not.toBe(second)
})

test('a provider without a way ends at once, with the page where its owner can do it', async () => {
  const { handle } = await connectAccount(app, ann, provider, await withRequest(undefined))
  await revoke(handle)
  await ends(handle, 'not_supported')
  expect((await stateOf(handle)).access_page).toBe('https://localhost/account/apps')
  expect(await lastEvent(handle)).toMatchObject({
    type: 'connection.revocation_not_supported',
    outcome: 'success',
    detail: { attempts: 1 },
  })
  expect(await app.context.storage.tokenRevocations.count()).toBe(0)
})

test('a machine client that never got a token has nothing to end', async () => {
  const kind = clientCredentials(provider) as Extract<
    CredentialKind,
    { kind: 'oauth2_client_credentials' }
  >
  const secrets = { client_secret: provider.client.secret }
  const { handle } = await connectSealed(app, ann, provider, kind, secrets)
  const asked = provider.asked['client_credentials'] ?? 0
  await revoke(handle)
  await ends(handle, 'nothing_to_revoke')
  expect(provider.asked['client_credentials'] ?? 0).toBe(asked)
})

test('a provider that says when to come back is not asked before', async () => {
  let asked = 0
  provider.trick = ({ url = '' }, response) => {
    if (!url.startsWith('/end')) return false
    asked += 1
    response.writeHead(asked === 1 ? 429 : 204, { 'retry-after': '120' }).end()
    return true
  }
  const { handle } = await connectAccount(
    app,
    ann,
    provider,
    await withRequest(end({ token: 'access_token', authentication: 'token' })),
  )
  // From here on nobody works the queue off without being asked to.
  await app.context.tokenMaintenance.stop()
  await app.context.storage.connections.revoke(handle)
  const queue = createRevocationQueue(app.context)
  expect(await queue.work()).toBe(1)
  app.advance(60_000)
  expect(await queue.work()).toBe(0)
  app.advance(61_000)
  expect(await queue.work()).toBe(1)
  expect((await stateOf(handle)).provider_revocation).toBe('revoked')
  expect(asked).toBe(2)
})

test('a refusal is tried again for a week and then said, and what a provider echoes is nowhere', async () => {
  const asked: string[] = []
  provider.trick = ({ url = '', headers }, response, body) => {
    if (!url.startsWith('/end')) return false
    asked.push(`${url} ${headers.authorization} ${body}`)
    response.writeHead(400, { 'content-type': 'application/json', 'x-echo': body })
    response.end(JSON.stringify({ error: body, authorization: headers.authorization, url }))
    return true
  }
  const oauthApp = await withRequest({
    method: 'POST',
    url: `${provider.url}/end/{token}`,
    authentication: 'client',
    body: { format: 'form', fields: { token: '{token}', secret: '{client_secret}' } },
  })
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  await revoke(handle)
  await expect.poll(() => asked.length).toBe(1)
  const { connections, audit } = app.context.storage
  await expect
    .poll(
      async () => {
        app.advance(86_400_000)
        app.context.tokenMaintenance.kick()
        return (await connections.find(handle))?.providerRevocation
      },
      { timeout: 20_000 },
    )
    .toBe('failed')
  expect(asked.length).toBeGreaterThan(1)
  expect(await lastEvent(handle)).toMatchObject({
    type: 'connection.revocation_failed',
    outcome: 'failed',
    detail: { code: 'TOKEN_REFUSED' },
  })
  const told = [
    app.logged(),
    JSON.stringify(await audit.read({ limit: 1000 })),
    JSON.stringify(await connections.find(handle)),
  ].join('\n')
  const leaked = [...provider.secrets].filter((one) => one.length >= 16 && told.includes(one))
  expect(leaked).toEqual([])
  expect(told).not.toContain(basic().slice('Basic '.length))
})
