import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectApp, startConnectApp } from './helpers/connect-app.ts'
import { allowAll, type Caller, callerFor, makePerson } from './helpers/token-connections.ts'
import { callApi, type VaultApp } from './helpers/vault-app.ts'
import { Browser, formOf, handOffTarget, type PageVisit } from './support/browser.ts'
import { addClient, addResource, authorizationUrl, redirectUri, signIn } from './support/flow.ts'

const uri = 'https://notes.example/mcp'
let connect: ConnectApp
let app: VaultApp
let client: oauth.Client
let people = 0

beforeAll(async () => {
  connect = await startConnectApp()
  ;({ app } = connect)
  client = await addClient(connect.server)
  await addResource(connect.server, {
    resource: uri,
    connections: [{ name: 'repo', provider: 'local', description: 'Reads your issues' }],
  })
})
afterAll(() => connect[Symbol.asyncDispose]())

const person = async (): Promise<Caller> => {
  people += 1
  return callerFor(app, await makePerson(app, `person-${people}`))
}

interface Consent {
  readonly browser: Browser
  readonly page: PageVisit
}

const openConsent = async (
  { user }: Caller,
  options: { client?: oauth.Client; resource?: string; parameters?: Record<string, string> } = {},
  browser = new Browser(app.issuer),
): Promise<Consent> => {
  const request = { client, resource: uri, ...options }
  const { url } = await authorizationUrl(connect.server, request)
  const first = await browser.open(url)
  const page = first.text.includes('/login"') ? await signIn(browser, first, user.email) : first
  return { browser, page }
}

/** Presses the button beside a missing connection. */
const pressConnect = ({ browser, page }: Consent, connection = 'repo'): Promise<PageVisit> =>
  browser.submit(formOf(page, '/connect'), { connection })

const idOf = ({ url }: PageVisit): string => new URL(url).pathname.split('/')[2] ?? ''

describe('a consent that lacks a connection', () => {
  test('leads to the connect page and back to itself, where the new account can be chosen', async () => {
    const ann = await person()
    const consent = await openConsent(ann)
    expect(consent.page.text).toContain('Connect local')
    expect(consent.page.text).toContain('holdfast connections add local')
    expect(consent.page.text).not.toContain('>Allow<')
    const page = await pressConnect(consent)
    expect(page.url).toMatch(/\/connect\/[\w-]{32}$/)
    for (const words of [uri, 'Test agent', client.client_id, 'You come back and decide']) {
      expect(page.text).toContain(words)
    }
    // A connection that nobody may use would not be of use here.
    expect(page.text).not.toContain('Nothing yet')
    const back = await connect.signInAtProvider(consent.browser, page, { allow: 'read' })
    expect(back.url).toBe(consent.page.url)
    expect(back.text).toContain('octo')
    const done = await consent.browser.submit(formOf(back, '/consent'))
    expect(handOffTarget(done).href.startsWith(`${redirectUri}?code=`)).toBe(true)
    const [grant] = await app.context.storage.grants.list({ userId: ann.user.id })
    expect(Object.keys(grant?.connections ?? {})).toEqual(['repo'])
    expect(await app.context.storage.connectTickets.find(idOf(page))).toMatchObject({
      owner: ann.user.id,
      clientId: client.client_id,
      resource: uri,
      name: 'repo',
    })
  })

  test('is asked for in detail, or for calls of one’s own, likewise', async () => {
    const ann = await person()
    const details = [{ type: 'connection', name: 'repo', actions: ['GET /api/**'] }]
    const parameters = { authorization_details: JSON.stringify(details) }
    const detailed = await pressConnect(await openConsent(ann, { parameters }))
    expect(await app.context.storage.connectTickets.find(idOf(detailed))).toMatchObject({
      resource: uri,
      provider: 'local',
      name: 'repo',
    })
    const direct = await openConsent(ann, { resource: `${app.issuer}/dispatch` })
    const choice = await pressConnect(direct, '')
    expect(choice.text).toContain('Where is the account?')
  })

  test('offers nothing that is not missing, and hands nobody the link of another', async () => {
    const ann = await person()
    const browser = new Browser(app.issuer)
    const one = await openConsent(ann, {}, browser)
    const first = await pressConnect(one)
    expect((await pressConnect(one)).url).toBe(first.url)
    const otherClient = await addClient(connect.server)
    const again = await pressConnect(await openConsent(ann, {}, browser))
    const others = await pressConnect(await openConsent(ann, { client: otherClient }, browser))
    const bobs = await pressConnect(await openConsent(await person()))
    expect(new Set([first, again, others, bobs].map(({ url }) => url)).size).toBe(4)
    for (const connection of ['mail', '__proto__', '']) {
      const refused = await pressConnect(one, connection)
      expect(refused.status).toBe(400)
      expect(refused.text).toContain('not missing')
    }
    const form = formOf(one.page, '/connect')
    const forged = await browser.submit({ ...form, fields: { csrf: 'x' } }, { connection: 'repo' })
    expect(forged.status).toBe(403)
  })

  test('leaves a handle that the app insists on alone', async () => {
    const ann = await person()
    const identifier = `ddls:conn:01KQ0000000000000000000000-local`
    const details = [{ type: 'connection', name: 'repo', identifier }]
    const parameters = { authorization_details: JSON.stringify(details) }
    const { page } = await openConsent(ann, { parameters })
    expect(page.text).toContain('asks for the connection')
    expect(page.text).not.toContain('form="connect"')
  })
})

describe('the app that a connect page names', () => {
  const askedBy = async (metadata: Record<string, unknown>): Promise<string> => {
    const response = await fetch(`${app.issuer}/oauth2/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(metadata),
    })
    const registered = (await response.json()) as { client_id: string }
    const id = registered.client_id
    const parameters = { redirect_uri: (metadata['redirect_uris'] as string[])[0] ?? '' }
    const page = await pressConnect(
      await openConsent(await person(), { client: { client_id: id }, parameters }),
    )
    expect(page.text).toContain(id)
    return page.text.replaceAll(/\s+/g, ' ')
  }

  test('is shown with what is known of it, and a look-alike name with a warning', async () => {
    const text = await askedBy({
      client_name: 'Cl\u0430ude', // With a Cyrillic letter.
      redirect_uris: ['https://evil.example/callback', 'https://claude.ai/api/callback'],
    })
    expect(text).toContain('not verified')
    expect(text).toContain('alphabets that look alike')
    // Who lists another's address beside its own is not that other.
    expect(text).not.toContain('<dd><strong>')
    expect(text).toContain('<code>evil.example</code>')
  })

  test('cannot write into the page', async () => {
    const text = await askedBy({
      client_name: '<b onclick=x>Holdfast</b>',
      redirect_uris: [redirectUri],
    })
    expect(text).not.toContain('<b onclick')
  })
})

test('the account of a connection outlives the renewals of its token', async () => {
  const ann = await person()
  const browser = new Browser(app.issuer)
  const consent = await openConsent(ann, {}, browser)
  await connect.signInAtProvider(browser, await pressConnect(consent), { allow: 'read' })
  const { data } = (await callApi(app, ann.api, 'GET', '/v1/connections')).json
  const { handle } = data[0] as { handle: string }
  await callApi(app, ann.api, 'PATCH', `/v1/connections/${handle}`, { policy: allowAll })
  const before = (await app.context.storage.connections.find(handle))!
  for (let renewals = 0; renewals < 2; renewals += 1) {
    const current = (await app.context.storage.connections.find(handle))!
    await app.context.tokens.ensureFresh({ ...current, tokenRefreshAtMs: 0 })
    expect(await app.context.tokens.renewRefused(current)).toBe(renewals === 0)
  }
  const after = (await app.context.storage.connections.find(handle))!
  expect(after.recordVersion).toBeGreaterThan(before.recordVersion)
  expect(after.summary).toEqual(before.summary)
  expect(after.summary).toMatchObject({ account: 'octo' })
})
