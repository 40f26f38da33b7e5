import { describe, expect, it } from 'vitest'
import { type AnsweredRecord, RecentTokens } from '../src/tokens/recent-tokens.ts'
import { contextFor } from './helpers/rig.ts'

const answer = (text: string): AnsweredRecord => ({
  context: contextFor('api.example'),
  record: Buffer.from(text),
})

/** Asks, and tells what was answered and whether it had to be made. */
async function ask(recent: RecentTokens, handle: string, spent: string, made = 'new') {
  let isMade = false
  const { record } = await recent.answer(handle, spent, async () => {
    isMade = true
    return answer(made)
  })
  return { text: record.toString(), isMade }
}

describe('the memory of token answers', () => {
  it('gives who comes with a spent generation the same answer, and the next generation its own', async () => {
    const recent = new RecentTokens()
    expect(await ask(recent, 'a', 'g1', 'first')).toEqual({ text: 'first', isMade: true })
    expect(await ask(recent, 'a', 'g1')).toEqual({ text: 'first', isMade: false })
    expect(await ask(recent, 'b', 'g1', 'other')).toEqual({ text: 'other', isMade: true })
    expect(await ask(recent, 'a', 'g2', 'second')).toEqual({ text: 'second', isMade: true })
  })

  it('lets overlapping askers share one request', async () => {
    const recent = new RecentTokens()
    const started = Promise.withResolvers<AnsweredRecord>()
    let made = 0
    const make = (): Promise<AnsweredRecord> => {
      made++
      return started.promise
    }
    const both = [recent.answer('a', 'g', make), recent.answer('a', 'g', make)]
    started.resolve(answer('x'))
    expect((await Promise.all(both)).map(({ record }) => record.toString())).toEqual(['x', 'x'])
    expect(made).toBe(1)
  })

  it('keeps no failure', async () => {
    const recent = new RecentTokens()
    const failing = recent.answer('a', 'g', () => Promise.reject(new Error('down')))
    await expect(failing).rejects.toThrow('down')
    expect(await ask(recent, 'a', 'g')).toEqual({ text: 'new', isMade: true })
  })

  it('is bounded in count, the oldest goes first, and in time', async () => {
    let now = 0
    const recent = new RecentTokens({ maxEntries: 2, lifeMs: 1000, now: () => now })
    for (const handle of ['a', 'b', 'c']) await ask(recent, handle, 'g', handle)
    expect((await ask(recent, 'c', 'g')).isMade).toBe(false)
    expect((await ask(recent, 'b', 'g')).isMade).toBe(false)
    expect((await ask(recent, 'a', 'g')).isMade).toBe(true)
    now = 1001
    expect((await ask(recent, 'c', 'g')).isMade).toBe(true)
  })
})
