import { expect, test } from 'vitest'
import { openStorage } from '../src/index.ts'
import { encryptionKey, temporaryStorage } from './helpers/temporary.ts'

const limit = { name: 'a', attempts: 3, windowSeconds: 60 }

test('attempts are counted up to the limit, and again when their time is over', async () => {
  const { storage, clock } = temporaryStorage()
  const { attempts } = storage
  const waits = await Promise.all(Array.from({ length: 50 }, () => attempts.count([limit])))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
  expect(new Set(waits)).toEqual(new Set([0, 60]))
  clock.nowMs += 59_500
  expect(await attempts.count([limit])).toBe(1)
  expect(await attempts.count([{ ...limit, name: 'b' }])).toBe(0)
  clock.nowMs += 500
  expect(await attempts.count([limit])).toBe(0)
})

test('the first limit that is reached spares those behind it', async () => {
  const { attempts } = temporaryStorage().storage
  const other = { name: 'b', attempts: 2, windowSeconds: 60 }
  for (let n = 0; n < 9; n += 1) await attempts.count([{ ...limit, attempts: 1 }, other])
  expect(await attempts.count([other])).toBe(0)
  expect(await attempts.count([other])).toBeGreaterThan(0)
})

test('an attempt is taken back, or all of them forgotten', async () => {
  const { attempts } = temporaryStorage().storage
  const once = { ...limit, attempts: 1 }
  expect(await attempts.count([once])).toBe(0)
  await attempts.giveBack(['a', 'unknown'])
  expect(await attempts.count([once])).toBe(0)
  expect(await attempts.count([once])).toBe(60)
  await attempts.forget('a')
  expect(await attempts.count([once])).toBe(0)
  expect(await attempts.count([once])).toBe(60)
})

test('two processes on one file count together, and a restart forgets nothing', async () => {
  const { storage, file, clock } = temporaryStorage()
  const options = { file, encryptionKey, now: () => clock.nowMs, sweepIntervalMs: 0 }
  const other = openStorage(options)
  for (const { attempts } of [storage, other, storage])
    expect(await attempts.count([limit])).toBe(0)
  expect(await other.attempts.count([limit])).toBe(60)
  await other.close()
  const later = openStorage(options)
  expect(await later.attempts.count([limit])).toBe(60)
  clock.nowMs += 61_000
  expect(await later.sweepExpired()).toBe(1)
  await later.close()
})
