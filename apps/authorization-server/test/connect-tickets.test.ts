import { parseProvider } from '@holdfast/providers'
import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { edit } from './helpers/edit-database.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import { type Caller, callerFor, makeApp, makePerson } from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import { callApi, callDispatch, send, startVaultApp, type VaultApp } from './helpers/vault-app.ts'
import { Browser, formOf, handOffTarget, type PageVisit } from './support/browser.ts'
import {
  addClient,
  addResource,
  claimsOf,
  dpopKeys,
  exchange,
  obtainTokens,
  refresh,
} from './support/flow.ts'
import { password, type TestServer } from './support/server.ts'
import { generateDpopKey } from '@holdfast/protocol/token'

const uri = 'https://notes.example/mcp'
let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let server: TestServer
let admin: Caller
let ann: Caller
let bob: Caller
let client: oauth.Client
let own: RegisteredResource
let other: RegisteredResource
let oauthApp: string

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  const local = parseProvider({
    name: 'local',
    title: 'Local Accounts',
    category: 'work',
    docs: 'https://local.example/docs',
    verified: 'unverified',
    checked: '2026-11-23',
    base_url: provider.url,
    oauth: {
      authorization_endpoint: `${provider.url}/auth`,
      token_endpoint: `${provider.url}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      pkce: true,
      scopes: {},
    },
    kinds: [
      { id: 'sign_in', title: 'Sign in', credential: { kind: 'oauth2' } },
      {
        id: 'token',
        title: 'Token',
        credential: { kind: 'bearer' },
        fields: { token: { title: 'Token' } },
      },
    ],
    identity: { path: '/api/me', account: ['/account'] },
  })
  app = await startVaultApp({ enclaveSocket: enclave.socket, providers: [{ provider: local }] })
  server = { issuer: app.issuer, ctx: app.context } as TestServer
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
  bob = await callerFor(app, await makePerson(app, 'bob'))
  oauthApp = await makeApp(app, admin, provider)
  client = await addClient(server)
  own = await addResource(server, {
    resource: uri,
  })
  other = await addResource(server, { resource: 'https://other.example/mcp' })
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const basic = ({ id, secret }: { id: string; secret: string }) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

const pathOf = (url: string): string => new URL(url).pathname

const makeTicket = async (caller: Caller, body: object = { provider: 'local' }) => {
  const made = await callApi(app, caller.api, 'POST', '/v1/connect-tickets', body)
  expect(made.status, made.text).toBe(201)
  return made.json as { id: string; connect_url: string }
}

const signInAt = async (browser: Browser, url: string, { user }: Caller): Promise<PageVisit> => {
  const form = { ...formOf(await browser.open(url), ''), action: url }
  return browser.submit(form, { email: user.email, password })
}

/** From the page to the provider and back. */
async function signInAtProvider(
  browser: Browser,
  page: PageVisit,
  fill: Record<string, string> = {},
): Promise<PageVisit> {
  const there = await browser.submit(formOf(page, '/oauth'), { app: oauthApp, ...fill })
  const back = await provider.approve(handOffTarget(there).href)
  return browser.open(back.href)
}

const step = (browser: Browser, id: string, name: string, headers: Record<string, string> = {}) =>
  browser.open(`/connect/${id}/${name}`, {
    method: 'POST',
    body: JSON.stringify({ provider: 'local', base_url: provider.url }),
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      origin: app.issuer,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  })

describe('a connection that a tool call lacks', () => {
  test('is answered with a link; once connected, the next token of the agent names it and the call succeeds', async () => {
    const email = ann.user.email
    const browser = new Browser(app.issuer)
    const tokens = await obtainTokens(server, { client, email, resource: uri, browser })
    // A server that needs more than it did when people let an agent use it.
    const connections = [{ name: 'local', provider: 'local', description: 'Reads your account' }]
    await app.context.storage.resources.update(uri, { connections })
    const ask = async (token: string, parameters?: Record<string, string>) =>
      exchange(server, own.client, token, {
        dpop: await dpopKeys(),
        ...(parameters && { parameters }),
      })
    const refused = await ask(tokens.access_token, { connection: 'local' })
    expect(refused.status).toBe(400)
    const links = (await refused.json()) as Record<string, string>
    expect(links).toMatchObject({ error: 'oauth_required' })
    const { connect_url: url = '', poll_url: poll = '' } = links
    expect(url.startsWith(`${app.issuer}/connect/`)).toBe(true)
    const again = await ask(tokens.access_token, { connection: 'local' })
    expect(await again.json()).toMatchObject({ connect_url: url })

    const pending = await send(app, 'GET', pathOf(poll), basic(own.client))
    expect(pending.json).toEqual({ status: 'pending', handle: null })
    expect((await send(app, 'GET', pathOf(poll), basic(other.client))).status).toBe(404)
    expect((await callApi(app, bob.api, 'GET', pathOf(poll))).status).toBe(404)

    const page = await browser.open(url)
    expect(page.status, page.text).toBe(200)
    for (const words of ['Local Accounts', uri, 'may use this connection too', 'Paste a key']) {
      expect(page.text).toContain(words)
    }
    const done = await signInAtProvider(browser, page, { allow: 'read' })
    expect(done.url).toBe(url)
    expect(done.text).toContain('octo')
    const polled = await send(app, 'GET', pathOf(poll), basic(own.client))
    const { handle } = polled.json as { handle: string }
    expect(polled.json).toMatchObject({
      status: 'connected',
      handle: expect.stringMatching(/-local$/) as string,
    })

    const late = await ask(tokens.access_token, { connection: 'local' })
    expect(((await late.json()) as Record<string, string>)['error_description']).toContain(
      'refresh',
    )
    const renewed = (await (await refresh(server, client, tokens.refresh_token)).json()) as {
      access_token: string
    }
    expect(claimsOf(renewed.access_token)['ddls:connections']).toEqual({ local: handle })
    const key = await generateDpopKey()
    const exchanged = await exchange(server, own.client, renewed.access_token, {
      dpop: { privateKey: key.privateKey, publicKey: await publicKeyOf(key) },
      parameters: { connection: 'local' },
    })
    const { access_token: token } = (await exchanged.json()) as { access_token: string }
    const call = { connection_handle: handle, request: { method: 'GET', path: '/api/me' } }
    const answer = await callDispatch(app, { token, key }, call)
    expect(answer.json, answer.text).toMatchObject({ response: { body: { account: 'octo' } } })

    edit(app, "update connections set status = 'needs_reconnect' where handle = ?", handle)
    const broken = await callDispatch(app, { token, key }, call)
    expect(broken.json).toMatchObject({
      success: false,
      error: { code: 'DOWNSTREAM_AUTH_FAILURE', connect_url: expect.stringContaining('/connect/') },
    })
    const repair = broken.json.error.connect_url as string
    expect((await callDispatch(app, { token, key }, call)).json.error.connect_url).toBe(repair)
    const repaired = await signInAtProvider(browser, await browser.open(repair))
    expect(repaired.text).toContain('is connected')
    expect((await callDispatch(app, { token, key }, call)).json).toMatchObject({ success: true })
  })

  test('is not asked for in the name of a resource that was registered without it', async () => {
    const { email } = ann.user
    const resource = 'https://other.example/mcp'
    const { access_token: token } = await obtainTokens(server, { client, email, resource })
    const refused = await exchange(server, other.client, token, {
      dpop: await dpopKeys(),
      parameters: { connection: 'bank' },
    })
    expect(await refused.json()).toMatchObject({ error: 'invalid_request' })
  })
})

describe('the page of a connect ticket', () => {
  test('shows nothing to nobody and refuses everybody but its owner', async () => {
    const { id, connect_url: url } = await makeTicket(ann)
    const nobody = await new Browser(app.issuer).open(url)
    expect(nobody.status).toBe(401)
    expect(nobody.text).not.toContain('Local')
    const browser = new Browser(app.issuer)
    const foreign = await signInAt(browser, url, bob)
    expect(foreign.status).toBe(403)
    expect(foreign.text).toContain('for another account')
    expect((await step(browser, id, 'reserve')).status).toBe(403)
    expect((await browser.open('/connect/' + 'A'.repeat(32))).status).toBe(404)
    expect((await callApi(app, bob.api, 'GET', `/v1/connect-tickets/${id}`)).status).toBe(404)
  })

  test('works once: neither the page nor its steps do anything after that', async () => {
    const { id, connect_url: url } = await makeTicket(ann)
    const browser = new Browser(app.issuer)
    const page = await signInAt(browser, url, ann)
    const done = await signInAtProvider(browser, page)
    expect(done.text).toContain('is connected')
    const replayed = await browser.submit(formOf(page, '/oauth'), { app: oauthApp })
    expect(replayed.status).toBe(409)
    expect((await step(browser, id, 'reserve')).status).toBe(409)
    expect((await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)).json).toMatchObject({
      status: 'connected',
    })
  })

  test('ends after ten minutes, also for who is signed in on it', async () => {
    const { id, connect_url: url } = await makeTicket(ann)
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    app.advance(600_001)
    expect((await browser.open(url)).status).toBe(410)
    expect((await step(browser, id, 'reserve')).status).toBe(410)
    ann = await callerFor(app, ann.user)
    bob = await callerFor(app, bob.user)
    expect((await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)).json).toMatchObject({
      status: 'expired',
      handle: null,
    })
  })

  test('is not worked by another site, nor without its cookie, nor by a form', async () => {
    const { id, connect_url: url } = await makeTicket(ann)
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    expect((await step(browser, id, 'reserve', { origin: 'https://evil.example' })).status).toBe(
      403,
    )
    expect((await step(browser, id, 'reserve', { 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    )
    const asForm = { 'content-type': 'text/plain' }
    expect((await step(browser, id, 'reserve', asForm)).status).toBe(415)
    expect((await step(new Browser(app.issuer), id, 'reserve')).status).toBe(403)
    const right = await step(browser, id, 'reserve')
    expect(right.status, right.text).toBe(200)
  })

  test('sends a key nowhere but to the provider of the catalog', async () => {
    const { id, connect_url: url } = await makeTicket(ann)
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    for (const choice of [
      { provider: 'local', base_url: 'https://evil.example' },
      { provider: 'github', base_url: 'https://api.github.com' },
    ]) {
      const refused = await browser.open(`/connect/${id}/reserve`, {
        method: 'POST',
        body: JSON.stringify(choice),
        headers: { 'content-type': 'application/json', origin: app.issuer, accept: '*/*' },
      })
      expect(refused.status, refused.text).toBe(400)
    }
  })

  test('carries a policy under which no other script runs, no form is sent and no frame holds it', async () => {
    const { connect_url: url } = await makeTicket(ann)
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    const page = await browser.open(`${url}?by=key`)
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const part of [
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "connect-src 'self'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy).toContain(part)
    }
    expect(policy).not.toContain('unsafe-inline')
    expect(policy).not.toContain("'unsafe-eval'")
    expect(/script-src 'nonce-[\w-]{24}' 'wasm-unsafe-eval'(?:;|$)/.test(policy)).toBe(true)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.text).toContain('<noscript>')
    expect(page.text).toContain('holdfast connections add local')
    expect(page.text).not.toMatch(/name="(?!allow|viewport|robots)/)
  })

  test('renews a connection of its owner and of nobody else, and many open links are too many', async () => {
    const { handle } = (
      await callApi(app, ann.api, 'POST', `/v1/oauth-apps/${oauthApp}/connections`, {})
    ).json
    const foreign = await callApi(app, bob.api, 'POST', '/v1/connect-tickets', { handle })
    expect(foreign.json).toMatchObject({ code: 'CONNECTION_NOT_FOUND' })
    const mixed = await callApi(app, ann.api, 'POST', '/v1/connect-tickets', {
      handle,
      provider: 'local',
    })
    expect(mixed.status).toBe(400)
    const made = await Promise.all(
      Array.from({ length: 25 }, () => callApi(app, bob.api, 'POST', '/v1/connect-tickets', {})),
    )
    expect(made.some(({ json }) => json.code === 'TOO_MANY_TICKETS')).toBe(true)
  })
})

const publicKeyOf = (key: Awaited<ReturnType<typeof generateDpopKey>>): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    'jwk',
    key.publicJwk as JsonWebKey,
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  )
