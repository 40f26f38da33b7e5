import { expect, test } from 'vitest'
import { neverMs } from '../src/connections/token-refreshes.ts'
import { type Storage, StorageError } from '../src/index.ts'
import { openDatabase } from '../src/sqlite/database.ts'
import { bytesOnDisk, temporaryStorage } from './helpers/temporary.ts'

const handle = 'ddls:conn:01M83167KWPBVH9QM84KX6WSYJ-local'
const app = 'ddls:conn:01M83167KWPBVH9QM84KX6WSYK-local'

const tokens = { expiresAtMs: 2_000_000_000_000, refreshAtMs: 1_999_999_000_000 }

const update = (version: number) => ({
  expectedVersion: version - 1,
  version,
  record: Uint8Array.of(version),
  tokens,
})

async function reserve(storage: Storage, name: string, appHandle?: string): Promise<void> {
  await storage.connections.reserve({
    handle: name,
    owner: 'usr_1',
    provider: 'local',
    baseUrl: 'https://api.local.example',
    allowedHosts: ['api.local.example'],
    policy: { methods: ['GET'], paths: ['/**'], resources: ['*'] },
    purpose: name === app ? 'oauth_app' : 'credential',
    appHandle,
  })
}

/** A connection with tokens, of version 1. */
async function connected() {
  const made = temporaryStorage()
  await reserve(made.storage, app)
  await made.storage.connections.storeTokens(app, update(1))
  await reserve(made.storage, handle, app)
  await made.storage.connections.storeTokens(handle, { ...update(1), kind: 'oauth2' })
  return made
}

test('one of many holds the lease, for the version that it read, until it is over', async () => {
  const { storage, clock } = await connected()
  const lease = (owner: string, version = 1) =>
    storage.connections.leaseRefresh(handle, { owner, version, untilMs: clock.nowMs + 1000 })
  const taken = await Promise.all(Array.from({ length: 20 }, (_, at) => lease(`p${at}`)))
  expect(taken.filter(Boolean)).toHaveLength(1)
  expect(taken[0]).toMatchObject({ handle, recordVersion: 1 })
  clock.nowMs += 1000
  expect(await lease('stale', 2)).toBeUndefined()
  expect(await lease('next')).toBeDefined()
  await storage.connections.releaseRefresh(handle, 'p0')
  expect(await lease('other')).toBeUndefined()
  await storage.connections.releaseRefresh(handle, 'next')
  expect(await lease('other')).toBeDefined()
})

test('a holder that was overtaken can neither store nor note a failure', async () => {
  const { storage, clock } = await connected()
  const { connections } = storage
  const untilMs = clock.nowMs + 1000
  await connections.leaseRefresh(handle, { owner: 'slow', version: 1, untilMs })
  clock.nowMs += 1000
  await connections.leaseRefresh(handle, { owner: 'quick', version: 1, untilMs: untilMs + 1000 })
  const failure = { version: 1, retryAtMs: clock.nowMs + 1, needsReconnect: true }
  expect(await connections.failRefresh(handle, { owner: 'slow', ...failure })).toBe(false)
  await connections.storeTokens(handle, update(2))
  await expect(connections.storeTokens(handle, update(2))).rejects.toThrow(StorageError)
  expect(await connections.failRefresh(handle, { owner: 'quick', ...failure })).toBe(false)
  expect(await connections.find(handle)).toMatchObject({
    status: 'active',
    recordVersion: 2,
    refreshFailures: 0,
    tokenExpiresAtMs: tokens.expiresAtMs,
  })
})

test('failures are counted until new tokens come; a pause outlives both', async () => {
  const { storage, clock } = await connected()
  const { connections } = storage
  const fail = async (owner: string, needsReconnect: boolean): Promise<void> => {
    const untilMs = clock.nowMs + 1000
    await connections.leaseRefresh(handle, { owner, version: 1, untilMs })
    const retryAtMs = clock.nowMs + 5000
    await connections.failRefresh(handle, { owner, version: 1, retryAtMs, needsReconnect })
  }
  await fail('a', false)
  await fail('b', true)
  expect(await connections.find(handle)).toMatchObject({
    status: 'needs_reconnect',
    refreshFailures: 2,
    refreshRetryAtMs: neverMs,
  })
  for (const status of ['active', 'paused', 'active'] as const) {
    const changed = await connections.update(handle, { status })
    expect(changed.status).toBe(status === 'paused' ? status : 'needs_reconnect')
  }
  await connections.storeTokens(handle, update(2))
  expect(await connections.find(handle)).toMatchObject({ status: 'active', refreshFailures: 0 })
  await connections.update(handle, { status: 'paused' })
  await connections.storeTokens(handle, update(3))
  expect((await connections.find(handle))?.status).toBe('paused')
})

test('what an older version knew to be dead stays so through a pause', async () => {
  const { storage, file } = await connected()
  const older = openDatabase(file)
  older.prepare("update connections set status = 'needs_reconnect' where handle = ?").run(handle)
  older.close()
  await storage.connections.update(handle, { status: 'paused' })
  const { status } = await storage.connections.update(handle, { status: 'active' })
  expect(status).toBe('needs_reconnect')
})

test('a lease that nobody ended in time is found', async () => {
  const { storage, clock } = await connected()
  const untilMs = clock.nowMs + 1000
  await storage.connections.leaseRefresh(handle, { owner: 'dead', version: 1, untilMs })
  expect(await storage.connections.abandonedRefreshes(10)).toEqual([])
  clock.nowMs += 1000
  expect(await storage.connections.abandonedRefreshes(10)).toEqual([handle])
})

test('revoking moves the record into the queue, with the app’s, in one step', async () => {
  const { storage, clock } = await connected()
  await storage.connections.revoke(handle)
  expect(await storage.connections.find(handle)).toMatchObject({
    status: 'revoked',
    record: undefined,
    providerRevocation: 'pending',
  })
  expect(await storage.connections.countOfApp(app)).toBe(0)
  const [job, ...rest] = await storage.tokenRevocations.claim(10, 1000)
  expect(rest).toEqual([])
  expect(job).toMatchObject({
    handle,
    attempts: 0,
    context: { handle, version: 1, allowed_hosts: ['api.local.example'] },
    app: { context: { handle: app } },
  })
  expect(job!.record).toEqual(Buffer.of(1))
  expect(await storage.tokenRevocations.claim(10, 1000)).toEqual([])
  clock.nowMs += 1000
  expect((await storage.tokenRevocations.claim(10, 1000))[0]).toMatchObject({ attempts: 1 })
  await storage.connections.noteProviderRevocation(handle, 'not_supported')
  expect((await storage.connections.find(handle))?.providerRevocation).toBe('not_supported')
  await storage.tokenRevocations.finish(job!.id)
  expect(await storage.tokenRevocations.count()).toBe(0)
  // What a sign-in brought that was under way is ended as well.
  const late = { handle, owner: 'usr_1', context: job!.context, record: Uint8Array.of(2) }
  await storage.connections.endLateTokens({ ...late, app: job!.app! })
  expect((await storage.connections.find(handle))?.providerRevocation).toBe('pending')
  expect(await storage.tokenRevocations.claim(10, 1000)).toMatchObject([
    { ...late, record: Buffer.of(2), app: job!.app },
  ])
})

test('revoking tells no provider that gave no tokens', async () => {
  const { storage } = await connected()
  await storage.connections.storeTokens(handle, { ...update(2), kind: 'bearer' })
  await storage.connections.revoke(handle)
  expect((await storage.connections.find(handle))?.providerRevocation).toBeUndefined()
  expect(await storage.tokenRevocations.count()).toBe(0)
})

test('a sign-in is tied to the first browser and used up once, in time', async () => {
  const { storage, file, clock } = await connected()
  const { pendingAuthorizations: pending } = storage
  const add = (ticket: string, state: string) =>
    pending.add({
      ...{ ticket, state, handle, owner: 'usr_1', appHandle: app },
      url: 'https://accounts.local.example/authorize',
      pending: Uint8Array.of(9),
      expiresAtMs: clock.nowMs + 1000,
    })
  await add('canary-ticket', 'canary-state')
  expect(await pending.take('canary-state', 'mine')).toBeUndefined()
  expect(await pending.bindBrowser('canary-ticket', 'mine')).toBe(true)
  expect(await pending.bindBrowser('canary-ticket', 'mine')).toBe(true)
  expect(await pending.bindBrowser('canary-ticket', 'other')).toBe(false)
  expect(await pending.take('canary-state', 'other')).toBeUndefined()
  const taken = await Promise.all(
    Array.from({ length: 20 }, () => pending.take('canary-state', 'mine')),
  )
  expect(taken.filter(Boolean)).toHaveLength(1)
  expect(bytesOnDisk(file).includes('canary-')).toBe(false)

  await add('late', 'late-state')
  await pending.bindBrowser('late', 'mine')
  clock.nowMs += 1000
  expect(await pending.find('late')).toBeUndefined()
  expect(await pending.take('late-state', 'mine')).toBeUndefined()
  expect(await storage.sweepExpired()).toBeGreaterThan(0)
})
