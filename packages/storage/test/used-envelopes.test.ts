import { expect, test } from 'vitest'
import { temporaryStorage } from './helpers/temporary.ts'

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
