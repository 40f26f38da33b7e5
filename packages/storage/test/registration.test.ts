import { expect, test } from 'vitest'
import { bytesOnDisk, temporaryStorage } from './helpers/temporary.ts'

const document = '{"client_id":"https://apps.example/a"}'
const cached = { clientId: 'https://apps.example/a', host: 'apps.example', etag: undefined }
const dynamic = (n: number, fingerprint?: Uint8Array) => ({
  clientId: `dcr_${n}`,
  metadata: { client_name: `Agent ${n}`, redirect_uris: ['http://127.0.0.1/'] },
  fingerprint,
})

test('equal registrations of two processes become one client', async () => {
  const { storage, file } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  const fingerprint = new Uint8Array(32).fill(1)
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? storage : other).dynamicClients.register(dynamic(n, fingerprint), 100),
    ),
  )
  expect(new Set(made.map(({ client }) => client?.clientId)).size).toBe(1)
  expect(await storage.clients.list()).toHaveLength(1)
})

test('a dynamic client carries its source to the library, and a secret only in encrypted form', async () => {
  const { storage, file } = temporaryStorage()
  await storage.dynamicClients.register({ ...dynamic(1), secret: 'canary-dynamic-secret' }, 100)
  expect(await storage.oidcAdapter('Client').find('dcr_1')).toMatchObject({
    holdfast_source: 'dynamic',
    client_secret: 'canary-dynamic-secret',
  })
  expect(bytesOnDisk(file).includes('canary-dynamic-secret')).toBe(false)
})

test('a client that registers again makes room for no other', async () => {
  const { storage, clock } = temporaryStorage()
  const { dynamicClients } = storage
  const fingerprint = new Uint8Array(32).fill(1)
  await dynamicClients.register(dynamic(1, fingerprint), 2)
  clock.nowMs += 1
  await dynamicClients.register(dynamic(2), 2)
  clock.nowMs += 1
  expect((await dynamicClients.reuse(fingerprint))?.clientId).toBe('dcr_1')
  expect(await dynamicClients.reuse(new Uint8Array(32))).toBeUndefined()
  await dynamicClients.register(dynamic(3), 2)
  const left = await storage.clients.list()
  expect(left.map(({ clientId }) => clientId)).toEqual(['dcr_1', 'dcr_3'])
})

test('no client makes room while every one has had a grant', async () => {
  const { storage } = temporaryStorage()
  for (let n = 0; n < 3; n += 1) {
    await storage.dynamicClients.register(dynamic(n), 3)
    await storage.grants.put({
      grantId: `grant-${n}`,
      userId: 'usr_1',
      clientId: `dcr_${n}`,
      resource: 'https://mcp.example',
      scopes: [],
      connections: {},
    })
  }
  expect(await storage.dynamicClients.register(dynamic(3), 3)).toEqual({ client: undefined })
  expect((await storage.dynamicClients.register(dynamic(3), 4)).client?.clientId).toBe('dcr_3')
  expect((await storage.dynamicClients.register(dynamic(4), 4)).client?.clientId).toBe('dcr_4')
  expect(await storage.clients.find('dcr_3')).toBeUndefined()
})

test('a failure stands beside a good document, or takes its place', async () => {
  const { storage, clock } = temporaryStorage()
  const { clientDocuments } = storage
  await clientDocuments.put({ ...cached, document, freshUntilMs: clock.nowMs + 1000 })
  const failed = { ...cached, failure: 'gone', freshUntilMs: clock.nowMs + 10 }
  await clientDocuments.fail({ ...failed, drop: false })
  expect(await clientDocuments.find(cached.clientId)).toMatchObject({ document, failure: 'gone' })
  await clientDocuments.put({ ...cached, document, freshUntilMs: clock.nowMs + 1000 })
  expect((await clientDocuments.find(cached.clientId))?.failure).toBeUndefined()
  await clientDocuments.fail({ ...failed, drop: true })
  expect((await clientDocuments.find(cached.clientId))?.document).toBeUndefined()
})

test('strangers cannot fill the list of hosts that wait: the oldest makes room', async () => {
  const { storage, clock } = temporaryStorage()
  const { clientHosts } = storage
  await clientHosts.approve('approved.example', 'usr_admin')
  for (let n = 0; n < 1010; n += 1) {
    clock.nowMs += 1
    expect(await clientHosts.wait(`h${n}.example`, 'https://x')).toBe(true)
  }
  expect(await clientHosts.wait('h1009.example', 'https://x')).toBe(false)
  expect(await clientHosts.find('h9.example')).toBeUndefined()
  expect((await clientHosts.find('h10.example'))?.decision).toBe('waiting')
  expect((await clientHosts.find('approved.example'))?.decision).toBe('approved')
})

test('a host that nobody decided about stops waiting after thirty days', async () => {
  const { storage, clock } = temporaryStorage()
  const { clientHosts } = storage
  await clientHosts.wait('old.example', 'https://x')
  await clientHosts.approve('approved.example', 'usr_admin')
  clock.nowMs += 30 * 86_400_000 + 1
  await clientHosts.wait('new.example', 'https://x')
  const left = await clientHosts.list()
  expect(left.map(({ host }) => host)).toEqual(['approved.example', 'new.example'])
})

test('denying a host ends what its clients were granted, and nobody else', async () => {
  const { storage, clock } = temporaryStorage()
  const ids = [
    'https://apps.example/a',
    'https://apps.example/b',
    'https://apps.example.evil/a',
    'cli_1',
  ]
  for (const [n, clientId] of ids.entries()) {
    await storage.grants.put({
      grantId: `grant-${n}`,
      userId: 'usr_1',
      clientId,
      resource: 'https://mcp.example',
      scopes: [],
      connections: {},
    })
  }
  await storage.clientHosts.deny('apps.example', 'usr_admin', { denyUntilMs: clock.nowMs + 1000 })
  const left = await storage.grants.list()
  expect(left.map(({ clientId }) => clientId)).toEqual(ids.slice(2))
  expect(await storage.denials.match({ client: ids[0]! })).toMatchObject({ kind: 'client' })
  expect(await storage.denials.match({ client: ids[2]! })).toBeUndefined()
})

test('a registration token is spent by exactly as many as it allows, and stored as a hash', async () => {
  const { storage, file, clock } = temporaryStorage()
  const { record, token } = await storage.registrationTokens.create({
    label: 'x',
    usesLeft: 3,
    createdBy: 'usr_admin',
    expiresAtMs: clock.nowMs + 1000,
  })
  const spent = await Promise.all(
    Array.from({ length: 10 }, () => storage.registrationTokens.spend(token)),
  )
  expect(spent.filter(Boolean)).toHaveLength(3)
  expect(bytesOnDisk(file).includes(token)).toBe(false)
  expect((await storage.registrationTokens.revoke(record.id)).revokedAtMs).toBe(clock.nowMs)
  expect(await storage.registrationTokens.isValid(token)).toBe(false)
})

test('a registration access token changes its client once, and another secret takes the place of none', async () => {
  const { storage } = temporaryStorage()
  const { dynamicClients, clients } = storage
  const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n)
  await dynamicClients.register({ ...dynamic(1), secret: 'first', managementHash: hash(1) }, 100)
  const change = (expected: number, next: number, secret?: string | null) =>
    dynamicClients.update('dcr_1', {
      metadata: { client_name: `Agent ${next}` },
      ...{ secret, expectedHash: hash(expected), managementHash: hash(next) },
    })
  const both = await Promise.allSettled([change(1, 2), change(1, 3)])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await dynamicClients.findManaged('dcr_1', hash(1))).toBeUndefined()
  expect(await clients.checkSecret('dcr_1', 'first')).toBe(true)
  expect((await change(2, 4, null)).hasSecret).toBe(false)
  expect(await clients.checkSecret('dcr_1', 'first')).toBe(false)
  await expect(change(2, 5, 'second')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await change(4, 5, 'second')).hasSecret).toBe(true)
})
