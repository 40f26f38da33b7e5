import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DocumentHost, publicDocument, startDocumentHost } from './support/document-host.ts'
import { Browser, formOf } from './support/browser.ts'
import {
  addResource,
  authorizationUrl,
  authorize,
  discover,
  insecure,
  obtainTokens,
  redeem,
  refresh,
  signIn,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.com'
const document = { redirect_uris: ['http://127.0.0.1/callback'] }
const hourMs = 3_600_000

let host: DocumentHost
let server: TestServer
let nowMs: number
let stopped: (() => Promise<void>)[]

beforeEach(async () => {
  nowMs = Date.now()
  stopped = []
  host = await startDocumentHost()
})
afterEach(async () => {
  for (const stop of stopped.toReversed()) await stop()
  await host.stop()
})

async function start(config: Record<string, unknown> = {}, dataDir?: string): Promise<TestServer> {
  server = await startTestServer({
    config: { outbound: host.outbound, ...config },
    clock: () => nowMs,
    ...(dataDir !== undefined && { dataDir }),
  })
  const started = server
  stopped.push(() => started.stop())
  await addResource(server)
  await server.addUser(email)
  return server
}

/** The page that an authorization request of this client leads to. */
async function pageFor(clientId: string): Promise<{ status: number; text: string }> {
  const { url } = await authorizationUrl(server, { client: { client_id: clientId } })
  return new Browser(server.issuer).open(url)
}

const hits = (path: string): number =>
  host.requests.filter((request) => request.startsWith(`${path} `)).length

describe('a client whose id is the URL of a document', () => {
  test('signs in, refreshes and revokes without being registered', async () => {
    await start()
    const client: oauth.Client = {
      client_id: host.serve('/client.json', document),
      token_endpoint_auth_method: 'none',
    }
    const as = await discover(server.issuer)
    expect(as.client_id_metadata_document_supported).toBe(true)
    const tokens = await obtainTokens(server, { client, email })
    const refreshed = await refresh(server, client, tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    const { refresh_token: latest } = (await refreshed.json()) as { refresh_token: string }
    const revoked = await oauth.revocationRequest(as, client, oauth.None(), latest, insecure)
    expect(revoked.status).toBe(200)
    expect((await refresh(server, client, latest)).status).toBe(400)
    const second = await obtainTokens(server, { client, email })
    await server.ctx.verifyToken(second.access_token, {})
    const { access_token: access } = second
    const ended = await oauth.revocationRequest(as, client, oauth.None(), access, insecure)
    expect(ended.status).toBe(200)
    await expect(server.ctx.verifyToken(access, {})).rejects.toThrow()
    expect(hits('/client.json')).toBe(1)
    expect(host.requests[0]).toContain(`Holdfast/0.1.0 (authorization server; +${server.issuer})`)
  })

  test('is shown with its host, its redirect and as unverified', async () => {
    await start()
    const id = host.serve('/client.json', {
      ...document,
      client_name: '\u202eGoogle\u200b\n   Drive',
      logo_uri: host.url('/logo.png'),
    })
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client: { client_id: id } })
    const login = await browser.open(url)
    const consent = await signIn(browser, login, email)
    expect(consent.text).toContain(`docs.example:${host.port}`)
    expect(consent.text).toContain('127.0.0.1:8123')
    expect(consent.text).toContain('Google Drive')
    expect(consent.text).not.toMatch(/[\u202e\u200b]/)
    expect(consent.text).not.toContain('logo.png')
    expect(consent.text).toContain('not verified')
    expect(hits('/logo.png')).toBe(0)
  })

  test('is fetched once by fifty requests at the same time', async () => {
    await start()
    const id = host.serve('/client.json', document)
    const serve = host.handler
    host.handler = (request, response) => void setTimeout(() => serve(request, response), 50)
    const pages = await Promise.all(Array.from({ length: 50 }, () => pageFor(id)))
    expect(pages.every(({ status }) => status === 200)).toBe(true)
    expect(hits('/client.json')).toBe(1)
  })

  test('is asked for again only when its host says so, within five minutes and a day', async () => {
    await start()
    const short = host.serve('/short.json', document, { 'cache-control': 'max-age=1' })
    const long = host.serve('/long.json', document, { 'cache-control': 'max-age=99999999' })
    const ask = async (): Promise<void> => {
      await server.ctx.documents.resolve(short)
      await server.ctx.documents.resolve(long)
    }
    await ask()
    nowMs += 4 * 60_000
    await ask()
    expect([hits('/short.json'), hits('/long.json')]).toEqual([1, 1])
    nowMs += 2 * 60_000
    await ask()
    expect([hits('/short.json'), hits('/long.json')]).toEqual([2, 1])
    nowMs += 24 * hourMs
    await ask()
    expect([hits('/short.json'), hits('/long.json')]).toEqual([3, 2])
  })
})

describe('a host that is down', () => {
  test('does not end what its client may do, also after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-documents-'))
    await start({}, dataDir)
    const client = { client_id: host.serve('/client.json', document) }
    const tokens = await obtainTokens(server, { client, email })
    await host.die()
    nowMs += 2 * hourMs
    const refreshed = await refresh(server, client, tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    const { refresh_token: latest } = (await refreshed.json()) as { refresh_token: string }
    expect((await server.ctx.documents.resolve(client.client_id)).origin).toBe('stale')

    const { issuer } = server
    await server.close(200)
    server = await startTestServer({
      config: { outbound: host.outbound, issuer, port: Number(new URL(issuer).port) },
      clock: () => nowMs,
      dataDir,
    })
    const restarted = server
    stopped.push(() => restarted.stop())
    expect((await refresh(server, client, latest)).status).toBe(200)
    nowMs += 31 * 24 * hourMs
    await expect(server.ctx.documents.resolve(client.client_id)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })

  test('is left in peace for a minute after a failure, and its page says what to do', async () => {
    await start()
    host.handler = (_request, response) => response.writeHead(503).end()
    const id = host.url('/client.json')
    for (let n = 0; n < 5; n += 1) {
      const page = await pageFor(id)
      expect(page.status).toBe(400)
      expect(page.text).toContain('could not be looked up')
      expect(page.text).toContain('status 503')
      expect(page.text).toContain('holdfast clients pin FILE')
    }
    expect(hits('/client.json')).toBe(1)
    nowMs += 61_000
    await pageFor(id)
    expect(hits('/client.json')).toBe(2)
  })

  test('cannot put another document in the place of a good one', async () => {
    await start()
    const id = host.serve('/client.json', document)
    const good = await server.ctx.documents.resolve(id)
    const attacks = [
      { client_id: 'https://other.example/client.json' },
      { redirect_uris: ['http://evil.example/cb'] },
      { redirect_uris: ['javascript:alert(1)'] },
      { client_secret: 'guess' },
    ]
    for (const attack of attacks) {
      host.serve('/client.json', { ...document, ...attack })
      nowMs += 2 * hourMs
      const now = await server.ctx.documents.resolve(id)
      expect(now).toEqual({ ...good, origin: 'stale' })
    }
    // A document of the same host does not answer for its neighbour.
    host.serve('/client.json', document)
    const neighbour = host.serve('/neighbour.json', { redirect_uris: ['https://evil.example/cb'] })
    nowMs += 2 * hourMs
    await server.ctx.documents.resolve(neighbour)
    expect(await server.ctx.documents.resolve(id)).toEqual(good)
  })

  test('takes its client back by removing the document', async () => {
    await start()
    const client = { client_id: host.serve('/client.json', document) }
    const tokens = await obtainTokens(server, { client, email })
    host.handler = (_request, response) => response.writeHead(410).end()
    nowMs += 2 * hourMs
    const refused = await refresh(server, client, tokens.refresh_token)
    expect(await refused.json()).toMatchObject({ error: 'invalid_client' })
  })
})

describe('a document is refused, and the page names the field, when', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['its client_id differs', { client_id: 'https://docs.example/other' }, 'client_id: is not the'],
    ['it holds a secret', { client_secret: 'x' }, 'client_secret: must not stand'],
    [
      'it wants a shared secret',
      { token_endpoint_auth_method: 'client_secret_basic' },
      'method: must be one of',
    ],
    [
      'a redirect is http elsewhere',
      { redirect_uris: ['http://evil.example/'] },
      'redirect_uris.0: must use https',
    ],
    [
      'a redirect runs code',
      { redirect_uris: ['https://a.example/', 'javascript:alert(1)'] },
      'redirect_uris.1: must',
    ],
    [
      'it has eleven redirects',
      { redirect_uris: Array.from({ length: 11 }, (_, n) => `https://a.example/${n}`) },
      'redirect_uris: must be at most 10',
    ],
    ['it has no redirect', { redirect_uris: [] }, 'redirect_uris: needs at least one'],
    [
      'it is only for machines',
      { grant_types: ['client_credentials'] },
      'grant_types: must hold authorization_code',
    ],
    [
      'it is deeply nested',
      { x: JSON.parse('['.repeat(20) + ']'.repeat(20)) as unknown },
      'too deeply nested',
    ],
    ['it is huge', { x: 'x'.repeat(6000) }, 'too large'],
  ])('%s', async (_name, fields, message) => {
    await start()
    const page = await pageFor(host.serve('/client.json', fields))
    expect(page.status).toBe(400)
    expect(page.text.replaceAll('&#39;', "'")).toContain(message)
  })

  test('it is not JSON, not an object, or says something twice', async () => {
    await start()
    for (const [index, text] of [
      '<html>',
      '[]',
      'null',
      '{"client_id":"a","client_id":"b"}',
    ].entries()) {
      host.handler = (_request, response) => response.end(text)
      expect((await pageFor(host.url(`/${index}.json`))).text).toContain('cannot be used')
    }
  })
})

describe('whose documents are believed', () => {
  test('review: an unknown host waits for an administrator and is not even asked', async () => {
    await start({ registration: { trust: 'review' } })
    const client = { client_id: host.serve('/client.json', document) }
    const page = await pageFor(client.client_id)
    expect(page.status).toBe(400)
    expect(page.text).toContain('has to be approved first')
    const name = new URL(client.client_id).host
    expect(page.text).toContain(`holdfast clients approve ${name}`)
    expect(host.connections()).toBe(0)
    expect(await server.ctx.storage.clientHosts.list({ decision: 'waiting' })).toMatchObject([
      { host: name, clientId: client.client_id },
    ])
    await server.ctx.storage.clientHosts.approve(name, 'usr_admin')
    const tokens = await obtainTokens(server, { client, email })
    await server.ctx.revocation.denyClientHost(name, 'usr_admin')
    expect((await refresh(server, client, tokens.refresh_token)).status).not.toBe(200)
    await expect(server.ctx.verifyToken(tokens.access_token, {})).rejects.toThrow()
    expect((await pageFor(client.client_id)).text).toContain('not allowed here')
  })

  test('review: one stranger puts few hosts on the list, and nobody else off it', async () => {
    await start({ trustProxy: true, registration: { trust: 'review' } })
    const ask = async (address: string, name: string): Promise<string> => {
      const { url } = await authorizationUrl(server, { client: { client_id: `https://${name}/c` } })
      const response = await fetch(url, { headers: { 'x-forwarded-for': address } })
      return response.text()
    }
    const waiting = async (): Promise<string[]> =>
      (await server.ctx.storage.clientHosts.list({ decision: 'waiting' })).map(({ host: h }) => h)
    for (let n = 0; n < 15; n += 1) {
      const page = await ask('192.0.2.1', `h${n}.example`)
      expect(page).toContain(`holdfast clients approve h${n}.example`)
    }
    expect(await waiting()).toHaveLength(10)
    await ask('192.0.2.2', 'wanted.example')
    expect(await waiting()).toContain('wanted.example')
  })

  test('a client that is denied while its consent page is open gets no further', async () => {
    await start()
    const client = { client_id: host.serve('/client.json', document) }
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client })
    const consent = await signIn(browser, await browser.open(url), email)
    await server.ctx.revocation.denyClientHost(new URL(client.client_id).host, 'usr_admin')
    const answer = await browser.submit(formOf(consent, '/consent'))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('no longer valid')
  })

  test.each(['open', 'review', 'allow-list'])(
    '%s: a pinned document does not speak for a host that is denied',
    async (trust) => {
      await start({ registration: { trust } })
      const client = { client_id: host.serve('/client.json', document) }
      await server.ctx.storage.clientDocuments.pin({
        clientId: client.client_id,
        host: new URL(client.client_id).host,
        document: JSON.stringify({ client_id: client.client_id, ...publicDocument }),
        pinnedBy: 'usr_admin',
      })
      const tokens = await obtainTokens(server, { client, email })
      await server.ctx.revocation.denyClientHost(new URL(client.client_id).hostname, 'usr_admin')
      expect(await pageFor(client.client_id)).toMatchObject({ status: 400 })
      expect((await refresh(server, client, tokens.refresh_token)).status).toBe(400)
      expect(await server.ctx.documents.isAllowed(client.client_id)).toBe(false)
      await expect(server.ctx.documents.resolve(client.client_id)).rejects.toMatchObject({
        code: 'HOST_DENIED',
      })
    },
  )

  test('allow-list: only hosts of the setting, or approved ones', async () => {
    await start({ registration: { trust: 'allow-list', allowedHosts: ['*.trusted.example'] } })
    const id = host.serve('/client.json', document)
    expect((await pageFor(id)).text).toContain('takes apps of known hosts only')
    expect(host.connections()).toBe(0)
    await server.ctx.storage.clientHosts.approve(new URL(id).host, 'usr_admin')
    expect((await pageFor(id)).status).toBe(200)
  })

  test('the metadata stops naming documents when told to, and takes none when off', async () => {
    await start({ registration: { documents: 'unadvertised' } })
    const id = host.serve('/client.json', document)
    expect((await discover(server.issuer)).client_id_metadata_document_supported).toBe(false)
    expect((await pageFor(id)).status).toBe(200)
    await start({ registration: { documents: 'off' } })
    expect((await discover(server.issuer)).client_id_metadata_document_supported).toBe(false)
    expect((await pageFor(id)).status).toBe(400)
  })
})

describe('without a way out', () => {
  const airGapped = { outbound: { enabled: false } }

  test('a well-known client signs in by the document that comes with the server', async () => {
    await start(airGapped)
    const client = { client_id: 'https://claude.ai/oauth/claude-code-client-metadata' }
    const tokens = await obtainTokens(server, { client, email })
    expect(tokens.access_token).toBeTypeOf('string')
  })

  test('a pinned document serves any other, and unpinning ends that', async () => {
    await start(airGapped)
    const id = 'https://intranet.example/agent.json'
    const before = await pageFor(id)
    expect(before.text).toContain('switched off')
    expect(before.text).toContain('holdfast clients pin FILE')
    await server.ctx.storage.clientDocuments.pin({
      clientId: id,
      host: 'intranet.example',
      document: JSON.stringify({ client_id: id, ...publicDocument }),
      pinnedBy: 'usr_admin',
    })
    const authorization = await authorize(server, { client: { client_id: id }, email })
    expect((await redeem(server, { client_id: id }, authorization)).status).toBe(200)
    await server.ctx.storage.clientDocuments.unpin(id)
    nowMs += 2000
    await expect(server.ctx.documents.resolve(id)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('the bundled documents can be switched off', async () => {
    await start({ ...airGapped, registration: { bundled: false } })
    await expect(
      server.ctx.documents.resolve('https://claude.ai/oauth/claude-code-client-metadata'),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a denied host is denied whatever is bundled', async () => {
    await start(airGapped)
    await server.ctx.revocation.denyClientHost('claude.ai', 'usr_admin')
    expect((await pageFor('https://claude.ai/oauth/claude-code-client-metadata')).status).toBe(400)
  })
})

describe('requests to inside are refused, by', () => {
  test.each([
    'https://127.0.0.1/client.json',
    'https://localhost/client.json',
    'https://[::1]/client.json',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/client.json',
    'https://2130706433/client.json',
  ])('the client id %s', async (id) => {
    await start()
    const page = await pageFor(id)
    expect(page.status).toBe(400)
    expect(page.text).toContain('not public')
  })

  test('sector_identifier_uri and logo_uri, which nobody fetches', async () => {
    await start()
    const id = host.serve('/client.json', {
      ...document,
      sector_identifier_uri: host.url('/sector.json'),
      subject_type: 'pairwise',
      logo_uri: host.url('/logo.png'),
      policy_uri: host.url('/policy'),
    })
    expect((await pageFor(id)).status).toBe(200)
    expect(host.requests).toHaveLength(1)
  })
})
