import { expect, test } from 'vitest'
import { bytesOnDisk, temporaryStorage } from './helpers/temporary.ts'

const ann = { email: ' Ann@Example.ORG ', passwordHash: '$argon2id$a', role: 'admin' } as const

test('an address is unique and found in whatever way it is typed', async () => {
  const { storage } = temporaryStorage()
  const user = await storage.users.create(ann)
  expect(user).toMatchObject({ email: 'ann@example.org', role: 'admin', status: 'active' })
  expect(user.id).toMatch(/^usr_[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
  expect(await storage.users.findByEmail('ANN@example.org')).toEqual(user)
  await expect(storage.users.create({ ...ann, email: 'ann@EXAMPLE.org' })).rejects.toMatchObject({
    code: 'EXISTS',
  })
  expect(await storage.users.list()).toEqual([user])
  expect(await storage.users.list({ after: user.id })).toEqual([])
})

test('an administrator counts only while active', async () => {
  const { storage, clock } = temporaryStorage()
  expect(await storage.users.hasAdministrator()).toBe(false)
  const { id } = await storage.users.create(ann)
  expect(await storage.users.hasAdministrator()).toBe(true)
  await storage.users.disable(id, { denyUntilMs: clock.nowMs + 1000 })
  expect(await storage.users.hasAdministrator()).toBe(false)
  await storage.users.enable(id)
  await storage.users.setRole(id, 'member')
  expect(await storage.users.hasAdministrator()).toBe(false)
  await expect(storage.users.setRole('usr_none', 'admin')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('disabling a user revokes grants and connections and denies their tokens; enabling lifts only the denial', async () => {
  const { storage, clock } = temporaryStorage()
  const { id } = await storage.users.create(ann)
  await storage.grants.put({
    grantId: 'g1',
    userId: id,
    clientId: 'c',
    resource: 'https://mcp.example',
    scopes: [],
    connections: {},
  })
  const tokens = storage.oidcAdapter('RefreshToken')
  await tokens.upsert('r1', { jti: 'r1', grantId: 'g1' }, 3600)
  const reserve = (handle: string, owner: string, purpose?: 'oauth_app') =>
    storage.connections.reserve({
      ...{ handle, owner, purpose, provider: 'local', policy: {} },
      ...{ baseUrl: 'https://api.example', allowedHosts: ['api.example'] },
    })
  const statusOf = async (handle: string) => (await storage.connections.find(handle))?.status
  await reserve('theirs', id)
  await reserve('administered', id, 'oauth_app')
  await reserve('another', 'usr_other')
  expect(await statusOf('theirs')).toBe('reserved')
  const ended = await storage.users.disable(id, { denyUntilMs: clock.nowMs + 1000 })
  expect(ended).toEqual(['theirs'])
  expect(await statusOf('theirs')).toBe('revoked')
  expect(await statusOf('administered')).toBe('reserved')
  expect(await statusOf('another')).toBe('reserved')
  expect(await storage.users.disable(id, { denyUntilMs: clock.nowMs + 1000 })).toEqual([])
  expect(await tokens.find('r1')).toBeUndefined()
  expect(await storage.denials.match({ user: id, client: 'c' })).toMatchObject({ kind: 'user' })
  await storage.users.enable(id)
  expect(await storage.denials.match({ user: id })).toBeUndefined()
  expect(await storage.grants.list({ userId: id })).toEqual([])
})

test('of 50 people with one key exactly one gets the account', async () => {
  const { storage, file, clock } = temporaryStorage()
  const { key } = await storage.invitations.create({
    purpose: 'setup',
    role: 'admin',
    expiresAtMs: clock.nowMs + 1000,
  })
  expect(await storage.invitations.find(key, 'setup')).toMatchObject({ role: 'admin' })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      storage.invitations.redeem(key, 'setup', { email: `p${i}@example.org`, passwordHash: 'x' }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await storage.users.list()).toHaveLength(1)
  expect(await storage.invitations.find(key, 'setup')).toBeUndefined()
  expect(bytesOnDisk(file).includes(key)).toBe(false)
})

test('a key is refused after its time, for another purpose or address, and after being cancelled', async () => {
  const { storage, clock } = temporaryStorage()
  const refused = { code: 'ONE_TIME_KEY_INVALID' }
  const user = { email: 'bob@example.org', passwordHash: 'x' }
  const invite = {
    purpose: 'invite',
    role: 'member',
    email: 'Bob@example.org',
    expiresAtMs: clock.nowMs + 1000,
  } as const
  const { key } = await storage.invitations.create(invite)
  await expect(storage.invitations.redeem(key, 'setup', user)).rejects.toMatchObject(refused)
  await expect(
    storage.invitations.redeem(key, 'invite', { ...user, email: 'eve@example.org' }),
  ).rejects.toMatchObject(refused)
  clock.nowMs += 1000
  await expect(storage.invitations.redeem(key, 'invite', user)).rejects.toMatchObject(refused)
  const second = await storage.invitations.create({ ...invite, expiresAtMs: clock.nowMs + 1000 })
  await storage.invitations.cancelAll('invite')
  await expect(storage.invitations.redeem(second.key, 'invite', user)).rejects.toMatchObject(
    refused,
  )
  expect(await storage.users.list()).toEqual([])
})

test('a key survives a taken address', async () => {
  const { storage, clock } = temporaryStorage()
  await storage.users.create(ann)
  const { key } = await storage.invitations.create({
    purpose: 'invite',
    role: 'member',
    expiresAtMs: clock.nowMs + 1000,
  })
  await expect(storage.invitations.redeem(key, 'invite', { ...ann })).rejects.toMatchObject({
    code: 'EXISTS',
  })
  const user = await storage.invitations.redeem(key, 'invite', { ...ann, email: 'b@example.org' })
  expect(user.role).toBe('member')
})
