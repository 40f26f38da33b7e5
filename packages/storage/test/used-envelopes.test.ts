import { createHash } from 'node:crypto'
import { migrations } from '@holdfast/migrations'
import { expect, test } from 'vitest'
import { openDatabase } from '../src/sqlite/database.ts'
import { migrate } from '../src/sqlite/migrate.ts'
import { temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

test('an envelope is taken once, also by two processes, until it is released', async () => {
  const { storage, file } = temporaryStorage()
  const { storage: other } = temporaryStorage({ file })
  const envelope = crypto.getRandomValues(new Uint8Array(500))
  const taken = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      (n % 2 === 0 ? storage : other).usedEnvelopes.take(envelope),
    ),
  )
  expect(taken.filter(Boolean)).toHaveLength(1)
  expect(await other.usedEnvelopes.take(envelope.with(0, envelope[0]! ^ 1))).toBe(true)
  await storage.usedEnvelopes.release(envelope)
  expect(await other.usedEnvelopes.take(envelope)).toBe(true)
})

test('envelopes that an older version took stay taken', async () => {
  const file = `${temporaryFolder()}/holdfast.db`
  const old = openDatabase(file)
  const names = Object.keys(migrations).filter((name) => name < '0017')
  migrate(old, 1, Object.fromEntries(names.map((name) => [name, migrations[name]!])))
  const envelope = crypto.getRandomValues(new Uint8Array(500))
  old
    .prepare('insert into used_envelopes (hash, used_at_ms) values (?, 1)')
    .run(createHash('sha256').update(envelope).digest())
  old.close()
  const { storage } = temporaryStorage({ file })
  expect(await storage.usedEnvelopes.take(envelope)).toBe(false)
  expect(await storage.usedEnvelopes.take(envelope.toReversed())).toBe(true)
})

test('no envelope is forgotten, whatever is swept', async () => {
  const { storage, clock } = temporaryStorage()
  const envelope = crypto.getRandomValues(new Uint8Array(500))
  expect(await storage.usedEnvelopes.take(envelope)).toBe(true)
  clock.nowMs += 100 * 365 * 86_400_000
  await storage.sweepExpired(1000)
  expect(await storage.usedEnvelopes.take(envelope)).toBe(false)
})
