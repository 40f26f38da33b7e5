import { describe, expect, test } from 'vitest'
import { createGather } from '../src/dispatch/gather.ts'

/** Who has been let through, in order. */
function watch(turns: readonly Promise<void>[]): number[] {
  const passed: number[] = []
  turns.forEach((turn, index) => void turn.then(() => passed.push(index)))
  return passed
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the gate before the audit log', () => {
  test('lets a call that is alone through at once', async () => {
    const gather = createGather()
    gather.begin()
    const passed = watch([gather.turn()])
    await settle()
    expect(passed).toEqual([0])
  })

  test('lets calls through together once a quarter of those under way has ended', async () => {
    const gather = createGather()
    for (let count = 0; count < 9; count += 1) gather.begin()
    const two = [gather.turn(), gather.turn()]
    const passed = watch(two)
    await Promise.resolve()
    expect(passed).toEqual([])
    await Promise.all([gather.turn(), ...two])
    expect(passed).toEqual([0, 1])
  })

  test('lets a call through after a short time although no other ends', async () => {
    const gather = createGather()
    for (let count = 0; count < 100; count += 1) gather.begin()
    await gather.turn()
  })

  test('forgets calls that have ended', async () => {
    const gather = createGather()
    const ends = Array.from({ length: 100 }, () => gather.begin())
    for (const end of ends) end()
    gather.begin()
    const passed = watch([gather.turn()])
    await settle()
    expect(passed).toEqual([0])
  })
})
