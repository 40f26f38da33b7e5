import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, formOf, type PageVisit } from './support/browser.ts'
import {
  addClient,
  addResource,
  claimsOf,
  discover,
  dpopKeys,
  exchange,
  insecure,
  signIn,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
let server: TestServer
let client: oauth.Client
let as: oauth.AuthorizationServer
let ahead = 0

beforeEach(async () => {
  ahead = 0
  server = await startTestServer({ clock: () => Date.now() + ahead })
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server, {
    client_name: 'TV app',
    redirect_uris: [],
    grant_types: [deviceGrant, 'refresh_token'],
  })
  as = await discover(server.issuer)
})
afterEach(() => server.stop())

const start = async (parameters: Record<string, string> = {}): Promise<Response> =>
  oauth.deviceAuthorizationRequest(
    as,
    client,
    oauth.None(),
    new URLSearchParams({ resource, ...parameters }),
    insecure,
  )

const begin = async (
  parameters?: Record<string, string>,
): Promise<oauth.DeviceAuthorizationResponse> =>
  oauth.processDeviceAuthorizationResponse(as, client, await start(parameters))

const poll = (deviceCode: string, dpop?: CryptoKeyPair): Promise<Response> =>
  oauth.deviceCodeGrantRequest(as, client, oauth.None(), deviceCode, {
    ...insecure,
    ...(dpop && { DPoP: oauth.DPoP(client, dpop) }),
  })

const browserOf = (): Browser => new Browser(server.issuer)

/** Types a code and says that it is the own device's. */
async function confirm(browser: Browser, userCode: string): Promise<PageVisit> {
  const page = await browser.open('/device')
  const confirmation = await browser.submit(formOf(page, '/device'), { user_code: userCode })
  return browser.submit(formOf(confirmation, '/device'), { confirm: 'yes' })
}

async function approve(userCode: string, consent: Record<string, string> = {}): Promise<PageVisit> {
  const browser = browserOf()
  const page = await signIn(browser, await confirm(browser, userCode), email)
  return browser.submit(formOf(page, '/consent'), consent)
}

describe('device authorization', () => {
  test('is in the metadata at the path that Dedalus clients know', () => {
    expect(as.device_authorization_endpoint).toBe(`${server.issuer}/oauth2/device/auth`)
    expect(as.grant_types_supported).toContain(deviceGrant)
  })

  test('signs a device in: code, confirmation, sign-in, consent, tokens bound to its key', async () => {
    const dpop = await dpopKeys()
    const device = await begin()
    expect(device).toMatchObject({ expires_in: 600, interval: 5 })
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(device.verification_uri).toBe(`${server.issuer}/device`)

    const waiting = await poll(device.device_code, dpop)
    expect(await waiting.json()).toMatchObject({ error: 'authorization_pending' })
    const done = await approve(device.user_code.toLowerCase())
    expect(done.text).toContain('Your device is signed in')

    const tokens = await oauth.processDeviceCodeResponse(
      as,
      client,
      await poll(device.device_code, dpop),
    )
    expect(tokens.token_type).toBe('dpop')
    expect(tokens.refresh_token).toBeTypeOf('string')
    expect(claimsOf(tokens.access_token)).toMatchObject({
      aud: resource,
      scope: 'notes:read notes:write',
      cnf: { jkt: expect.any(String) },
    })
    const again = await poll(device.device_code, dpop)
    expect(await again.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('has the user choose connections, which the token then names', async () => {
    const [user] = await server.ctx.storage.users.list()
    const handle = await addConnection(server.ctx, user?.id ?? '', 'github')
    const own = await addResource(server, {
      resource: 'https://issues.example/mcp',
      connections: [{ name: 'github', provider: 'github', description: 'Your GitHub' }],
    })
    const device = await begin({ resource: 'https://issues.example/mcp' })
    await approve(device.user_code, { 'connection.github': handle })
    const { access_token: token } = await oauth.processDeviceCodeResponse(
      as,
      client,
      await poll(device.device_code),
    )
    expect(claimsOf(token)).toMatchObject({ 'ddls:connections': { github: handle } })
    expect((await exchange(server, own.client, token, { dpop: await dpopKeys() })).status).toBe(200)
  })

  test('tells the device when the user says no, at the confirmation and at the consent', async () => {
    const first = await begin()
    const browser = browserOf()
    const page = await browser.submit(formOf(await browser.open('/device'), '/device'), {
      user_code: first.user_code,
    })
    const denied = await browser.submit(formOf(page, '/device'), { abort: 'yes' })
    expect(denied.text).toContain('Nothing was granted')
    expect(await (await poll(first.device_code)).json()).toMatchObject({ error: 'access_denied' })

    const second = await begin()
    const consent = await signIn(browser, await confirm(browser, second.user_code), email)
    await browser.submit({
      ...formOf(consent, '/consent'),
      action: formOf(consent, '/consent').action.replace('consent', 'abort'),
    })
    expect(await (await poll(second.device_code)).json()).toMatchObject({ error: 'access_denied' })
  })

  test('lets the user take another account, with the same code', async () => {
    await server.addUser('bob@example.org')
    const device = await begin()
    const browser = browserOf()
    const consent = await signIn(browser, await confirm(browser, device.user_code), email)
    const form = formOf(consent, '/switch')
    const page = await browser.submit(form)
    expect(page.url).toContain('/device')
    expect(page.text).toContain(`value="${device.user_code.replace('-', '')}"`)
  })

  test('ends with its time', async () => {
    const device = await begin()
    ahead = 601_000
    expect(await (await poll(device.device_code)).json()).toMatchObject({
      error: expect.stringMatching(/expired_token|invalid_grant/),
    })
  })
})

describe('the pages of device authorization', () => {
  test('warn of codes that somebody sent, and show who asks from where', async () => {
    const device = await begin()
    const browser = browserOf()
    const page = await browser.open('/device')
    expect(page.text).toContain('If somebody sent you a')
    const confirmation = await browser.submit(formOf(page, '/device'), {
      user_code: device.user_code,
    })
    expect(confirmation.text).toContain('TV app')
    expect(confirmation.text).toContain(device.user_code)
    expect(confirmation.text).toContain('127.0.0.1')
    expect(confirmation.text).toContain('Go on only if you started this yourself')
    expect(confirmation.text).not.toContain('<script')
  })

  test('fill a code from a link in, and take it only by a click and a confirmation', async () => {
    const device = await begin()
    const browser = browserOf()
    const page = await browser.open(device.verification_uri_complete ?? '')
    expect(page.text).toContain(`value="${device.user_code}"`)
    expect(page.text).not.toContain('Is this your device')
    const confirmation = await browser.submit(formOf(page, '/device'))
    expect(confirmation.text).toContain('Is this your device')
  })

  test('show nothing of a link that is no code', async () => {
    const page = await browserOf().open('/device?user_code=%22%3E%3Cimg%20src=x%3E')
    expect(page.status).toBe(200)
    expect(page.text).not.toContain('<img')
    const echoed = browserOf()
    const start = await echoed.open('/device')
    const wrong = await echoed.submit(formOf(start, '/device'), { user_code: '<b>XXXX' })
    expect(wrong.text).not.toContain('<b>XXXX')
  })

  test('cannot be framed and post to this server only', async () => {
    const { headers } = await browserOf().open('/device')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('content-security-policy')).toContain("form-action 'self'")
  })
})

describe('attacks on device authorization', () => {
  test('guessing codes ends after ten tries, for the whole IPv6 network of the guesser', async () => {
    const browser = browserOf()
    let page = await browser.open('/device')
    for (let i = 0; i < 10; i += 1) {
      page = await browser.submit(formOf(page, '/device'), {
        user_code: `BBBB-BBB${'BCDFGHJKLM'[i]}`,
      })
      expect(page.status).toBe(400)
    }
    const { user_code: real } = await begin()
    const limited = browserOf()
    const fresh = await limited.open('/device')
    const refused = await limited.submit(formOf(fresh, '/device'), { user_code: real })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('strangers with many addresses use up their own tries, not those of who is signed in', async () => {
    const browser = browserOf()
    const { user_code: first } = await begin()
    await signIn(browser, await confirm(browser, first), email)
    const { attempts } = server.ctx.storage
    const byStrangers = { name: 'device-code', attempts: Infinity, windowSeconds: 900 }
    await Promise.all(Array.from({ length: 2000 }, () => attempts.count([byStrangers])))
    const type = async (by: Browser, code: string) =>
      by.submit(formOf(await by.open('/device'), '/device'), { user_code: code })
    const { user_code: code } = await begin()
    expect((await type(browserOf(), code)).status).toBe(429)
    expect((await type(browser, code)).text).toContain('Is this your device')
    // Who is signed in can guess no more than one address can.
    for (let i = 0; i < 10; i += 1) {
      expect((await type(browser, `BBBB-BBB${'BCDFGHJKLM'[i]}`)).status).toBe(400)
      // From another address each time.
      await attempts.forget('device-code 127.0.0.1')
    }
    expect((await type(browser, code)).status).toBe(429)
  })

  test('right codes cost nothing', async () => {
    for (let i = 0; i < 12; i += 1) {
      const browser = browserOf()
      const { user_code: code } = await begin()
      const page = await browser.submit(formOf(await browser.open('/device'), '/device'), {
        user_code: code,
      })
      expect(page.text).toContain('Is this your device')
    }
  })

  test('a form from another site, or without the token of the page, does nothing', async () => {
    const device = await begin()
    const browser = browserOf()
    const page = await browser.submit(formOf(await browser.open('/device'), '/device'), {
      user_code: device.user_code,
    })
    const form = formOf(page, '/device')
    const foreign = await browser.submit(
      form,
      { confirm: 'yes' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    )
    expect(foreign.status).toBe(403)
    const forged = await browser.submit(form, { confirm: 'yes', xsrf: 'guessed' })
    expect(forged.status).toBe(400)
    const other = await browserOf().submit(form, { confirm: 'yes' })
    expect(other.text).toContain('Type the code')
    expect(await (await poll(device.device_code)).json()).toMatchObject({
      error: 'authorization_pending',
    })
  })

  test('a confirmed code cannot be confirmed in a second browser', async () => {
    const device = await begin()
    await confirm(browserOf(), device.user_code)
    const second = browserOf()
    const page = await second.submit(formOf(await second.open('/device'), '/device'), {
      user_code: device.user_code,
    })
    expect(page.text).toContain('used already')
  })

  test('a device that asks too fast is told to slow down, more each time', async () => {
    const { device_code: code } = await begin()
    expect(await (await poll(code)).json()).toMatchObject({ error: 'authorization_pending' })
    expect(await (await poll(code)).json()).toMatchObject({ error: 'slow_down' })
    ahead += 6000
    expect(await (await poll(code)).json()).toMatchObject({ error: 'slow_down' })
    ahead += 20_000
    expect(await (await poll(code)).json()).toMatchObject({ error: 'authorization_pending' })
  })

  test('a device code serves its own client only', async () => {
    const device = await begin()
    await approve(device.user_code)
    const thief = await addClient(server, { redirect_uris: [], grant_types: [deviceGrant] })
    const stolen = await oauth.deviceCodeGrantRequest(
      as,
      thief,
      oauth.None(),
      device.device_code,
      insecure,
    )
    expect(await stolen.json()).toMatchObject({ error: 'invalid_grant' })
    expect((await poll(device.device_code)).status).toBe(200)
  })

  test('a stolen device code is of no use without the key that the device named', async () => {
    const dpop = await dpopKeys()
    const jkt = await oauth.DPoP(client, dpop).calculateThumbprint()
    const device = await begin({ dpop_jkt: jkt })
    await approve(device.user_code)
    const stolen = await poll(device.device_code, await dpopKeys())
    expect(await stolen.json()).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('dpop_jkt'),
    })
  })

  test('a client that registered itself cannot use it', async () => {
    await server.ctx.storage.oidcAdapter('Client').upsert('dynamic-1', {
      client_id: 'dynamic-1',
      client_name: 'Self-registered',
      grant_types: [deviceGrant],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'none',
    })
    const refused = await fetch(`${server.issuer}/oauth2/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'dynamic-1', resource }),
    })
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(await refused.json()).not.toHaveProperty('device_code')
  })

  test('a client without the grant, and an unknown resource, are refused', async () => {
    const plain = await addClient(server)
    const refused = await oauth.deviceAuthorizationRequest(
      as,
      plain,
      oauth.None(),
      new URLSearchParams({ resource }),
      insecure,
    )
    expect(refused.status).toBe(400)
    const elsewhere = await start({ resource: 'https://evil.example/mcp' })
    expect(await elsewhere.json()).toMatchObject({ error: 'invalid_target' })
  })
})
