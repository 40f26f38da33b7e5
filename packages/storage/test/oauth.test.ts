import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createReadCache } from '../src/read-cache.ts'
import { openDatabase } from '../src/sqlite/database.ts'
import { bytesOnDisk, temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

const client = {
  clientId: 'server-1',
  source: 'manual',
  metadata: { client_name: 'Server', redirect_uris: ['https://a.example/cb'] },
  secret: 'canary-client-secret',
} as const

test('the library reads a client with its secret, and nobody reads it after revocation', async () => {
  const { storage, file, clock } = temporaryStorage()
  await storage.clients.create(client)
  const adapter = storage.oidcAdapter('Client')
  expect(await adapter.find('server-1')).toEqual({
    ...client.metadata,
    client_id: 'server-1',
    client_secret: 'canary-client-secret',
    holdfast_source: 'manual',
  })
  expect(await storage.clients.find('server-1')).not.toHaveProperty('secret')
  expect(await storage.clients.checkSecret('server-1', 'canary-client-secret')).toBe(true)
  expect(await storage.clients.checkSecret('server-1', 'other')).toBe(false)
  expect(bytesOnDisk(file).includes('canary-client-secret')).toBe(false)
  await storage.clients.revoke('server-1', { denyUntilMs: clock.nowMs + 1000 })
  expect(await adapter.find('server-1')).toBeUndefined()
  expect(await storage.clients.checkSecret('server-1', 'canary-client-secret')).toBe(false)
  expect(await storage.denials.match({ client: 'server-1' })).toMatchObject({ kind: 'client' })
  await expect(storage.clients.create(client)).rejects.toMatchObject({ code: 'EXISTS' })
})

test('the library sees a changed client at once, also one that another process changed', async () => {
  const { storage, file } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  await storage.clients.put(client)
  const adapter = storage.oidcAdapter('Client')
  const found = (await adapter.find('server-1'))!
  found['client_name'] = 'changed by the library'
  expect((await adapter.find('server-1'))!['client_name']).toBe('Server')
  await other.clients.put({ ...client, metadata: { client_name: 'Renamed' } })
  expect((await adapter.find('server-1'))!['client_name']).toBe('Renamed')
  await other.clients.revoke('server-1', { denyUntilMs: 0 })
  expect(await adapter.find('server-1')).toBeUndefined()
  await storage.clients.put(client)
  expect(await adapter.find('server-1')).toBeUndefined()
})

test('the library registers and deletes dynamic clients only', async () => {
  const { storage } = temporaryStorage()
  const adapter = storage.oidcAdapter('Client')
  await storage.clients.create(client)
  await adapter.upsert('dyn', { client_id: 'dyn', client_secret: 's', client_name: 'D' })
  expect(await storage.clients.find('dyn')).toMatchObject({ source: 'dynamic', hasSecret: true })
  await adapter.destroy('dyn')
  await adapter.destroy('server-1')
  expect((await storage.clients.list()).map(({ clientId }) => clientId)).toEqual(['server-1'])
})

const resource = {
  resource: 'https://mcp.example/mcp',
  displayName: 'Example',
  aliases: ['https://mcp.example'],
  scopes: [{ name: 'issues:read', description: 'Read issues' }],
  connections: [{ name: 'github', provider: 'github', description: 'Your GitHub' }],
  dpop: 'preferred',
  clientId: 'server-1',
} as const

test('a resource is found by its URI, its aliases and its client, and takes no name twice', async () => {
  const { storage } = temporaryStorage()
  const created = await storage.resources.create(resource)
  expect(created).toMatchObject(resource)
  expect(await storage.resources.resolve('https://mcp.example')).toEqual(created)
  expect(await storage.resources.resolve('https://mcp.example/mcp')).toEqual(created)
  expect(await storage.resources.resolve('https://other.example')).toBeUndefined()
  expect(await storage.resources.findByClientId('server-1')).toEqual(created)
  for (const clash of [resource.resource, 'https://mcp.example']) {
    await expect(
      storage.resources.create({ ...resource, resource: clash, clientId: undefined }),
    ).rejects.toMatchObject({ code: 'EXISTS' })
  }
  await storage.resources.update(resource.resource, {
    dpop: 'required',
    aliases: ['https://b.example'],
  })
  expect(await storage.resources.resolve('https://mcp.example')).toBeUndefined()
  expect(await storage.resources.resolve('https://b.example')).toMatchObject({
    dpop: 'required',
    displayName: 'Example',
  })
  await storage.resources.remove(resource.resource)
  expect(await storage.resources.resolve('https://b.example')).toBeUndefined()
  await expect(storage.resources.remove(resource.resource)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('a changed or removed resource is seen at once, also when another process changed it', async () => {
  const { storage, file } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  const seen = async (): Promise<unknown> =>
    (await storage.resources.resolve('https://mcp.example'))?.dpop
  await storage.resources.create(resource)
  expect(await seen()).toBe('preferred')
  await storage.resources.update(resource.resource, { dpop: 'off' })
  expect(await seen()).toBe('off')
  await other.resources.update(resource.resource, { dpop: 'required' })
  expect(await seen()).toBe('required')
  await other.resources.remove(resource.resource)
  expect(await seen()).toBeUndefined()
  await storage.resources.create(resource)
  expect(await seen()).toBe('preferred')
})

test('a deployment is found by its id, with its secret encrypted at rest', async () => {
  const { storage, file } = temporaryStorage()
  const secret = new TextEncoder().encode('canary-deployment-secret')
  await storage.resources.create({ ...resource, deployment: { id: 'dep_1', secret } })
  const found = await storage.resources.findDeployment('dep_1')
  expect(found?.resource.deploymentId).toBe('dep_1')
  expect(new Uint8Array(found!.secret)).toEqual(secret)
  expect(await storage.resources.findDeployment('dep_2')).toBeUndefined()
  expect(bytesOnDisk(file).includes('canary-deployment-secret')).toBe(false)
})

const grant = {
  grantId: 'g1',
  userId: 'usr_1',
  clientId: 'c1',
  resource: 'https://mcp.example',
  scopes: ['a'],
  connections: { github: 'ddls:conn:1-github' },
} as const

test('revoking a grant ends its codes, its refresh tokens and its access tokens in one step', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.grants.put(grant)
  await storage.oidcAdapter('Grant').upsert('g1', { jti: 'g1' }, 3600)
  await storage.oidcAdapter('RefreshToken').upsert('r1', { jti: 'r1', grantId: 'g1' }, 3600)
  await storage.oidcAdapter('RefreshToken').upsert('r2', { jti: 'r2', grantId: 'g2' }, 3600)
  expect(await storage.grants.findConsent('usr_1', 'c1', 'https://mcp.example')).toMatchObject(
    grant,
  )
  const before = await storage.denials.epoch()
  await storage.grants.revoke('g1', { denyUntilMs: clock.nowMs + 1000 })
  expect(await storage.oidcAdapter('Grant').find('g1')).toBeUndefined()
  expect(await storage.oidcAdapter('RefreshToken').find('r1')).toBeUndefined()
  expect(await storage.oidcAdapter('RefreshToken').find('r2')).toBeDefined()
  expect(await storage.grants.findConsent('usr_1', 'c1', 'https://mcp.example')).toBeUndefined()
  expect(await storage.denials.match({ grant: 'g1' })).toMatchObject({ kind: 'grant', value: 'g1' })
  expect(await storage.denials.epoch()).toBeGreaterThan(before)
  await expect(storage.grants.put(grant)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
  await expect(storage.grants.revoke('none', { denyUntilMs: 0 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('as JSON the metadata of a client is its hash, which changes with it, and is otherwise what was stored', async () => {
  const { storage } = temporaryStorage()
  const adapter = storage.oidcAdapter('Client')
  const made = { client_id: 'd1', redirect_uris: ['https://one.example/'] }
  const texts = new Set<string>()
  const look = async (): Promise<void> => {
    const found = await adapter.find('d1')
    expect(found?.['toJSON']).toBeInstanceOf(Function)
    expect(Object.keys(found ?? {})).not.toContain('toJSON')
    expect(JSON.stringify(found)).toBe(JSON.stringify(await adapter.find('d1')))
    texts.add(JSON.stringify(found))
  }
  await adapter.upsert('d1', made)
  await look()
  await adapter.upsert('d1', { ...made, redirect_uris: ['https://two.example/'] })
  await look()
  // Deleted and made anew it begins with the first revision again.
  await adapter.destroy('d1')
  await adapter.upsert('d1', { ...made, redirect_uris: ['https://three.example/'] })
  await look()
  expect(texts.size).toBe(3)
})

test('a grant can be widened but not handed to another user', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.grants.put(grant)
  await storage.grants.put({ ...grant, scopes: ['a', 'b'], expiresAtMs: clock.nowMs + 1000 })
  expect((await storage.grants.find('g1'))?.scopes).toEqual(['a', 'b'])
  await expect(storage.grants.put({ ...grant, userId: 'usr_2' })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  })
  expect(
    await storage.grants.list({ clientId: 'c1', resource: 'https://mcp.example' }),
  ).toHaveLength(1)
  clock.nowMs += 1000
  expect(await storage.grants.list()).toEqual([])
  expect(await storage.grants.list({ includeInactive: true })).toHaveLength(1)
  expect(await storage.grants.findConsent('usr_1', 'c1', 'https://mcp.example')).toBeUndefined()
})

test('the newest consent is found among others, and not what an issuer or a key stood for', async () => {
  const { storage, clock } = temporaryStorage()
  for (const grantId of ['g1', 'g2', 'ti_1.g3']) {
    clock.nowMs += 1000
    await storage.grants.put({ ...grant, grantId })
  }
  const find = () => storage.grants.findConsent('usr_1', 'c1', 'https://mcp.example')
  expect(await find()).toMatchObject({ grantId: 'g2' })
  // What the user gave less of since must not come back with it.
  clock.nowMs += 1000
  await storage.grants.addConnection('g1', 'usr_1', 'slack', 'ddls:conn:2-slack')
  expect(await find()).toMatchObject({ grantId: 'g2' })
  await storage.grants.revoke('g2', { denyUntilMs: 0 })
  expect(await find()).toMatchObject({ grantId: 'g1' })
  expect(await storage.grants.findConsent('usr_1', 'c2', 'https://mcp.example')).toBeUndefined()
})

test('revoking a client revokes its grants', async () => {
  const { storage } = temporaryStorage()
  await storage.clients.create({ ...client, clientId: 'c1' })
  await storage.grants.put(grant)
  await storage.clients.revoke('c1', { denyUntilMs: 0 })
  expect((await storage.grants.find('g1'))?.revokedAtMs).toBeDefined()
})

test('the deny list forgets expired entries, and its epoch never goes back', async () => {
  const { storage, clock } = temporaryStorage()
  expect(await storage.denials.list()).toEqual({ epoch: 0, entries: [] })
  const entry = { kind: 'token', value: 'jti-1', expiresAtMs: clock.nowMs + 1000 } as const
  await storage.denials.add([entry, { ...entry, value: 'jti-2' }])
  await storage.denials.add([{ ...entry, expiresAtMs: 0 }])
  const { epoch, entries } = await storage.denials.list()
  expect(epoch).toBe(2)
  expect(entries).toEqual([entry, { ...entry, value: 'jti-2' }])
  expect(await storage.denials.match({ token: 'jti-1', user: 'usr_1' })).toEqual(entry)
  expect(
    await storage.denials.match({ user: 'jti-1', client: 'jti-1', grant: 'jti-1' }),
  ).toBeUndefined()
  clock.nowMs += 1000
  await storage.sweepExpired()
  expect(await storage.denials.list()).toEqual({ epoch: 2, entries: [] })
})

test('signing keys rotate in one step and lie encrypted on disk', async () => {
  const { storage, file } = temporaryStorage()
  const key = (kid: string) => ({
    kid,
    alg: 'ES256',
    privateJwk: { kty: 'EC', d: `canary-${kid}` },
  })
  await storage.signingKeys.create({ ...key('k1'), state: 'active' })
  await storage.signingKeys.create({ ...key('k2'), state: 'next' })
  await expect(storage.signingKeys.create({ ...key('k3'), state: 'active' })).rejects.toMatchObject(
    { code: 'EXISTS' },
  )
  await expect(storage.signingKeys.promote('k1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await storage.signingKeys.promote('k2')
  const keys = await storage.signingKeys.list()
  expect(keys.map(({ kid, state }) => [kid, state])).toEqual([
    ['k2', 'active'],
    ['k1', 'retired'],
  ])
  expect(keys[0]!.privateJwk).toEqual({ kty: 'EC', d: 'canary-k2' })
  expect(bytesOnDisk(file).includes('canary-k')).toBe(false)
  await expect(storage.signingKeys.remove('k2')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await storage.signingKeys.remove('k1')
  await storage.signingKeys.create({ ...key('r1'), alg: 'RS256', state: 'next' })
  await storage.signingKeys.promote('r1')
  await storage.signingKeys.create({ ...key('r2'), alg: 'RS256', state: 'next' })
  await storage.signingKeys.remove('r2')
  expect((await storage.signingKeys.list()).map(({ kid, state }) => [kid, state])).toEqual([
    ['r1', 'active'],
    ['k2', 'retired'],
  ])
})

test('secret settings lie encrypted on disk, and the first writer wins', async () => {
  const { storage, file } = temporaryStorage()
  const secret = (text: string): Uint8Array => new TextEncoder().encode(text)
  const [first, second] = await Promise.all([
    storage.settings.secretOrElse('cookie-key', secret('canary-one')),
    storage.settings.secretOrElse('cookie-key', secret('canary-two')),
  ])
  expect(Buffer.from(first).toString()).toBe('canary-one')
  expect(second).toEqual(first)
  expect(await storage.settings.get('cookie-key')).toBeUndefined()
  expect(bytesOnDisk(file).includes('canary-one')).toBe(false)
  await storage.settings.setSecret('cookie-key', secret('canary-three'))
  expect(Buffer.from((await storage.settings.getSecret('cookie-key'))!).toString()).toBe(
    'canary-three',
  )
  await storage.settings.delete('cookie-key')
  expect(await storage.settings.getSecret('cookie-key')).toBeUndefined()
})

test('a denial that another process adds is seen by the next event, however often the epoch was read', async () => {
  const { storage, file, clock } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  const before = await storage.denials.epoch()
  await other.denials.add([{ kind: 'token', value: 'jti', expiresAtMs: clock.nowMs + 60_000 }])
  expect(await storage.denials.epoch()).toBeGreaterThan(before)
  const once = await storage.denials.epoch()
  await storage.denials.add([{ kind: 'token', value: 'own', expiresAtMs: clock.nowMs + 60_000 }])
  expect(await storage.denials.epoch()).toBeGreaterThan(once)
})

test.each(['this', 'another'])(
  'what a refresh looks at is read anew after every change of %s process',
  async (which) => {
    const { storage, file, clock } = temporaryStorage()
    const by =
      which === 'this' ? storage : temporaryStorage({ file, now: () => clock.nowMs }).storage
    const user = await storage.users.create({ email: 'a@b', passwordHash: 'x', role: 'member' })
    await storage.resources.create({ ...resource, clientId: undefined })
    await storage.clients.put(client)
    const parties = { userId: user.id, clientId: 'server-1', resource: resource.resource }
    await storage.grants.put({ grantId: 'g1', ...parties, scopes: ['read'], connections: {} })
    await storage.oidcAdapter('Grant').upsert('g1', { jti: 'first' }, 60)
    const seen = async (): Promise<unknown[]> => [
      (await storage.users.find(user.id))?.status,
      (await storage.clients.find('server-1'))?.metadata['client_name'],
      await storage.resources.demandsNonce(),
      (await storage.grants.find('g1'))?.connections,
      (await storage.oidcAdapter('Grant').find('g1'))?.['jti'],
    ]
    expect(await seen()).toEqual(['active', 'Server', false, {}, 'first'])
    await by.clients.put({ ...client, metadata: { client_name: 'Renamed' } })
    await by.resources.update(resource.resource, { dpopNonce: true })
    await by.grants.addConnection('g1', user.id, 'github', 'con_1')
    await by.oidcAdapter('Grant').upsert('g1', { jti: 'second' }, 60)
    expect(await seen()).toEqual(['active', 'Renamed', true, { github: 'con_1' }, 'second'])
    clock.nowMs += 60_000
    expect(await storage.oidcAdapter('Grant').find('g1')).toBeUndefined()
    await by.oidcAdapter('Grant').upsert('g1', { jti: 'third' }, 60)
    expect((await seen()).at(-1)).toBe('third')
    await by.users.disable(user.id, { denyUntilMs: 0 })
    expect((await seen()).at(0)).toBe('disabled')
    expect((await seen()).at(-1)).toBeUndefined()
    expect((await storage.grants.find('g1'))?.revokedAtMs).toBe(clock.nowMs)
  },
)

test('what was read in a transaction that is undone is not remembered', async () => {
  const folder = temporaryFolder()
  const db = openDatabase(join(folder, 'a.db'))
  db.prepare('create table things (name text)').run()
  const count = db.prepare<{ n: number }>('select count(*) as n from things')
  const cache = createReadCache<number>(db, 1, 'things')
  const read = (): number | undefined => cache.get('n', () => count.get()?.n)
  expect(read()).toBe(0)
  expect(() =>
    db.transaction(() => {
      db.prepare('insert into things values (?)').run('one')
      expect(read()).toBe(1)
      throw new Error('undone')
    }),
  ).toThrow('undone')
  expect(read()).toBe(0)
  db.close()
})
