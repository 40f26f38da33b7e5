import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EnclaveDouble, startEnclaveDouble } from './helpers/enclave-double.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import {
  apiToken,
  type Bound,
  callApi,
  makeUser,
  type Reply,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

const clientId = 'https://apps.example/agent.json'
const document = { client_id: clientId, redirect_uris: ['http://127.0.0.1/callback'] }

let enclave: EnclaveDouble
let app: VaultApp
let host: DocumentHost
let admin: Bound
let member: Bound
beforeAll(async () => {
  enclave = await startEnclaveDouble()
  host = await startDocumentHost()
  app = await startVaultApp({ enclaveSocket: enclave.socket, outbound: host.outbound })
  const [root, ann] = [await makeUser(app, 'root', 'admin'), await makeUser(app, 'ann')]
  admin = await apiToken(app, root.id, 'admin')
  member = await apiToken(app, ann.id, 'admin')
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await host.stop()
})

const ask = (method: string, path: string, body?: unknown, caller = admin): Promise<Reply> =>
  callApi(app, caller, method, path, body)
const query = `client_id=${encodeURIComponent(clientId)}`

describe('administrators', () => {
  test('pin a document, see it in use, and take it away again', async () => {
    const pinned = await ask('POST', '/v1/client-pins', { document })
    expect(pinned.status, pinned.text).toBe(201)
    expect(pinned.json).toMatchObject({ client_id: clientId, host: 'apps.example', document })
    expect((await ask('GET', '/v1/client-pins')).json.data).toHaveLength(1)
    const shown = await ask('GET', `/v1/client?${query}`)
    expect(shown.json).toMatchObject({
      source: 'document',
      document_from: 'pinned',
      metadata: { token_endpoint_auth_method: 'none', application_type: 'native' },
      active_grants: 0,
      problem: null,
    })
    expect((await ask('DELETE', `/v1/client-pins?${query}`)).status).toBe(200)
    expect((await ask('DELETE', `/v1/client-pins?${query}`)).status).toBe(404)
    expect((await ask('GET', '/v1/client-pins')).json.data).toEqual([])
  })

  test('pin a document by its address, also when strangers used up what its host is asked', async () => {
    const url = host.serve('/agent.json')
    const strangers = {
      accept: '*/*',
      maxBytes: 6000,
      timeoutMs: 5000,
      use: 'new-document',
    } as const
    for (let n = 0; n < 30; n += 1) await app.context.outbound.get(url, strangers)
    await expect(app.context.outbound.get(url, strangers)).rejects.toThrow('too often')
    const pinned = await ask('POST', '/v1/client-pins', { client_id: url })
    expect(pinned.status, pinned.text).toBe(201)
    await ask('DELETE', `/v1/client-pins?client_id=${encodeURIComponent(url)}`)
  })

  test.each([
    ['a document without id', { document: { redirect_uris: ['https://a.example/'] } }, 'client_id'],
    [
      'a bad redirect',
      { document: { ...document, redirect_uris: ['javascript:x'] } },
      'redirect_uris.0',
    ],
    ['a secret', { document: { ...document, client_secret: 'x' } }, 'client_secret'],
    ['a huge document', { document: { ...document, x: 'x'.repeat(6000) } }, 'larger'],
    ['an address inside', { client_id: 'https://127.0.0.1/agent.json' }, 'not public'],
    ['http', { client_id: 'http://apps.example/agent.json' }, 'https'],
  ])('cannot pin %s', async (_name, body, text) => {
    const refused = await ask('POST', '/v1/client-pins', body)
    expect([refused.status, refused.json.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(refused.text).toContain(text)
  })

  test('approve and deny hosts', async () => {
    await app.context.storage.clientHosts.wait('apps.example', clientId)
    expect((await ask('GET', '/v1/client-hosts?decision=waiting')).json.data).toMatchObject([
      { host: 'apps.example', client_id: clientId },
    ])
    for (const decision of ['approved', 'denied']) {
      const decided = await ask('PUT', '/v1/client-hosts/apps.example', { decision })
      expect(decided.json).toMatchObject({ host: 'apps.example', decision })
    }
    const shown = await ask('GET', `/v1/client?${query}`)
    expect(shown.json).toMatchObject({ host_decision: 'denied', document_from: null })
    expect(shown.json.problem).toContain('turned away')
    const port = await ask('PUT', '/v1/client-hosts/localhost%3A8443', { decision: 'approved' })
    expect(port.json.host).toBe('localhost:8443')
    for (const host of ['https:%2F%2Fapps.example', 'a%20b', 'user@apps.example', 'x%2Fy']) {
      const refused = await ask('PUT', `/v1/client-hosts/${host}`, { decision: 'approved' })
      expect(refused.status, host).toBe(400)
    }
  })

  test('forget a host: what was decided, or that it waits', async () => {
    await app.context.storage.clientHosts.wait('apps.example', clientId)
    await ask('PUT', '/v1/client-hosts/other.example', { decision: 'denied' })
    for (const host of ['apps.example', 'other.example']) {
      const forgotten = await ask('DELETE', `/v1/client-hosts/${host}`)
      expect([forgotten.status, forgotten.json]).toEqual([200, { host }])
      expect((await ask('DELETE', `/v1/client-hosts/${host}`)).status).toBe(404)
    }
    expect((await ask('GET', '/v1/client-hosts')).text).not.toMatch(/"(?:apps|other)\.example"/)
    expect(await app.context.storage.clientHosts.isDenied('other.example')).toBe(false)
    expect((await ask('DELETE', '/v1/client-hosts/x%2Fy')).status).toBe(400)
  })

  test('hand out registration tokens, which are stored as hashes and can be revoked', async () => {
    const made = await ask('POST', '/v1/registration-tokens', { label: 'laptops', uses: 3 })
    expect(made.status, made.text).toBe(201)
    const { token, registration: record } = made.json
    expect(token).toMatch(/^hrt_[A-Za-z0-9_-]{43}$/)
    expect(record).toMatchObject({ label: 'laptops', uses_left: 3, revoked_at: null })
    expect((await ask('GET', '/v1/registration-tokens')).text).not.toContain(token)
    const { findInFolder, needlesOf } = await import('../../../test/helpers/canary.ts')
    expect(findInFolder(app.context.config.dataDir, needlesOf(token))).toEqual([])
    expect(app.logged()).not.toContain(token)
    expect((await ask('DELETE', `/v1/registration-tokens/${record.id}`)).status).toBe(200)
    expect(await app.context.storage.registrationTokens.isValid(token)).toBe(false)
    expect((await ask('DELETE', '/v1/registration-tokens/rt_unknown')).status).toBe(404)
  })

  test('see what is bundled, with its date and source', async () => {
    const { json } = await ask('GET', '/v1/client-pins/bundled')
    expect(json.enabled).toBe(true)
    const ids = json.documents.map(({ client_id: id }: { client_id: string }) => id)
    expect(ids).toContain('https://claude.ai/oauth/claude-code-client-metadata')
    for (const entry of json.documents) {
      expect(entry.as_of).toMatch(/^2026-\d\d-\d\d$/)
      expect(entry.source).toMatch(/^https:\/\//)
      expect(entry.document.client_id).toBe(entry.client_id)
    }
  })

  test('leave a record of each decision', async () => {
    const records = await app.context.storage.audit.read({ after: 0, limit: 200 })
    const types = new Set(records.map(({ type }) => type))
    for (const type of [
      'client.pinned',
      'client.unpinned',
      'client_host.approved',
      'client_host.denied',
      'registration_token.created',
      'registration_token.revoked',
    ]) {
      expect(types).toContain(type)
    }
  })
})

test('nobody else may', async () => {
  for (const [method, path, body] of [
    ['GET', '/v1/client-pins', undefined],
    ['POST', '/v1/client-pins', { document }],
    ['DELETE', `/v1/client-pins?${query}`, undefined],
    ['GET', '/v1/client-pins/bundled', undefined],
    ['GET', '/v1/client-hosts', undefined],
    ['PUT', '/v1/client-hosts/apps.example', { decision: 'approved' }],
    ['GET', '/v1/client-documents', undefined],
    ['GET', `/v1/client?${query}`, undefined],
    ['GET', '/v1/registration-tokens', undefined],
    ['POST', '/v1/registration-tokens', {}],
    ['DELETE', '/v1/registration-tokens/rt_1', undefined],
  ] as const) {
    expect((await ask(method, path, body, member)).status, path).toBe(403)
  }
})
