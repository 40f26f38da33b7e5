import { hash } from 'node:crypto'
import { migrations } from '@holdfast/migrations'
import { expect, test } from 'vitest'
import { openDatabase } from '../src/sqlite/database.ts'
import { migrate } from '../src/sqlite/migrate.ts'
import { temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

const place = { account: 'a', address: '192.0.2.1' }

test('an address is known for the account that signed in there, in every process, for its time', async () => {
  const { storage, file, clock } = temporaryStorage()
  const { signInAddresses } = storage
  expect(await signInAddresses.isKnown(place)).toBe(false)
  await signInAddresses.remember(place, 60)
  const { storage: other } = temporaryStorage({ file })
  expect(await other.signInAddresses.isKnown(place)).toBe(true)
  expect(await signInAddresses.isKnown({ ...place, account: 'b' })).toBe(false)
  expect(await signInAddresses.isKnown({ ...place, address: '192.0.2.2' })).toBe(false)
  clock.nowMs += 59_000
  await signInAddresses.remember(place, 60)
  clock.nowMs += 59_000
  expect(await signInAddresses.isKnown(place)).toBe(true)
  clock.nowMs += 1000
  expect(await signInAddresses.isKnown(place)).toBe(false)
  expect(await storage.sweepExpired()).toBe(1)
})

test('addresses that an older database kept among the attempts stay known', async () => {
  const file = `${temporaryFolder()}/holdfast.db`
  const old = openDatabase(file)
  const names = Object.keys(migrations).filter((name) => name < '0016')
  migrate(old, 1, Object.fromEntries(names.map((name) => [name, migrations[name]!])))
  const add = old.prepare('insert into attempts (name, count, expires_at_ms) values (?, 1, ?)')
  const later = 1_900_000_000_000
  add.run(`signed-in ${hash('sha256', 'sign-in a 192.0.2.1', 'base64url')}`, later)
  add.run('sign-in 192.0.2.1', later)
  old.close()
  const { storage } = temporaryStorage({ file })
  expect(await storage.signInAddresses.isKnown(place)).toBe(true)
  await storage.close()
  const db = openDatabase(file)
  expect(db.prepare('select name from attempts').all()).toEqual([{ name: 'sign-in 192.0.2.1' }])
  db.close()
})
