import { describe, expect, test } from 'vitest'
import { createRemoteKeySource } from '../src/token.ts'
import { keySet, refusal, signingKey, testClock } from './token-fixture.ts'

describe('a remote key source', () => {
  test('fetches once for many concurrent tokens and keeps the keys', async () => {
    const clock = testClock()
    const key = await signingKey('k1')
    let loads = 0
    const source = createRemoteKeySource({
      now: clock.now,
      load: async () => {
        loads += 1
        return keySet(key)
      },
    })
    const hint = { alg: 'ES256', kid: 'k1' }
    await Promise.all(Array.from({ length: 50 }, () => source(hint)))
    clock.advance(599_000)
    await source(hint)
    expect(loads).toBe(1)
    clock.advance(2_000)
    await source(hint)
    expect(loads).toBe(2)
  })

  test('does not fetch more than once per cool-down for made-up key ids', async () => {
    const clock = testClock()
    const key = await signingKey('k1')
    let loads = 0
    const source = createRemoteKeySource({
      now: clock.now,
      load: async () => {
        loads += 1
        return keySet(key)
      },
    })
    for (let storm = 0; storm < 200; storm += 1) {
      clock.advance(100)
      expect(await refusal(source({ alg: 'ES256', kid: `made-up-${storm}` }))).toBe(
        'invalid_token: the token is signed by an unknown key',
      )
    }
    expect(loads).toBeLessThanOrEqual(5)
  })

  test('finds a freshly published key without waiting for the age limit', async () => {
    const clock = testClock()
    const [first, second] = await Promise.all([signingKey('k1'), signingKey('k2')])
    let published = keySet(first)
    const source = createRemoteKeySource({ now: clock.now, load: async () => published })
    await source({ alg: 'ES256', kid: 'k1' })
    published = keySet(first, second)
    clock.advance(6_000)
    expect((await source({ alg: 'ES256', kid: 'k2' })).type).toBe('public')
  })

  test('serves known keys while the issuer is away, for a bounded time', async () => {
    const clock = testClock()
    const key = await signingKey('k1')
    let isUp = true
    let loads = 0
    const source = createRemoteKeySource({
      now: clock.now,
      maxAgeMs: 60_000,
      maxStaleMs: 120_000,
      load: async () => {
        loads += 1
        if (!isUp) throw new Error('connect ECONNREFUSED')
        return keySet(key)
      },
    })
    const hint = { alg: 'ES256', kid: 'k1' }
    await source(hint)
    isUp = false
    clock.advance(70_000)
    await source(hint)
    await source(hint)
    expect(loads).toBe(2)
    clock.advance(120_000)
    expect(await refusal(source(hint))).toBe(
      "temporarily_unavailable: the issuer's keys cannot be fetched",
    )
    isUp = true
    clock.advance(6_000)
    await source(hint)
  })

  test('treats an answer that is no key set like an issuer that is away', async () => {
    const source = createRemoteKeySource({ load: async () => ({ keys: 'none' }) })
    expect(await refusal(source({ alg: 'ES256', kid: 'k1' }))).toMatch(/^temporarily_unavailable/)
  })
})
