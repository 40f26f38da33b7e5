import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { edit } from './helpers/edit-database.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  allowAll,
  appCredential,
  authorizationLink,
  authorize,
  callerFor,
  type Caller,
  connectAccount,
  makeApp,
  makePerson,
  reserveOAuth,
  toProvider,
  uploadSealed,
} from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import { callApi, callDispatch, startVaultApp, type VaultApp } from './helpers/vault-app.ts'
import { Browser, formOf } from './support/browser.ts'
import { addClient, addResource, authorizationUrl, signIn } from './support/flow.ts'
import { password, type TestServer } from './support/server.ts'

let provider: TokenProvider
let other: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let admin: Caller
let ann: Caller
let bob: Caller
let oauthApp: string

beforeAll(async () => {
  provider = await startTokenProvider()
  other = await startTokenProvider()
  enclave = await startRealEnclave({
    upstreams: [provider.authority, other.authority],
    caPem: `${provider.caPem}\n${other.caPem}`,
  })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
  bob = await callerFor(app, await makePerson(app, 'bob'))
  oauthApp = await makeApp(app, admin, provider)
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})
afterEach(() => {
  provider.trick = undefined
})

const me = (handle: string) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me' },
})

const show = async (caller: Caller, handle: string) =>
  (await callApi(app, caller.api, 'GET', `/v1/connections/${handle}`)).json

const sql = (statement: string, handle: string): void => edit(app, statement, handle)

/** Makes the token due, as time would. */
const makeDue = (handle: string): void =>
  sql('update connections set token_refresh_at_ms = 1 where handle = ?', handle)

const auditTypes = async (handle: string): Promise<string[]> =>
  (await app.context.storage.audit.read({ limit: 1000 }))
    .filter(({ connection }) => connection === handle)
    .map(({ type }) => type)

/** The way to the provider and back, up to the answer that the browser would bring. */
async function answered(caller: Caller, browser: Browser, handle: string, at = provider) {
  const link = await authorizationLink(app, caller, handle)
  const back = await at.approve(await toProvider(browser, link, caller.user))
  return { link, back }
}

describe('connecting an account', () => {
  test('leads to the provider with PKCE, redeems the code in the enclave, and calls with the token', async () => {
    const handle = await reserveOAuth(app, ann, oauthApp)
    expect(await show(ann, handle)).toMatchObject({ status: 'reserved', kind: null })
    const browser = new Browser(app.issuer)
    const link = await authorizationLink(app, ann, handle)
    expect(link.startsWith(`${app.issuer}/oauth/connect?ticket=`)).toBe(true)
    const page = new URL(await toProvider(browser, link, ann.user))
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${app.issuer}/oauth/callback`,
      scope: 'openid offline_access',
      prompt: 'consent',
    })
    const back = await provider.approve(page.href)
    const result = await browser.open(back.href)
    expect(result.status, result.text).toBe(200)
    expect(result.headers.get('referrer-policy')).toBe('no-referrer')
    expect(result.text).not.toContain(back.searchParams.get('code'))
    expect(await show(ann, handle)).toMatchObject({
      status: 'active',
      kind: 'oauth2',
      oauth_app: oauthApp,
      scopes: ['openid', 'offline_access'],
      record_version: 1,
    })
    const { caller } = await usableOf(ann, handle)
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.response.body, reply.text).toEqual({
      account: 'octo',
      echo: '[redacted by holdfast]',
    })
    expect(await auditTypes(handle)).toEqual([
      'connection.reserved',
      'connection.authorization_begun',
      'connection.authorized',
      'dispatch',
    ])
  })

  test('goes straight to the provider in a browser where the owner is signed in', async () => {
    const browser = await sessionOf(ann)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const visit = await browser.open(await authorizationLink(app, ann, handle))
    expect(visit.headers.get('location')).toContain(provider.url)
    expect(visit.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('renews a due token with the rotated refresh token, again and again', async () => {
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    for (let round = 0; round < 5; round++) {
      makeDue(handle)
      const reply = await callDispatch(app, caller, me(handle))
      expect(reply.json.success, reply.text).toBe(true)
    }
    expect((await show(ann, handle)).record_version).toBe(6)
    expect((await auditTypes(handle)).filter((one) => one === 'connection.refreshed')).toHaveLength(
      5,
    )
  })

  test('survives a policy change between the provider’s answer and its commit', async () => {
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    makeDue(handle)
    const { connections } = app.context.storage
    const before = provider.asked['refresh_token'] ?? 0
    const change = async (): Promise<void> => {
      const policy = { ...allowAll, methods: ['GET'] }
      await callApi(app, ann.api, 'PATCH', `/v1/connections/${handle}`, { policy })
    }
    let changed: Promise<void> | undefined
    provider.trick = async (request) => {
      // The connection becomes another while the provider answers.
      if (request.url?.startsWith('/token')) await (changed ??= change())
      return false
    }
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.success, reply.text).toBe(true)
    expect(provider.asked['refresh_token']).toBe(before + 1)
    expect((await connections.find(handle))?.policy['methods']).toEqual(['GET'])
    makeDue(handle)
    expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
  })

  test('a token endpoint that says when to come back is not asked before, up to five minutes', async () => {
    const until = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString()
    for (const [status, value, atLeastMs, atMostMs] of [
      [429, '120', 120_000, 180_000],
      [503, until(290), 200_000, 360_000],
      [403, '86400', 300_000, 360_000],
      [429, '9'.repeat(400), 0, 60_000],
      [429, '-1', 0, 60_000],
    ] as const) {
      const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
      makeDue(handle)
      provider.trick = ({ url }, response) => {
        if (url !== '/token') return false
        response.writeHead(status, { 'retry-after': value }).end()
        return true
      }
      const from = app.context.clock()
      await callDispatch(app, caller, me(handle))
      provider.trick = undefined
      const { refreshRetryAtMs = 0 } = (await app.context.storage.connections.find(handle))!
      expect(refreshRetryAtMs, `${status} ${value.slice(0, 9)}`).toBeGreaterThanOrEqual(
        from + atLeastMs,
      )
      expect(refreshRetryAtMs).toBeLessThan(from + atMostMs)
    }
  })

  test('a grant that ended at the provider needs its owner, who reconnects the same handle', async () => {
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    await provider.endGrants()
    makeDue(handle)
    const refused = await callDispatch(app, caller, me(handle))
    expect(refused.json.error).toMatchObject({ code: 'DOWNSTREAM_AUTH_FAILURE', retryable: false })
    expect((await show(ann, handle)).status).toBe('needs_reconnect')
    expect(await auditTypes(handle)).toContain('connection.needs_reconnect')
    await authorize(app, ann, provider, handle)
    expect((await show(ann, handle)).status).toBe('active')
    expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
  })

  test.each<[string, number, object, object, string]>([
    ['with status 200', 200, { error: 'bad_refresh_token' }, {}, 'needs_reconnect'],
    ['in a member of its own', 400, { status: 'BAD_REFRESH_TOKEN' }, {}, 'needs_reconnect'],
    ['by its status alone', 410, {}, {}, 'needs_reconnect'],
    ['as the app does not say it', 400, { error: 'token_revoked' }, {}, 'active'],
    ['in words of another member', 400, { message: 'bad_refresh_token' }, {}, 'active'],
    ['while it limits requests', 429, { error: 'bad_refresh_token' }, {}, 'active'],
    ['beside a token', 200, { error: 'bad_refresh_token' }, { access_token: 'new' }, 'active'],
  ])('a refresh token that is over, said %s, needs its owner or not', async (...row) => {
    const [, status, answer, rest, expected] = row
    const refresh_gone = { statuses: [410], errors: ['bad_refresh_token', 'BAD_REFRESH_TOKEN'] }
    const own = await makeApp(app, admin, provider, { refresh_gone })
    const { handle, caller } = await connectAccount(app, ann, provider, own)
    makeDue(handle)
    provider.trick = ({ url }, response) => {
      if (url !== '/token') return false
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...answer, ...rest, token_type: 'bearer' }))
      return true
    }
    await callDispatch(app, caller, me(handle))
    expect((await show(ann, handle)).status).toBe(expected)
  })

  test('a pause does not hide that a connection needs its owner, whichever came first', async () => {
    const change = (handle: string, status: 'active' | 'paused') =>
      callApi(app, ann.api, 'PATCH', `/v1/connections/${handle}`, { status })
    const before = await connectAccount(app, ann, provider, oauthApp)
    makeDue(before.handle)
    provider.trick = ({ url }, response) => {
      if (url !== '/token') return false
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end('{"error":"invalid_grant"}')
      return true
    }
    await callDispatch(app, before.caller, me(before.handle))
    const refused = await change(before.handle, 'active')
    expect(refused.json).toMatchObject({ status: 409, code: 'CONNECTION_NEEDS_RECONNECT' })
    expect((await change(before.handle, 'paused')).json.status).toBe('paused')

    provider.trick = undefined
    const meanwhile = await connectAccount(app, ann, provider, oauthApp)
    makeDue(meanwhile.handle)
    provider.trick = async ({ url }, response) => {
      if (url !== '/token') return false
      await change(meanwhile.handle, 'paused')
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end('{"error":"invalid_grant"}')
      return true
    }
    await callDispatch(app, meanwhile.caller, me(meanwhile.handle))
    provider.trick = undefined
    expect(await auditTypes(meanwhile.handle)).toContain('connection.needs_reconnect')
    for (const { handle, caller } of [before, meanwhile]) {
      expect((await show(ann, handle)).status).toBe('paused')
      expect((await change(handle, 'active')).json.status).toBe('needs_reconnect')
      const reply = await callDispatch(app, caller, me(handle))
      expect(reply.json.error.code).toBe('DOWNSTREAM_AUTH_FAILURE')
      await change(handle, 'paused')
      await authorize(app, ann, provider, handle)
      expect((await show(ann, handle)).status).toBe('paused')
      expect((await change(handle, 'active')).json.status).toBe('active')
      expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
    }
  })

  test('revoking ends the tokens at the provider; the connection is unusable at once', async () => {
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    const revoked = await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    expect(revoked.json.status).toBe('revoked')
    expect((await callDispatch(app, caller, me(handle))).json.error.code).toBe('CONNECTION_REVOKED')
    await expect.poll(() => auditTypes(handle)).toContain('connection.provider_revoked')
    await expect.poll(() => app.context.storage.tokenRevocations.count()).toBe(0)
  })

  test('one that is revoked while it is renewed has its newest tokens ended', async () => {
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    makeDue(handle)
    let spent: string | null = null
    let revoked: Promise<unknown> | undefined
    provider.trick = async (request, _response, body) => {
      if (request.url !== '/token') return false
      spent = new URLSearchParams(body).get('refresh_token')
      revoked ??= callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
      await revoked
      return false
    }
    const ended = provider.ended.length
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.error.code).toBe('CONNECTION_REVOKED')
    await expect.poll(() => auditTypes(handle)).toContain('connection.provider_revoked')
    const last = provider.ended.slice(ended)
    expect(last).toHaveLength(1)
    expect(provider.secrets.has(last[0]!)).toBe(true)
    expect(last).not.toContain(spent)
  })

  test('one that is revoked while its code is redeemed has the tokens of the code ended', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const { back } = await answered(ann, browser, handle)
    provider.trick = async (request) => {
      if (request.url === '/token') {
        await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
      }
      return false
    }
    const ended = provider.ended.length
    const page = await browser.open(back.href)
    expect(page.status, page.text).toBe(409)
    expect(page.text).toContain('was revoked')
    await expect
      .poll(async () => (await show(ann, handle)).provider_revocation, { timeout: 20_000 })
      .toBe('revoked')
    const last = provider.ended.slice(ended)
    expect(last).toHaveLength(1)
    expect(provider.secrets.has(last[0]!)).toBe(true)
    expect(await app.context.storage.tokenRevocations.count()).toBe(0)
    expect(await auditTypes(handle)).toContain('connection.authorization_refused')
  })

  test('disabling a user ends their connections and tokens, and frees the app', async () => {
    const own = await makeApp(app, admin, provider)
    const eve = await callerFor(app, await makePerson(app, 'eve'))
    const browser = new Browser(app.issuer)
    const used = await connectAccount(app, eve, provider, own, browser)
    const reserved = await reserveOAuth(app, eve, own)
    expect((await callDispatch(app, used.caller, me(used.handle))).json.success).toBe(true)
    const ended = provider.ended.length
    const users = (id: string) => callApi(app, admin.api, 'DELETE', `/v1/users/${id}`)
    expect((await users(eve.user.id)).json.status).toBe('disabled')
    for (const handle of [used.handle, reserved]) {
      expect(await app.context.storage.connections.find(handle)).toMatchObject({
        status: 'revoked',
        record: undefined,
      })
      expect(await auditTypes(handle)).toContain('connection.revoked')
    }
    await expect.poll(() => auditTypes(used.handle)).toContain('connection.provider_revoked')
    expect(provider.ended.slice(ended)).toHaveLength(1)
    const freed = await callApi(app, admin.api, 'DELETE', `/v1/oauth-apps/${own}`)
    expect(freed.json.status, freed.text).toBe('revoked')
    const { storage } = app.context
    await storage.users.enable(eve.user.id)
    const back = await callerFor(app, eve.user)
    expect(
      (await callApi(app, back.api, 'GET', `/v1/connections/${used.handle}`)).json,
    ).toMatchObject({
      status: 'revoked',
    })
  })

  test('an app that connections use cannot be revoked, and members cannot make one', async () => {
    const inUse = await callApi(app, admin.api, 'DELETE', `/v1/oauth-apps/${oauthApp}`)
    expect(inUse.json.code, inUse.text).toBe('OAUTH_APP_IN_USE')
    const spare = await makeApp(app, admin, provider)
    const gone = await callApi(app, admin.api, 'DELETE', `/v1/oauth-apps/${spare}`)
    expect(gone.json.status, gone.text).toBe('revoked')
    const body = { provider: 'local', base_url: provider.url }
    expect((await callApi(app, ann.api, 'POST', '/v1/oauth-apps', body)).status).toBe(403)
    const listed = await callApi(app, ann.api, 'GET', '/v1/oauth-apps')
    const shown = listed.json.data.find(({ handle }: { handle: string }) => handle === oauthApp)
    expect(shown).toMatchObject({
      redirect_uri: `${app.issuer}/oauth/callback`,
      client: { client_id: provider.client.id, token_endpoint: `${provider.url}/token` },
    })
    expect(listed.text).not.toContain(provider.client.secret)
  })
})

describe('an app', () => {
  test('is not called through, not listed as a connection, and not revoked as one', async () => {
    const { caller } = await usableOf(admin, oauthApp)
    const reply = await callDispatch(app, caller, me(oauthApp))
    expect(reply.json.error.code).toBe('CONNECTION_NOT_FOUND')
    const listed = await callApi(
      app,
      (await callerFor(app, admin.user)).api,
      'GET',
      '/v1/connections',
    )
    expect(listed.text).not.toContain(oauthApp)
    const gone = await callApi(app, admin.api, 'DELETE', `/v1/connections/${oauthApp}`)
    expect(gone.status).toBe(404)
  })

  test('that became another client or token endpoint gets no refresh token of the old one', async () => {
    const own = await makeApp(app, admin, provider)
    const { handle, caller } = await connectAccount(app, ann, provider, own)
    const reopened = await callApi(app, admin.api, 'POST', `/v1/connections/${own}/upload`)
    const evil = appCredential(provider, { token_endpoint: `${other.url}/token` })
    await uploadSealed(app, admin, reopened.json, provider, evil, { client_secret: 'x' })
    makeDue(handle)
    const asked = other.secrets.size
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.error.code).toBe('DOWNSTREAM_AUTH_FAILURE')
    expect(other.secrets.size).toBe(asked)
  })
})

describe('attacks on the sign-in', () => {
  test('an answer is good once, and only with a state of ours', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const { back } = await answered(ann, browser, handle)
    const forged = new URL(back)
    forged.searchParams.set('state', `${back.searchParams.get('state')?.slice(0, -1)}-`)
    expect((await browser.open(forged.href)).status).toBe(400)
    expect((await browser.open(back.href)).status).toBe(200)
    expect((await browser.open(back.href)).status).toBe(400)
  })

  test('another browser cannot bring the answer, nor open the link of one that is under way', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const { link, back } = await answered(ann, browser, handle)
    const thief = new Browser(app.issuer)
    expect((await thief.open(back.href)).status).toBe(400)
    const form = formOf(await thief.open(link), '/oauth/connect')
    const email = ann.user.email
    expect((await thief.submit(form, { email, password })).status).toBe(400)
    expect((await show(ann, handle)).status).toBe('reserved')
    // The owner is not disturbed by it.
    expect((await browser.open(back.href)).status).toBe(200)
  })

  test('a link does not work for somebody else: nobody connects his account to another’s handle', async () => {
    const handle = await reserveOAuth(app, bob, oauthApp)
    const link = await authorizationLink(app, bob, handle)
    const victim = await sessionOf(ann)
    const visit = await victim.open(link)
    expect(visit.status).toBe(403)
    expect(visit.headers.get('location')).toBeNull()
    const form = formOf(visit, '/oauth/connect')
    const signedIn = await victim.submit(form, { email: ann.user.email, password })
    expect(signedIn.status).toBe(403)
    expect(signedIn.text).not.toContain(provider.url)
  })

  test('a foreign site cannot submit the sign-in form, and a form without its token is refused', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const form = formOf(
      await browser.open(await authorizationLink(app, ann, handle)),
      '/oauth/connect',
    )
    const fill = { email: ann.user.email, password }
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await browser.submit(form, fill, foreign)).status).toBe(403)
    expect((await browser.submit(form, { ...fill, csrf: 'x' })).status).toBe(403)
  })

  test('a code of another sign-in is not redeemed: the verifier is not its own', async () => {
    const browser = new Browser(app.issuer)
    const mine = await reserveOAuth(app, ann, oauthApp)
    const foreign = await reserveOAuth(app, bob, oauthApp)
    const { back } = await answered(ann, browser, mine)
    const attacker = await answered(bob, new Browser(app.issuer), foreign)
    back.searchParams.set('code', attacker.back.searchParams.get('code')!)
    const result = await browser.open(back.href)
    expect(result.status).toBe(400)
    expect((await show(ann, mine)).status).toBe('reserved')
    expect(await auditTypes(mine)).toContain('connection.authorization_refused')
  })

  test.each([
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer', (url: URL) => url.searchParams.delete('iss')],
  ])('an answer with %s is refused before the code goes anywhere', async (_name, change) => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const { back } = await answered(ann, browser, handle)
    change(back)
    const asked = provider.asked['authorization_code'] ?? 0
    expect((await browser.open(back.href)).status).toBe(400)
    expect(provider.asked['authorization_code'] ?? 0).toBe(asked)
  })

  test.each([
    ['a sealed issuer', { issuer_in_response: false }],
    ['only the host of its authorization endpoint', { issuer: '', issuer_in_response: false }],
  ])('mixed-up providers are noticed by %s', async (_name, changes) => {
    const own = await makeApp(app, admin, provider, changes)
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, own)
    const { back } = await answered(ann, browser, handle)
    back.searchParams.set('iss', other.url)
    const asked = provider.asked['authorization_code'] ?? 0
    expect((await browser.open(back.href)).status).toBe(400)
    expect(provider.asked['authorization_code'] ?? 0).toBe(asked)
    const { caller, handle: fine } = await connectAccount(app, ann, provider, own)
    expect((await callDispatch(app, caller, me(fine))).json.success).toBe(true)
  })

  test('a refusal at the provider is told, and connects nothing', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const page = await toProvider(browser, await authorizationLink(app, ann, handle), ann.user)
    const result = await browser.open((await provider.approve(page, 'nobody')).href)
    expect(result.status).toBe(400)
    expect(result.text).toContain('not allowed at the provider')
    expect((await show(ann, handle)).status).toBe('reserved')
  })

  test('a link and an answer expire', async () => {
    const browser = new Browser(app.issuer)
    const handle = await reserveOAuth(app, ann, oauthApp)
    const { link, back } = await answered(ann, browser, handle)
    app.advance(601_000)
    expect((await browser.open(link)).status).toBe(400)
    expect((await browser.open(back.href)).status).toBe(400)
    ann = await callerFor(app, ann.user)
    bob = await callerFor(app, bob.user)
    admin = await callerFor(app, admin.user, 'admin connections:write')
  })

  test('the callback leads nowhere else, whatever it is given', async () => {
    const browser = new Browser(app.issuer)
    for (const query of [
      'state=x&code=y&redirect_uri=https://evil.example',
      'state=a&state=b&code=c',
      `state=${'x'.repeat(600)}&code=y`,
      '',
    ]) {
      const visit = await browser.open(`${app.issuer}/oauth/callback?${query}`)
      expect(visit.status).toBe(400)
      expect(visit.headers.get('location')).toBeNull()
    }
  })
})

describe('the database in other hands', () => {
  test('another app, other hosts and another owner’s sign-in lead to nothing', async () => {
    const own = await makeApp(app, admin, provider)
    const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
    makeDue(handle)
    sql('update connections set token_expires_at_ms = 1 where handle = ?', handle)
    edit(app, `update connections set app_handle = ? where handle = ?`, own, handle)
    const asked = provider.asked['refresh_token'] ?? 0
    expect((await callDispatch(app, caller, me(handle))).json.error.code).toBe('DECRYPTION_FAILED')
    expect(provider.asked['refresh_token'] ?? 0).toBe(asked)

    // An app whose hosts were changed after it was sealed opens nothing.
    sql(`update connections set allowed_hosts = '["evil.example"]' where handle = ?`, own)
    const fresh = await reserveOAuth(app, ann, own)
    const begun = await callApi(app, ann.api, 'POST', `/v1/connections/${fresh}/authorize`, {})
    expect(begun.json.code).toBe('RECORD_UNREADABLE')

    // Nor does a connection that names other hosts than the app was sealed for.
    const wide = await reserveOAuth(app, ann, oauthApp)
    sql(`update connections set allowed_hosts = '["evil.example"]' where handle = ?`, wide)
    const wider = await callApi(app, ann.api, 'POST', `/v1/connections/${wide}/authorize`, {})
    expect(wider.json.code).toBe('ENCLAVE_FAILED')
    expect(wider.text).toContain('other hosts')
  })

  test('a pending sign-in that is moved to another handle is not completed', async () => {
    // By the server where it is another's; by the enclave, which sealed the handle, wherever it is.
    for (const [owner, status] of [
      [bob, 403],
      [ann, 502],
    ] as const) {
      const browser = new Browser(app.issuer)
      const mine = await reserveOAuth(app, ann, oauthApp)
      const other = await reserveOAuth(app, owner, oauthApp)
      const { back } = await answered(ann, browser, mine)
      edit(
        app,
        `update pending_authorizations set handle = ?, owner = ? where handle = ?`,
        other,
        owner.user.id,
        mine,
      )
      expect((await browser.open(back.href)).status).toBe(status)
      expect((await show(owner, other)).status).toBe('reserved')
    }
  })
})

const usableOf = async ({ user }: Caller, handle: string) => {
  const { directToken } = await import('./helpers/vault-app.ts')
  return { caller: await directToken(app, user.id, { local: handle }) }
}

/** A browser that is signed in to this server, as by an app that sent the user here before. */
async function sessionOf({ user }: Caller): Promise<Browser> {
  const server = { issuer: app.issuer, ctx: app.context } as TestServer
  const resource = `https://${crypto.randomUUID()}.example/mcp`
  await addResource(server, { resource })
  const browser = new Browser(app.issuer)
  const { url } = await authorizationUrl(server, { client: await addClient(server), resource })
  await signIn(browser, await browser.open(url), user.email)
  return browser
}
