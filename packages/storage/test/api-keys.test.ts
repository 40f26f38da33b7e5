import { expect, test } from 'vitest'
import { bytesOnDisk, temporaryStorage } from './helpers/temporary.ts'

const limits = { resources: undefined, scopes: undefined, connections: undefined }
const wanted = {
  environment: 'live' as const,
  owner: 'usr_1',
  label: 'nightly',
  expiresAtMs: undefined,
  ...limits,
}
const grantOf = (grantId: string) => ({
  grantId,
  userId: 'usr_1',
  clientId: 'c',
  resource: 'https://a.example',
  scopes: [],
  connections: {},
})

test('an API key is found by itself alone, and only its hash is on disk', async () => {
  const { storage, file } = temporaryStorage()
  const key = await storage.apiKeys.create('dsk-live-canary-of-storage', wanted)
  expect(await storage.apiKeys.findByKey('dsk-live-canary-of-storage')).toEqual(key)
  expect(await storage.apiKeys.findByKey('dsk-live-canary-of-storagE')).toBeUndefined()
  expect(await storage.apiKeys.findByKey(key.id)).toBeUndefined()
  expect(bytesOnDisk(file).includes('canary-of-storage')).toBe(false)
})

test('a revoked key takes its grants and their tokens with it, and nobody else’s', async () => {
  const { storage } = temporaryStorage()
  const key = await storage.apiKeys.create('one', wanted)
  const other = await storage.apiKeys.create('two', wanted)
  for (const id of [`${key.id}.a`, `${key.id}.b`, `${other.id}.a`, `${key.id}x`]) {
    await storage.grants.put(grantOf(id))
  }
  const before = await storage.denials.epoch()
  const revoked = await storage.apiKeys.revoke(key.id, { denyUntilMs: Number.MAX_SAFE_INTEGER })
  expect(revoked.revokedAtMs).toBeTypeOf('number')
  expect((await storage.grants.list()).map(({ grantId }) => grantId)).toEqual(
    [`${other.id}.a`, `${key.id}x`].sort(),
  )
  const { epoch, entries } = await storage.denials.list()
  expect(epoch).toBeGreaterThan(before)
  expect(entries.map(({ value }) => value)).toEqual([`${key.id}.a`, `${key.id}.b`])
  await expect(storage.apiKeys.revoke('ak_none', { denyUntilMs: 0 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('the use of a key is noted once a minute', async () => {
  let nowMs = 1_000_000
  const { storage } = temporaryStorage({ now: () => nowMs })
  const { id } = await storage.apiKeys.create('one', wanted)
  const lastUsed = async () => (await storage.apiKeys.find(id))?.lastUsedAtMs
  await storage.apiKeys.touch(id)
  nowMs += 59_000
  await storage.apiKeys.touch(id)
  expect(await lastUsed()).toBe(1_000_000)
  nowMs += 1000
  await storage.apiKeys.touch(id)
  expect(await lastUsed()).toBe(1_060_000)
})

test('an issuer is trusted once, and its grants go when it goes', async () => {
  const { storage } = temporaryStorage()
  const issuer = { issuer: 'https://idp.example', trust: { uses: ['id-jag'] }, createdBy: 'usr_1' }
  const { id } = await storage.trustedIssuers.create(issuer)
  await expect(storage.trustedIssuers.create(issuer)).rejects.toMatchObject({ code: 'EXISTS' })
  expect(await storage.trustedIssuers.findByIssuer('https://idp.example/')).toBeUndefined()
  const trusted = await storage.trustedIssuers.findByIssuer('https://idp.example')
  expect(trusted?.id).toBe(id)
  expect(await storage.trustedIssuers.findByIssuer('https://idp.example')).toBe(trusted)
  await storage.grants.put(grantOf(`${id}.x`))
  await storage.trustedIssuers.remove(id, { denyUntilMs: Number.MAX_SAFE_INTEGER })
  expect(await storage.trustedIssuers.findByIssuer('https://idp.example')).toBeUndefined()
  expect(await storage.grants.list()).toEqual([])
  expect((await storage.denials.list()).entries).toMatchObject([
    { kind: 'grant', value: `${id}.x` },
  ])
  expect((await storage.trustedIssuers.create(issuer)).id).not.toBe(id)
})
