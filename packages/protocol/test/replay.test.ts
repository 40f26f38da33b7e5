import { describe, expect, test } from 'vitest'
import { createMemoryReplayStore } from '../src/token.ts'
import { refusal, testClock } from './token-fixture.ts'

describe('the replay store in memory', () => {
  test('lets an id pass once until it expires', () => {
    const clock = testClock()
    const store = createMemoryReplayStore({ now: clock.now })
    expect(store.use('a', clock.now() + 60_000)).toBe(true)
    expect(store.use('a', clock.now() + 60_000)).toBe(false)
    clock.advance(59_000)
    expect(store.use('a', clock.now() + 1_000)).toBe(false)
    expect(store.use('b', clock.now() + 60_000)).toBe(true)
  })

  test('refuses an id again although it comes with another expiry', () => {
    const clock = testClock()
    const store = createMemoryReplayStore({ now: clock.now })
    expect(store.use('a', clock.now() + 10_000)).toBe(true)
    expect(store.use('a', clock.now() + 80_000)).toBe(false)
  })

  test('refuses everything when full instead of forgetting what is still valid', async () => {
    const clock = testClock()
    const store = createMemoryReplayStore({ now: clock.now, maxEntries: 100 })
    const use = async (id: string): Promise<boolean> => store.use(id, clock.now() + 60_000)
    for (let n = 0; n < 100; n += 1) expect(await use(`id-${n}`)).toBe(true)
    expect(await refusal(use('one-more'))).toMatch(/^temporarily_unavailable/)
    expect(await use('id-0')).toBe(false)
    clock.advance(95_000)
    expect(await use('one-more')).toBe(true)
  })
})
