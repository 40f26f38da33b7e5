import { expect, test } from 'vitest'
import { temporaryStorage } from './helpers/temporary.ts'

const ticket = { id: 'ticket-of-a-test', owner: 'usr_ann', usableUntilMs: 1_800_000_600_000 }
const handle = 'ddls:conn:a-github'

test('a ticket is used up once, by whoever is first of two processes', async () => {
  const { storage, file } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  await storage.connectTickets.add(ticket)
  expect(await storage.connectTickets.setHandle(ticket.id, undefined, handle)).toBe(true)
  expect(await other.connectTickets.setHandle(ticket.id, undefined, 'ddls:conn:b-github')).toBe(
    false,
  )
  expect(await other.connectTickets.finish(ticket.id, 'ddls:conn:b-github')).toBe(false)
  const won = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      (n % 2 === 0 ? storage : other).connectTickets.finish(ticket.id, handle),
    ),
  )
  expect(won.filter(Boolean)).toHaveLength(1)
  expect(await storage.connectTickets.attempt(ticket.id, 10)).toBe(false)
  expect(await storage.connectTickets.bindBrowser(ticket.id, 'late')).toBe(false)
})

test('a ticket ends with its time, is told of for an hour, and is then forgotten', async () => {
  const { storage, clock } = temporaryStorage()
  const { connectTickets } = storage
  await connectTickets.add(ticket)
  expect(await connectTickets.countOpen('usr_ann')).toBe(1)
  clock.nowMs = ticket.usableUntilMs
  expect(await connectTickets.setHandle(ticket.id, undefined, handle)).toBe(false)
  expect(await connectTickets.countOpen('usr_ann')).toBe(0)
  expect(await connectTickets.find(ticket.id)).toMatchObject({ connectedAtMs: undefined })
  clock.nowMs += 3_600_000
  expect(await connectTickets.find(ticket.id)).toBeUndefined()
  expect(await storage.sweepExpired()).toBe(1)
})

test('a ticket belongs to the browser in which its owner signed in last, and bears few attempts', async () => {
  const { storage } = temporaryStorage()
  const { connectTickets } = storage
  await connectTickets.add(ticket)
  await connectTickets.bindBrowser(ticket.id, 'first')
  await connectTickets.bindBrowser(ticket.id, 'second')
  expect(await connectTickets.isBrowser(ticket.id, 'first')).toBe(false)
  expect(await connectTickets.isBrowser(ticket.id, 'second')).toBe(true)
  const tries = [1, 2, 3].map(() => connectTickets.attempt(ticket.id, 2))
  expect(await Promise.all(tries)).toEqual([true, true, false])
})

test('an open ticket is found by exactly the need that it was made for', async () => {
  const { storage } = temporaryStorage()
  const { connectTickets } = storage
  const need = {
    owner: 'usr_ann',
    resource: 'https://mcp.example',
    clientId: 'rs_mcp',
    agentId: 'cli_agent',
    grantId: 'g',
    name: 'repo',
    provider: 'github',
    interaction: 'uid',
  }
  await connectTickets.add({ ...ticket, ...need })
  expect(await connectTickets.findOpen(need, 0)).toMatchObject({ id: ticket.id })
  for (const part of Object.keys(need)) {
    expect(await connectTickets.findOpen({ ...need, [part]: 'another' }, 0)).toBeUndefined()
    if (part === 'owner') continue
    expect(await connectTickets.findOpen({ ...need, [part]: undefined }, 0)).toBeUndefined()
  }
  const { owner, resource, clientId, agentId } = need
  const renewal = { owner, resource, clientId, agentId, handle }
  await connectTickets.add({ ...ticket, ...renewal, id: 'renewal' })
  expect(await connectTickets.findRenewal(renewal, 0)).toMatchObject({ id: 'renewal' })
  for (const part of Object.keys(renewal)) {
    const other = { ...renewal, [part]: 'another' }
    expect(await connectTickets.findRenewal(other, 0)).toBeUndefined()
  }
  await connectTickets.add({ id: 'bare', owner: 'usr_ann', usableUntilMs: ticket.usableUntilMs })
  expect(await connectTickets.findOpen({ owner: 'usr_ann' }, 0)).toMatchObject({ id: 'bare' })
})

test('a grant takes a further connection of its own user, and none once it is revoked', async () => {
  const { storage } = temporaryStorage()
  const { grants, users } = storage
  const { id: userId } = await users.create({
    email: 'ann@example.org',
    passwordHash: 'unused',
    role: 'member',
  })
  const parties = { userId, clientId: 'agent', resource: 'https://mcp.example' }
  await grants.put({ grantId: 'g', ...parties, scopes: [], connections: { slack: 'ddls:conn:s' } })
  expect(await grants.addConnection('g', 'usr_bob', 'github', handle)).toBe(false)
  expect(await grants.addConnection('g', userId, 'github', handle)).toBe(true)
  const connections = { slack: 'ddls:conn:s', github: handle }
  expect(await grants.find('g')).toMatchObject({ connections })
  await grants.revoke('g', { denyUntilMs: 2_000_000_000_000 })
  expect(await grants.addConnection('g', userId, 'slack', handle)).toBe(false)
})
