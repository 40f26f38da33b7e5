import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { Browser, formOf, formsOf, handOffTarget, type PageVisit } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  dpopKeys,
  obtainTokens,
  redeem,
  signIn,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client
let userId: string

beforeAll(async () => {
  server = await startTestServer()
  userId = (await server.addUser(email)).id
  client = await addClient(server)
  await addResource(server, { resource })
})
afterAll(() => server.stop())

const openConsent = async (
  options: { client?: oauth.Client; resource?: string; scope?: string; email?: string } = {},
): Promise<{ browser: Browser; page: PageVisit; state: string }> => {
  const browser = new Browser(server.issuer)
  const { url, state } = await authorizationUrl(server, { client, resource, ...options })
  const page = await signIn(browser, await browser.open(url), options.email ?? email)
  return { browser, page, state }
}

describe('consent page', () => {
  test('shows who asks, where the answer goes, the server and the scopes in words', async () => {
    const { page } = await openConsent()
    expect(page.status).toBe(200)
    for (const text of [
      'Test agent',
      client.client_id,
      '127.0.0.1:8123',
      'We cannot check which app on this computer is asking',
      resource,
      'Read your notes',
      'notes:read',
      `Signed in as ${email}`,
    ]) {
      expect(page.text).toContain(text)
    }
    expect(page.text).not.toMatch(/<script|style=|javascript:|onclick/i)
    expect(page.headers.get('cache-control')).toContain('no-store')
  })

  test('escapes a hostile client name', async () => {
    const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`
    const { client: registered } = await registerClient(
      server.ctx,
      { client_name: hostile, redirect_uris: ['http://127.0.0.1:8123/callback'] },
      'usr_admin',
    )
    const { page } = await openConsent({ client: { client_id: registered.clientId } })
    expect(page.text).not.toContain('<script')
    expect(page.text).not.toContain('<img')
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  test('does not take a name that reverses the text around it', async () => {
    const refused = addClient(server, { client_name: 'Bank\u202Egnihsihp' })
    await expect(refused).rejects.toThrow('control characters')
  })

  test('ticks optional scopes only by hand, and grants only what was asked for', async () => {
    await addResource(server, {
      resource: 'https://optional.example/mcp',
      display_name: 'Optional',
      scopes: [
        { name: 'read', description: 'Read' },
        { name: 'write', description: 'Write', optional: true },
      ],
    })
    const target = { client, email, resource: 'https://optional.example/mcp' }
    const { page } = await openConsent(target)
    expect(page.text).toMatch(/type="checkbox" name="scope" value="write"/)
    expect(page.text).not.toMatch(/checked/)
    expect((await obtainTokens(server, target)).scope).toBe('read')
    const ticked = await obtainTokens(server, { ...target, consent: { scope: 'write' } })
    expect(ticked.scope).toBe('read write')
    const sneaky = await obtainTokens(server, {
      ...target,
      scope: 'read',
      consent: { scope: ['write', 'admin'] },
    })
    expect(sneaky.scope).toBe('read')
  })

  test('lets only administrators hand on the right to administer', async () => {
    await server.addUser('root@example.org', 'admin')
    const v1 = { client, resource: `${server.issuer}/v1`, scope: 'connections:read admin' }
    const dpop = await dpopKeys()
    const member = await obtainTokens(server, { ...v1, email, dpop })
    expect(member.scope).toBe('connections:read')
    const admin = await obtainTokens(server, { ...v1, email: 'root@example.org', dpop })
    expect(admin.scope).toBe('connections:read admin')
  })
})

describe('connection picker', () => {
  const uri = 'https://issues.example/mcp'
  beforeAll(async () => {
    await addResource(server, {
      resource: uri,
      display_name: 'Issues',
      connections: [
        { name: 'repo', provider: 'github', description: 'Reads your issues' },
        { name: 'chat', provider: 'slack', description: 'Tells your team', optional: true },
      ],
    })
  })

  test('says how to make a missing connection and offers no Allow without it', async () => {
    await server.addUser('empty@example.org')
    const { browser, page } = await openConsent({ resource: uri, email: 'empty@example.org' })
    expect(page.text).toContain('holdfast connections add github')
    expect(page.text).not.toContain('>Allow</button>')
    const forced = await browser.submit(formOf(page, '/consent'))
    expect(forced.status).toBe(400)
    expect(forced.text).toContain('Choose a github connection')
  })

  test('tells connections apart: by label, by account, else by handle', async () => {
    const { id } = await server.addUser('twice@example.org')
    const known = await addConnection(server.ctx, id, 'github')
    await server.ctx.storage.connections.update(known, { account: 'octo <b>' })
    const first = await addConnection(server.ctx, id, 'github')
    const second = await addConnection(server.ctx, id, 'github')
    const { page } = await openConsent({ resource: uri, email: 'twice@example.org' })
    expect(page.text).toContain('github · octo &lt;b&gt; · api.github.example')
    expect(page.text).toContain(`github · api.github.example · ${first}`)
    expect(page.text).toContain(`github · api.github.example · ${second}`)
    expect(page.text).not.toContain(`api.github.example · ${known}`)
  })

  test("offers and takes only the user's own active connections that allow the resource", async () => {
    const { id: strangerId } = await server.addUser('bob@example.org')
    const stranger = await addConnection(server.ctx, strangerId, 'github', { label: 'Of Bob' })
    const mine = await addConnection(server.ctx, userId, 'github', { label: 'Mine' })
    const elsewhere = await addConnection(server.ctx, userId, 'github', {
      label: 'Elsewhere',
      resources: ['https://other.example/mcp'],
    })
    const paused = await addConnection(server.ctx, userId, 'github', { label: 'Paused' })
    await server.ctx.storage.connections.update(paused, { status: 'paused' })
    const { browser, page } = await openConsent({ resource: uri })
    expect(page.text).toContain('github · Mine · api.github.example')
    expect(page.text).toContain('1 more of your github connections are not allowed')
    for (const label of ['Of Bob', 'Elsewhere', 'Paused']) expect(page.text).not.toContain(label)
    for (const handle of [stranger, elsewhere, paused, 'ddls:conn:nothing']) {
      const refused = await browser.submit(formOf(page, '/consent'), { 'connection.repo': handle })
      expect(refused.status).toBe(400)
    }
    const done = await browser.submit(formOf(page, '/consent'), { 'connection.repo': mine })
    expect(handOffTarget(done).searchParams.get('code')).toBeTruthy()
  })

  test('lets the user choose any connections for direct dispatch, and names them', async () => {
    const { id } = await server.addUser('direct@example.org')
    const handles = [
      await addConnection(server.ctx, id, 'github', { label: 'Work Git!' }),
      await addConnection(server.ctx, id, 'slack'),
      await addConnection(server.ctx, id, 'slack'),
    ]
    const cli = { client_id: 'holdfast-cli' }
    const tokens = await obtainTokens(server, {
      client: cli,
      email: 'direct@example.org',
      resource: `${server.issuer}/dispatch`,
      scope: 'dispatch',
      consent: { connection: handles },
      dpop: await dpopKeys(),
    })
    const named = claimsOf(tokens.access_token)['ddls:connections'] as Record<string, string>
    expect(Object.keys(named).toSorted()).toEqual(['slack', 'slack-2', 'work-git'])
    expect(Object.values(named).toSorted()).toEqual(handles.toSorted())
    const { browser, page } = await openConsent({
      client: cli,
      email: 'direct@example.org',
      resource: `${server.issuer}/dispatch`,
    })
    expect(page.text).toContain('Call APIs through the connections that you choose below')
    expect((await browser.submit(formOf(page, '/consent'))).status).toBe(400)
  })
})

describe('attacks on the pages', () => {
  test('a form of another site is refused, by Origin, by Sec-Fetch-Site and by token', async () => {
    const { browser, page } = await openConsent()
    const form = formOf(page, '/consent')
    const attempts = [
      browser.submit(form, {}, { origin: 'https://evil.example' }),
      browser.submit(form, {}, { origin: 'null' }),
      browser.submit(form, {}, { 'sec-fetch-site': 'cross-site' }),
      browser.submit(form, {}, { 'sec-fetch-site': 'same-site' }),
      browser.submit(form, { csrf: '' }),
      browser.submit(form, { csrf: 'x'.repeat(43) }),
    ]
    for (const answer of await Promise.all(attempts)) expect(answer.status).toBe(403)
    const grants = await server.ctx.storage.grants.list({ userId, resource, limit: 1000 })
    const done = await browser.submit(form)
    expect(handOffTarget(done).searchParams.get('code')).toBeTruthy()
    expect(await server.ctx.storage.grants.list({ userId, resource, limit: 1000 })).toHaveLength(
      grants.length + 1,
    )
  })

  test("the token of the attacker's own sign-in does not open another's", async () => {
    const victim = await openConsent()
    const attacker = await openConsent()
    const csrf = formOf(attacker.page, '/consent').fields['csrf'] ?? ''
    const answer = await victim.browser.submit(formOf(victim.page, '/consent'), { csrf })
    expect(answer.status).toBe(403)
  })

  test('an interaction is of no use in another browser', async () => {
    const { page } = await openConsent()
    const other = new Browser(server.issuer)
    expect((await other.open(page.url)).status).toBe(400)
    expect((await other.submit(formOf(page, '/consent'))).status).toBe(400)
  })

  test("a cookie of one's own sign-in does not open another's page", async () => {
    const victim = await openConsent()
    const attacker = await openConsent()
    const names = ['holdfast_interaction', 'holdfast_interaction.sig']
    const cookie = names.map((name) => `${name}=${attacker.browser.cookie(name) ?? ''}`).join('; ')
    const own = await fetch(attacker.page.url, { headers: { cookie } })
    expect(own.status).toBe(200)
    expect((await fetch(victim.page.url, { headers: { cookie } })).status).toBe(400)
  })

  test('consent cannot be sent in the place of sign-in', async () => {
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client, resource })
    const login = formOf(await browser.open(url), '/login')
    const skipped = await browser.submit({
      ...login,
      action: login.action.replace(/login$/, 'consent'),
    })
    expect(skipped.text).toContain('<h1>Sign in</h1>')
  })

  test('unregistered redirect addresses get a page, never a redirect', async () => {
    for (const evil of [
      'https://evil.example/cb',
      'http://127.0.0.1:8123/callback/../evil',
      'http://127.0.0.1:8123/other',
      'http://127.0.0.1.evil.example:8123/callback',
      'http://user@127.0.0.1:8123/callback',
      'javascript:alert(1)',
      '//evil.example',
    ]) {
      const { url } = await authorizationUrl(server, {
        client,
        resource,
        parameters: { redirect_uri: evil },
      })
      const page = await new Browser(server.issuer).open(url)
      expect(page.status).toBe(400)
      expect(page.headers.get('location')).toBeNull()
      expect(page.text).not.toContain('http-equiv="refresh"')
      expect(page.text).not.toContain('evil')
    }
  })

  test('the port of a loopback redirect is free, as native apps need it', async () => {
    const { url } = await authorizationUrl(server, {
      client,
      resource,
      parameters: { redirect_uri: 'http://127.0.0.1:49152/callback' },
    })
    expect((await new Browser(server.issuer).open(url)).text).toContain('<h1>Sign in</h1>')
  })

  test('an unknown client gets a page that says what to do', async () => {
    const { url } = await authorizationUrl(server, {
      client: { client_id: '<b>nobody</b>' },
      resource,
    })
    const page = await new Browser(server.issuer).open(url)
    expect(page.status).toBe(400)
    expect(page.text).toContain('holdfast clients register')
    expect(page.text).not.toContain('<b>nobody')
  })

  test('a used consent form cannot be sent again', async () => {
    const { browser, page } = await openConsent()
    await browser.submit(formOf(page, '/consent'))
    expect((await browser.submit(formOf(page, '/consent'))).status).toBe(400)
  })
})

describe('hand-off', () => {
  test('is a page with a link, a refresh, and iss, also to a private-use scheme', async () => {
    const app = await addClient(server, { redirect_uris: ['cursor://anysphere/callback'] })
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, {
      client: app,
      resource,
      parameters: { redirect_uri: 'cursor://anysphere/callback' },
    })
    const consent = await signIn(browser, await browser.open(url), email)
    expect(consent.text).toContain('cursor://anysphere')
    const page = await browser.submit(formOf(consent, '/consent'))
    expect(page.status).toBe(200)
    const target = handOffTarget(page)
    expect(target.href).toMatch(/^cursor:\/\/anysphere\/callback\?code=/)
    expect(target.searchParams.get('iss')).toBe(server.issuer)
    expect(page.text).toContain('id="continue"')
    expect(page.headers.get('cache-control')).toContain('no-store')
  })
})

describe('another account', () => {
  test('signs out and starts the same request again', async () => {
    await server.addUser('carol@example.org')
    const { browser, page } = await openConsent()
    const again = await browser.submit(formOf(page, '/switch'))
    expect(again.text).toContain('<h1>Sign in</h1>')
    const consent = await signIn(browser, again, 'carol@example.org')
    expect(consent.text).toContain('Signed in as carol@example.org')
    expect(formsOf(consent).length).toBe(2)
  })

  test('is asked for consent every time, also by a client that could be silent', async () => {
    await server.ctx.storage.clients.create({
      clientId: 'web-client',
      source: 'manual',
      metadata: {
        client_name: 'Web',
        application_type: 'web',
        redirect_uris: ['http://127.0.0.1:8123/callback'],
        token_endpoint_auth_method: 'none',
      },
    })
    const browser = new Browser(server.issuer)
    const web = { client: { client_id: 'web-client' }, email, resource, browser }
    await authorize(server, web)
    const { url } = await authorizationUrl(server, web)
    expect((await browser.open(url)).text).toContain('/consent"')
  })

  test('stays signed in from one request to the next', async () => {
    const browser = new Browser(server.issuer)
    await authorize(server, { client, email, resource, browser })
    const { url } = await authorizationUrl(server, { client, resource })
    expect((await browser.open(url)).text).toContain('/consent"')
    const authorization = await authorize(server, { client, email, resource, browser })
    expect((await redeem(server, client, authorization)).status).toBe(200)
  })
})
