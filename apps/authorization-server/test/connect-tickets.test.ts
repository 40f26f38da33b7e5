import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { generateDpopKey } from '@holdfast/protocol/token'
import { restoreCredential } from '../src/connections/restore.ts'
import { cliClientId } from '../src/oauth/built-in-clients.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { type ConnectApp, signInAt, signInForm, startConnectApp } from './helpers/connect-app.ts'
import { edit } from './helpers/edit-database.ts'
import {
  authorizationLink,
  type Caller,
  callerFor,
  makeApp,
  makePerson,
  toProvider,
} from './helpers/token-connections.ts'
import { bound, callApi, callDispatch, send, type VaultApp } from './helpers/vault-app.ts'
import { Browser, formOf } from './support/browser.ts'
import {
  addClient,
  addResource,
  claimsOf,
  dpopKeys,
  exchange,
  obtainTokens,
  refresh,
} from './support/flow.ts'
import { password } from './support/server.ts'

const uri = 'https://notes.example/mcp'
let connect: ConnectApp
let app: VaultApp
let server: ConnectApp['server']
let oauthApp: string
let ann: Caller
let bob: Caller
let client: oauth.Client
let own: RegisteredResource
let other: RegisteredResource

beforeAll(async () => {
  connect = await startConnectApp()
  ;({ app, server, oauthApp } = connect)
  ann = await callerFor(app, await makePerson(app, 'ann'))
  bob = await callerFor(app, await makePerson(app, 'bob'))
  client = await addClient(server)
  own = await addResource(server, {
    resource: uri,
  })
  other = await addResource(server, { resource: 'https://other.example/mcp' })
})
afterAll(() => connect[Symbol.asyncDispose]())

const basic = ({ id, secret }: { id: string; secret: string }) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

const pathOf = (url: string): string => new URL(url).pathname

const step = (
  browser: Browser,
  id: string,
  name: string,
  headers: Record<string, string> = {},
  choice: { readonly allow?: string } = {},
) =>
  browser.open(`/connect/${id}/${name}`, {
    method: 'POST',
    body: JSON.stringify({ provider: 'local', base_url: connect.provider.url, ...choice }),
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      origin: app.issuer,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  })

describe('a connection that a tool call lacks', () => {
  test('is asked of the user by the resource of the grant alone, not by a server that it calls', async () => {
    const files = await addResource(server, {
      resource: 'https://files.example/mcp',
      connections: [{ name: 'local', provider: 'local', description: 'Reads', optional: true }],
    })
    const front = await addResource(server, {
      resource: 'https://front.example/mcp',
      connections: [{ name: 'local', provider: 'local', description: 'Reads', optional: true }],
      calls: ['https://files.example/mcp'],
    })
    const { email } = ann.user
    const resource = 'https://front.example/mcp'
    const { access_token: token } = await obtainTokens(server, { client, email, resource })
    const ask = async (by: RegisteredResource, of: string, parameters: Record<string, string>) =>
      (await (
        await exchange(server, by.client, of, { dpop: await dpopKeys(), parameters })
      ).json()) as Record<string, string>
    const onward = await ask(front, token, { resource: 'https://files.example/mcp' })
    const answer = await ask(files, onward['access_token'] ?? '', { connection: 'local' })
    expect(answer).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('only that one can ask') as string,
    })
    expect(answer).not.toHaveProperty('connect_url')
    const asked = await ask(front, token, { connection: 'local' })
    expect(asked).toMatchObject({ error: 'oauth_required' })
    const browser = new Browser(app.issuer)
    const page = await signInAt(browser, asked['connect_url'] ?? '', ann)
    await connect.signInAtProvider(browser, page, { allow: 'read' })
    const granted = await app.context.storage.grants.find(String(claimsOf(token)['ddls:grant']))
    expect(Object.keys(granted?.connections ?? {})).toEqual(['local'])
    const still = await ask(files, onward['access_token'] ?? '', {})
    expect(claimsOf(still['access_token'] ?? '')['ddls:connections']).toEqual({})
    // Nor by its own calls, of a connection that it was handed and that is revoked.
    const handed = await ask(front, token, { resource: 'https://files.example/mcp' })
    const key = await generateDpopKey()
    const dpop = { privateKey: key.privateKey, publicKey: await publicKeyOf(key) }
    const exchanged = await exchange(server, files.client, handed['access_token'] ?? '', { dpop })
    const { access_token: theirs } = (await exchanged.json()) as TokenAnswer
    const handle = granted?.connections['local'] ?? ''
    expect(claimsOf(theirs)['ddls:connections']).toEqual({ local: handle })
    await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    const request = { method: 'GET', path: '/api/me' }
    const call = { connection_handle: handle, request }
    const { error } = (await callDispatch(app, { token: theirs, key }, call)).json
    expect(error).toMatchObject({ code: 'CONNECTION_REVOKED' })
    expect(error).not.toHaveProperty('connect_url')
  })

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
    expect(pending.json).toEqual({ status: 'pending', connected: false, handle: null })
    expect((await send(app, 'GET', pathOf(poll), basic(other.client))).status).toBe(404)
    expect((await callApi(app, bob.api, 'GET', pathOf(poll))).status).toBe(404)

    const page = await browser.open(url)
    expect(page.status, page.text).toBe(200)
    for (const words of [
      ...['Local Accounts', uri, 'may use this connection too', 'Paste a key'],
      ...['Test agent', client.client_id],
    ]) {
      expect(page.text).toContain(words)
    }
    const done = await connect.signInAtProvider(browser, page, { allow: 'read' })
    expect(done.url).toBe(url)
    expect(done.text).toContain('octo')
    const polled = await send(app, 'GET', pathOf(poll), basic(own.client))
    const { handle } = polled.json as { handle: string }
    expect(polled.json).toMatchObject({
      status: 'connected',
      connected: true,
      handle: expect.stringMatching(/-local$/) as string,
    })

    for (const parameters of [undefined, { connection: 'local' }]) {
      const late = (await (await ask(tokens.access_token, parameters)).json()) as TokenAnswer
      expect(claimsOf(late.access_token)['ddls:connections']).toEqual({ local: handle })
    }
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
      error: {
        code: 'DOWNSTREAM_AUTH_FAILURE',
        connect_url: expect.stringContaining('/connect/'),
        poll_url: expect.stringContaining('/v1/connect-tickets/'),
      },
    })
    const repair = broken.json.error.connect_url as string
    expect((await callDispatch(app, { token, key }, call)).json.error.connect_url).toBe(repair)
    const renewal = await browser.open(repair)
    for (const words of [uri, 'Test agent', handle]) expect(renewal.text).toContain(words)
    const repaired = await connect.signInAtProvider(browser, renewal)
    expect(repaired.text).toContain('is connected')
    expect((await callDispatch(app, { token, key }, call)).json).toMatchObject({ success: true })
  })

  test('and was revoked is asked for anew, by exchange and by dispatch; the dead one is not named', async () => {
    const { email } = ann.user
    const resource = 'https://again.example/mcp'
    const connections = [
      { name: 'local', provider: 'local', description: 'Reads', optional: true },
      { name: 'other', provider: 'local', description: 'Reads', optional: true },
    ]
    const again = await addResource(server, { resource, connections })
    const first = await obtainTokens(server, { client, email, resource })
    const key = await generateDpopKey()
    const keys = { privateKey: key.privateKey, publicKey: await publicKeyOf(key) }
    const ask = async (token: string, parameters: Record<string, string> = {}) =>
      (await (
        await exchange(server, again.client, token, { dpop: keys, parameters })
      ).json()) as TokenAnswer
    const connectBy = async (url: string): Promise<string> => {
      const browser = new Browser(app.issuer)
      const page = await signInAt(browser, url, ann)
      await connect.signInAtProvider(browser, page, { allow: 'read' })
      const id = url.split('/').at(-1) ?? ''
      return (await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)).json.handle as string
    }
    const revoke = (handle: string) => callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    const local = { connection: 'local' }
    const call = (token: string, handle: string) =>
      callDispatch(
        app,
        { token, key },
        { connection_handle: handle, request: { method: 'GET', path: '/api/me' } },
      )

    const dead = await connectBy((await ask(first.access_token, local)).connect_url)
    const { access_token: before } = await ask(first.access_token)
    expect((await call(before, dead)).json.success).toBe(true)
    await revoke(dead)
    const refused = await call(before, dead)
    expect(refused.json.error).toMatchObject({
      code: 'CONNECTION_REVOKED',
      connect_url: expect.stringContaining('/connect/') as string,
    })
    const renewed = (await (
      await refresh(server, client, first.refresh_token)
    ).json()) as TokenAnswer
    expect(claimsOf(renewed.access_token)['ddls:connections']).toEqual({})
    for (const token of [first.access_token, renewed.access_token]) {
      expect(await ask(token, local)).toMatchObject({
        error: 'oauth_required',
        connect_url: refused.json.error.connect_url,
      })
    }
    const alive = await connectBy(refused.json.error.connect_url as string)
    const { access_token: after } = await ask(first.access_token, local)
    expect(claimsOf(after)['ddls:connections']).toEqual({ local: alive })
    expect((await call(after, alive)).json.success).toBe(true)
    expect((await call(after, dead)).json.error.code).toBe('CONNECTION_NOT_FOUND')
    expect((await call(before, dead)).json.error.code).toBe('CONNECTION_REVOKED')
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

/** As "Use another account" does: the session is gone, whatever the browser still sends. */
async function signOut(browser: Browser): Promise<void> {
  const name = 'holdfast_session'
  const id = browser.cookie(name)
  expect(id).toBeDefined()
  const session = await app.context.storage.oidcAdapter('Session').find(id!)
  expect(session).toBeDefined()
  await app.context.storage.oidcAdapter('Session').destroy(id!)
}

describe('an account that the person has connected before', () => {
  const resource = 'https://before.example/mcp'
  let site: RegisteredResource
  let mine: string
  let closed: string
  let foreign: string
  let token: string
  let ask: () => Promise<{ connect_url: string; poll_url: string }>

  beforeAll(async () => {
    const local = { name: 'local', provider: 'local', description: 'Reads', optional: true }
    site = await addResource(server, { resource, connections: [local] })
    const handleFor = async (caller: Caller, policy: object): Promise<string> => {
      const made = await connect.makeTicket(caller, { provider: 'local', policy })
      const browser = new Browser(app.issuer)
      await connect.signInAtProvider(browser, await signInAt(browser, made.connect_url, caller))
      const { json } = await callApi(app, caller.api, 'GET', `/v1/connect-tickets/${made.id}`)
      return json.handle as string
    }
    const policy = { methods: ['GET'], paths: ['/**'], resources: [resource] }
    mine = await handleFor(ann, policy)
    closed = await handleFor(ann, { ...policy, resources: ['https://other.example/mcp'] })
    foreign = await handleFor(bob, policy)
  })
  beforeEach(async () => {
    const { email } = ann.user
    token = (await obtainTokens(server, { client, email, resource })).access_token
    ask = async () => {
      const parameters = { connection: 'local' }
      const answer = await exchange(server, site.client, token, {
        dpop: await dpopKeys(),
        parameters,
      })
      return (await answer.json()) as { connect_url: string; poll_url: string }
    }
  })
  const granted = async () =>
    (await app.context.storage.grants.find(String(claimsOf(token)['ddls:grant'])))?.connections

  test('is chosen by a plain form, and nothing else is', async () => {
    const { connect_url: url, poll_url: poll } = await ask()
    const browser = new Browser(app.issuer)
    const first = await signInAt(browser, url, ann)
    expect(first.text).toContain('Use an account that you have connected')
    const page = await browser.open(`${url}?by=existing&provider=local`)
    const form = formOf(page, '/existing')
    expect(page.text).toContain(mine)
    for (const other of [closed, foreign]) expect(page.text).not.toContain(other)
    const choose = (connection: string, headers?: Record<string, string>) =>
      browser.submit(form, { connection }, headers)
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await choose(mine, elsewhere)).status).toBe(403)
    expect((await choose(foreign)).status).toBe(404)
    const refused = await choose(closed)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain(`that ${resource} may use`)
    expect(await granted()).toEqual({})
    const done = await choose(mine)
    expect(done.url).toBe(url)
    expect(done.text).toContain('is connected')
    expect(await granted()).toEqual({ local: mine })
    const polled = await send(app, 'GET', pathOf(poll), basic(site.client))
    expect(polled.json).toMatchObject({ connected: true, handle: mine })
    expect((await choose(mine)).status).toBe(409)
  })

  test('does not get a credential back that another change had replaced meanwhile', async () => {
    const { storage } = app.context
    const former = (await storage.connections.find(mine))!
    const policy = { methods: ['GET'], paths: ['/**'], resources: [resource] }
    for (const methods of [['GET', 'POST'], ['GET']]) {
      const path = `/v1/connections/${mine}`
      const changed = await callApi(app, ann.api, 'PATCH', path, { policy: { ...policy, methods } })
      expect(changed.status, changed.text).toBe(200)
    }
    const { recordVersion } = (await storage.connections.find(mine))!
    const actor = { sub: ann.user.id, clientId: cliClientId, requestId: 'req_test' }
    expect(await restoreCredential(app.context, actor, former, recordVersion)).toBe(false)
    expect((await storage.connections.find(mine))?.recordVersion).toBe(recordVersion)
  })

  test('is named by its owner’s program, in place of one that was reserved and never filled', async () => {
    const { connect_url: url, poll_url: poll } = await ask()
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    const reserved = await step(browser, pathOf(url).split('/').at(-1) ?? '', 'reserve')
    const inPerson = { clientId: cliClientId, scope: 'connections:read connections:write' }
    const answer = async ({ user }: Caller, handle: string, rest: object = inPerson) => {
      const own = await bound(app, { sub: user.id, aud: `${app.issuer}/v1`, ...rest })
      return callApi(app, own, 'POST', `${pathOf(poll)}/connection`, { handle })
    }
    // An app that may change connections does not give itself what its user did not grant it.
    const agent = await answer(ann, mine, { ...inPerson, clientId: client.client_id })
    expect(agent.json).toMatchObject({ status: 403, code: 'USER_REQUIRED' })
    expect(await granted()).toEqual({})
    expect((await answer(bob, foreign)).status).toBe(404)
    expect((await answer(ann, foreign)).json).toMatchObject({ code: 'CONNECTION_NOT_FOUND' })
    expect((await answer(ann, closed)).json).toMatchObject({ code: 'CONFLICT' })
    expect((await answer(ann, mine)).json).toMatchObject({ status: 'connected', handle: mine })
    expect((await answer(ann, mine)).json).toMatchObject({ code: 'CONFLICT' })
    expect(await granted()).toEqual({ local: mine })
    const { handle } = JSON.parse(reserved.text) as { handle: string }
    const left = await app.context.storage.connections.find(handle)
    expect(left?.status).toBe('revoked')
  })

  test('is an active one at the provider that is asked for, and takes the place of none that is renewed', async () => {
    const answer = async (caller: Caller, request: object, handle: string) => {
      const { id } = await connect.makeTicket(caller, request)
      const path = `/v1/connect-tickets/${id}/connection`
      const { json } = await callApi(app, caller.api, 'POST', path, { handle })
      return (json.code ?? json.status) as string
    }
    const pause = (status: 'active' | 'paused') =>
      callApi(app, ann.api, 'PATCH', `/v1/connections/${mine}`, { status })
    const local = { provider: 'local' }
    expect(await answer(ann, { provider: 'github' }, mine)).toBe('CONFLICT')
    await pause('paused')
    expect(await answer(ann, local, mine)).toBe('CONFLICT')
    await pause('active')
    expect(await answer(ann, { handle: mine }, closed)).toBe('CONFLICT')
    expect((await app.context.storage.connections.find(mine))?.status).toBe('active')
    const keeper = await callerFor(
      app,
      await makePerson(app, 'keeper', 'admin'),
      'admin connections:read connections:write',
    )
    const theirApp = await makeApp(app, keeper, connect.provider)
    expect(await answer(keeper, local, theirApp)).toBe('CONFLICT')
    expect(await answer(ann, local, mine)).toBe('connected')
  })
})

test('a connection that is signed in anew as somebody else is shown with both accounts', async () => {
  const { id, connect_url: url } = await connect.makeTicket(ann)
  const browser = new Browser(app.issuer)
  await connect.signInAtProvider(browser, await signInAt(browser, url, ann))
  const { json } = await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)
  const handle = json.handle as string
  const again = async () => {
    const link = await authorizationLink(app, ann, handle)
    const back = await connect.provider.approve(await toProvider(browser, link, ann.user))
    return browser.open(back.href)
  }
  const same = await again()
  expect(same.text).toContain('is connected as <b>octo</b>')
  expect(same.text).not.toContain('until now')
  connect.provider.trick = ({ url: asked }, response) => {
    if (asked !== '/api/me') return false
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"account":"mallory"}')
    return true
  }
  try {
    const other = await again()
    expect(other.text).toContain('is connected as <b>mallory</b>')
    expect(other.text).toContain('It was <b>octo</b> until now')
  } finally {
    connect.provider.trick = undefined
  }
  const renewal = await connect.makeTicket(ann, { handle })
  const page = await browser.open(renewal.connect_url)
  const back = await connect.signInAtProvider(browser, page)
  expect(back.text).toContain('It was <b>mallory</b> until now')
  expect(formlessLink(back.text)).toBe(pathOf(renewal.connect_url))
})

const formlessLink = (text: string): string | undefined =>
  /<a href="(\/connect[^"]*)"/.exec(text)?.[1]

describe('the page of a connect ticket', () => {
  test('shows nothing to nobody and refuses everybody but its owner', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
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

  test('ends for who signed out, on the page, at its steps, and on the way back from the provider', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
    const browser = new Browser(app.issuer)
    const page = await signInAt(browser, url, ann)
    expect((await step(browser, id, 'reserve')).status).toBe(200)
    const back = await connect.atProvider(browser, page)
    await signOut(browser)
    expect((await step(browser, id, 'reserve')).status).toBe(403)
    expect((await browser.submit(formOf(page, '/oauth'), { app: oauthApp })).status).toBe(403)
    const returned = await browser.open(back.href)
    expect(returned.status, returned.text).toBe(403)
    expect(returned.text).toContain('signed out')
    expect((await browser.open(url)).status).toBe(401)
    expect((await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)).json).toMatchObject({
      status: 'pending',
    })
  })

  test('ends when somebody else signs in to the same browser', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
    const browser = new Browser(app.issuer)
    await signInAt(browser, url, ann)
    await signOut(browser)
    await signInAt(browser, (await connect.makeTicket(bob)).connect_url, bob)
    expect((await browser.open(url)).status).toBe(403)
    expect((await step(browser, id, 'reserve')).status).toBe(403)
  })

  test('takes no form that was shown to another browser, whoever knows the link', async () => {
    const { connect_url: url } = await connect.makeTicket(ann)
    const [victim, mallory] = [new Browser(app.issuer), new Browser(app.issuer)]
    const seen = await signInForm(mallory, url)
    await victim.open(url)
    const planted = await victim.submit(seen, { email: ann.user.email, password })
    expect(planted.status).toBe(403)
    expect(planted.text).toContain('does not belong to your sign-in')
    const page = await signInAt(victim, url, ann)
    const ofMallory = { ...formOf(page, '/oauth'), fields: { csrf: seen.fields['csrf'] ?? '' } }
    expect((await victim.submit(ofMallory, { app: oauthApp })).status).toBe(403)
    const connections = `/v1/oauth-apps/${oauthApp}/connections`
    const { handle } = (await callApi(app, ann.api, 'POST', connections, {})).json
    const begun = await callApi(app, ann.api, 'POST', `/v1/connections/${handle}/authorize`, {})
    const link = begun.json.authorization_url as string
    const form = formOf(await mallory.open(link), '/oauth/connect')
    const alone = new Browser(app.issuer)
    await alone.open(link)
    expect((await alone.submit(form, { email: ann.user.email, password })).status).toBe(403)
  })

  test('works once: neither the page nor its steps do anything after that', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
    const browser = new Browser(app.issuer)
    const page = await signInAt(browser, url, ann)
    const done = await connect.signInAtProvider(browser, page)
    expect(done.text).toContain('is connected')
    const replayed = await browser.submit(formOf(page, '/oauth'), { app: oauthApp })
    expect(replayed.status).toBe(409)
    expect((await step(browser, id, 'reserve')).status).toBe(409)
    expect((await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)).json).toMatchObject({
      status: 'connected',
    })
  })

  test('ends after ten minutes, also for who is signed in on it', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
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
    const { id, connect_url: url } = await connect.makeTicket(ann)
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
    const form = formOf(await browser.open(url), '/oauth')
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await browser.submit(form, { app: oauthApp }, elsewhere)).status).toBe(403)
    const right = await step(browser, id, 'reserve')
    expect(right.status, right.text).toBe(200)
  })

  test('allows what was chosen last, also where more was chosen before', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
    const browser = new Browser(app.issuer)
    const page = await signInAt(browser, url, ann)
    const methodsOf = async (handle: string) =>
      (await app.context.storage.connections.find(handle))?.policy['methods']
    const reserved = async (allow: string) => {
      const { text } = await step(browser, id, 'reserve', {}, { allow })
      return (JSON.parse(text) as { handle: string }).handle
    }
    const generous = await reserved('all')
    expect(await methodsOf(generous)).toEqual(['*'])
    const careful = await reserved('read')
    expect(await methodsOf(careful)).toEqual(['GET'])
    expect(await app.context.storage.connections.find(generous)).toMatchObject({
      status: 'revoked',
    })
    // The same again needs no other connection.
    expect(await reserved('read')).toBe(careful)
    await connect.atProvider(browser, page, { allow: 'all' })
    await connect.signInAtProvider(browser, page, { allow: 'none' })
    const { json } = await callApi(app, ann.api, 'GET', `/v1/connect-tickets/${id}`)
    expect(await methodsOf((json as { handle: string }).handle)).toEqual([])
  })

  test('sends a key nowhere but to the provider of the catalog', async () => {
    const { id, connect_url: url } = await connect.makeTicket(ann)
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
    const { connect_url: url } = await connect.makeTicket(ann)
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

  test('is made only for a provider that the catalog or an OAuth app of the operator names', async () => {
    const ask = (provider: string) =>
      callApi(app, ann.api, 'POST', '/v1/connect-tickets', { provider })
    expect((await ask('githbu')).json).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      detail: expect.stringContaining('did you mean github') as string,
      fix: expect.stringContaining('holdfast providers list') as string,
      errors: [{ pointer: '/provider' }],
    })
    expect((await ask('github')).status).toBe(201)
    const admin = await callerFor(app, await makePerson(app, 'chief', 'admin'), 'admin')
    const made = await callApi(app, admin.api, 'POST', '/v1/oauth-apps', {
      provider: 'in-house',
      base_url: connect.provider.url,
    })
    expect((await ask('in-house')).status).toBe(400)
    edit(app, "update connections set status = 'active' where handle = ?", made.json.handle)
    expect((await ask('in-house')).status).toBe(201)
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

interface TokenAnswer {
  readonly access_token: string
  readonly connect_url: string
}

const publicKeyOf = (key: Awaited<ReturnType<typeof generateDpopKey>>): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    'jwk',
    key.publicJwk as JsonWebKey,
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  )
