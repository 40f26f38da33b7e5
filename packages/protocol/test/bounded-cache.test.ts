import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoundedCache } from '../src/bounded-cache.ts'

const operations = fc.array(
  fc.record({ key: fc.constantFrom(...'abcdefghijkl'), write: fc.boolean() }),
  { maxLength: 200 },
)

test('a bounded cache never holds more than its limit, nor a value of another key', () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: 0, max: 9 }), (steps, limit) => {
      const cache = new BoundedCache<string>(limit)
      for (const { key, write } of steps) {
        if (write) cache.set(key, `value of ${key}`)
        else expect(cache.get(key) ?? `value of ${key}`).toBe(`value of ${key}`)
        expect(cache.size).toBeLessThanOrEqual(limit)
      }
    }),
  )
})

test('a bounded cache keeps the half of its limit that was used last', () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: 1, max: 9 }), (steps, limit) => {
      const cache = new BoundedCache<string>(limit)
      const kept = Math.max(1, Math.floor(limit / 2))
      let used: string[] = []
      for (const { key, write } of steps) {
        if (write) cache.set(key, key)
        else if (cache.get(key) === undefined) continue
        used = [key, ...used.filter((one) => one !== key)]
      }
      for (const one of used.slice(0, kept)) expect(cache.get(one)).toBe(one)
    }),
  )
})

test('a bounded cache of no entries remembers nothing, and a deleted entry is gone', () => {
  const none = new BoundedCache<number>(0)
  none.set('a', 1)
  expect(none.get('a')).toBeUndefined()
  const cache = new BoundedCache<number>(2)
  for (const key of ['a', 'b']) cache.set(key, 1)
  for (const key of ['a', 'b']) cache.delete(key)
  expect([cache.get('a'), cache.get('b'), cache.size]).toEqual([undefined, undefined, 0])
})
