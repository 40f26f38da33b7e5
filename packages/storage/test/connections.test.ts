import { expect, test } from 'vitest'
import { bytesOnDisk, temporaryStorage } from './helpers/temporary.ts'

const handle = 'ddls:conn:01M83167KWPBVH9QM84KX6WSYJ-github'
const reservation = (expiresAtMs: number) => ({
  handle,
  owner: 'usr_1',
  provider: 'github',
  label: 'work',
  baseUrl: 'https://api.github.com',
  allowedHosts: ['api.github.com'],
  policy: { methods: ['GET'], paths: ['/user'] },
  upload: { nonce: 'canary-nonce', expiresAtMs },
})
const record = (version: number) => ({
  expectedVersion: version - 1,
  version,
  record: Uint8Array.of(version),
})

test('a connection becomes active by exactly one upload with its nonce', async () => {
  const { storage, file, clock } = temporaryStorage()
  const reserved = await storage.connections.reserve(reservation(clock.nowMs + 1000))
  expect(reserved).toMatchObject({
    status: 'reserved',
    recordVersion: 0,
    policy: { methods: ['GET'] },
  })
  expect(bytesOnDisk(file).includes('canary-nonce')).toBe(false)
  expect(await storage.connections.checkUpload(handle, 'other')).toBe(false)
  expect(await storage.connections.checkUpload(handle, 'canary-nonce')).toBe(true)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, () =>
      storage.connections.completeUpload(handle, 'canary-nonce', {
        ...record(1),
        kind: 'api-key',
        summary: { header: 'X-Key' },
      }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const stored = await storage.connections.find(handle)
  expect(stored).toMatchObject({
    status: 'active',
    recordVersion: 1,
    kind: 'api-key',
    summary: { header: 'X-Key' },
  })
  expect(stored!.record).toEqual(Buffer.of(1))
  expect(stored!.uploadExpiresAtMs).toBeUndefined()
})

test('an upload is refused with a wrong or expired nonce, and a stale version', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  const complete = (nonce: string, version = 1) =>
    storage.connections.completeUpload(handle, nonce, record(version))
  await expect(complete('other')).rejects.toMatchObject({ code: 'ONE_TIME_KEY_INVALID' })
  await expect(complete('canary-nonce', 5)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
  expect(await storage.connections.checkUpload(handle, 'canary-nonce')).toBe(true)
  clock.nowMs += 1000
  await expect(complete('canary-nonce')).rejects.toMatchObject({ code: 'ONE_TIME_KEY_INVALID' })
  expect(await storage.connections.find(handle)).toMatchObject({
    status: 'reserved',
    recordVersion: 0,
  })
  await expect(storage.connections.reserve(reservation(0))).rejects.toMatchObject({
    code: 'EXISTS',
  })
})

test('a record is replaced by compare-and-swap: of two writers who read the same version one wins', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  await expect(storage.connections.replaceRecord(handle, record(1))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await storage.connections.completeUpload(handle, 'canary-nonce', record(1))
  const outcomes = await Promise.allSettled([
    storage.connections.replaceRecord(handle, { ...record(2), policy: { methods: ['POST'] } }),
    storage.connections.replaceRecord(handle, { ...record(2), policy: { methods: ['DELETE'] } }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await storage.connections.find(handle)).toMatchObject({
    recordVersion: 2,
    policy: { methods: ['POST'] },
  })
  await expect(
    storage.connections.replaceRecord(handle, { ...record(2), expectedVersion: 2 }),
  ).rejects.toMatchObject({ code: 'INVALID_VALUE' })
})

test('a new upload of a connection in use leaves it in use until it completes', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  await storage.connections.completeUpload(handle, 'canary-nonce', record(1))
  await storage.connections.update(handle, { status: 'paused' })
  await storage.connections.openUpload(handle, { nonce: 'second', expiresAtMs: clock.nowMs + 1000 })
  expect((await storage.connections.find(handle))!.record).toEqual(Buffer.of(1))
  await storage.connections.completeUpload(handle, 'second', record(2))
  expect(await storage.connections.find(handle)).toMatchObject({
    status: 'paused',
    recordVersion: 2,
  })
})

test('revocation deletes the record and is final', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  await expect(storage.connections.update(handle, { status: 'active' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await storage.connections.completeUpload(handle, 'canary-nonce', record(1))
  await storage.connections.openUpload(handle, { nonce: 'second', expiresAtMs: clock.nowMs + 1000 })
  expect(await storage.connections.revoke(handle)).toMatchObject({
    status: 'revoked',
    revokedAtMs: clock.nowMs,
  })
  expect((await storage.connections.find(handle))!.record).toBeUndefined()
  expect(await storage.connections.checkUpload(handle, 'second')).toBe(false)
  const gone = { code: 'NOT_FOUND' }
  await expect(storage.connections.update(handle, { status: 'active' })).rejects.toMatchObject(gone)
  await expect(storage.connections.replaceRecord(handle, record(2))).rejects.toMatchObject(gone)
  await expect(
    storage.connections.openUpload(handle, { nonce: 'x', expiresAtMs: clock.nowMs + 1000 }),
  ).rejects.toMatchObject(gone)
  await expect(
    storage.connections.completeUpload(handle, 'second', record(2)),
  ).rejects.toMatchObject(gone)
  await expect(storage.connections.revoke('ddls:conn:none')).rejects.toMatchObject(gone)
})

test('lists show the connections of one owner, in pages, without their records', async () => {
  const { storage, clock } = temporaryStorage()
  for (const [i, owner] of ['usr_1', 'usr_2', 'usr_1'].entries()) {
    await storage.connections.reserve({
      ...reservation(clock.nowMs + 1000),
      owner,
      handle: `ddls:conn:${i}`,
    })
  }
  const mine = await storage.connections.list({ owner: 'usr_1' })
  expect(mine.map(({ handle }) => handle)).toEqual(['ddls:conn:0', 'ddls:conn:2'])
  expect(mine[0]).not.toHaveProperty('record')
  expect(await storage.connections.list({ after: 'ddls:conn:0', limit: 1 })).toMatchObject([
    { handle: 'ddls:conn:1' },
  ])
  await expect(storage.connections.list({ limit: 0 })).rejects.toMatchObject({
    code: 'INVALID_VALUE',
  })
})

test('the last use is noted at most once a minute', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  const lastUse = async (): Promise<number | undefined> => {
    await storage.settings.set('after-the-touch', 1)
    return (await storage.connections.find(handle))!.lastUsedAtMs
  }
  const start = clock.nowMs
  storage.connections.touch(handle)
  expect(await lastUse()).toBe(start)
  clock.nowMs += 59_999
  storage.connections.touch(handle)
  expect(await lastUse()).toBe(start)
  clock.nowMs += 1
  storage.connections.touch(handle)
  expect(await lastUse()).toBe(start + 60_000)
})

test('every change of a connection is seen by the next look-up, also of another process', async () => {
  const { storage, file, clock } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  const seen = async (): Promise<unknown[]> => {
    const found = await storage.connections.find(handle)
    return [found?.status, found?.label, found?.recordVersion, found?.lastUsedAtMs !== undefined]
  }
  expect(await seen()).toEqual([undefined, undefined, undefined, false])
  await storage.connections.reserve(reservation(clock.nowMs + 1000))
  expect(await seen()).toEqual(['reserved', 'work', 0, false])
  await storage.connections.completeUpload(handle, 'canary-nonce', record(1))
  expect(await seen()).toEqual(['active', 'work', 1, false])
  await storage.connections.replaceRecord(handle, record(2))
  expect(await seen()).toEqual(['active', 'work', 2, false])
  storage.connections.touch(handle)
  await storage.connections.update(handle, { status: 'paused' })
  expect(await seen()).toEqual(['paused', 'work', 2, true])
  await other.connections.update(handle, { status: 'active', label: 'home' })
  expect(await seen()).toEqual(['active', 'home', 2, true])
  await other.connections.revoke(handle)
  expect(await seen()).toEqual(['revoked', 'home', 2, true])
})
