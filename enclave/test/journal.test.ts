import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Journal, maxJournalContent } from '../src/journal.ts'
import { openState } from './helpers/rig.ts'

const key = Buffer.alloc(32, 1)
const slot = 262_144
let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
  path = join(folder, 'state')
})
afterEach(() => rm(folder, { recursive: true }))

async function withJournal<T>(
  use: (journal: Journal, content: string | undefined) => T | Promise<T>,
  openKey = key,
): Promise<T> {
  const fd = openState(path)
  try {
    const { journal, content } = Journal.open(fd, openKey)
    return await use(journal, content?.toString())
  } finally {
    closeSync(fd)
  }
}
const read = (): Promise<string | undefined> => withJournal((_, content) => content)
const write = (text: string): Promise<void> =>
  withJournal((journal) => journal.write(Buffer.from(text)))

describe('journal', () => {
  it('is empty at first and then returns the newest copy', async () => {
    expect(await read()).toBeUndefined()
    for (const text of ['one', 'two', 'three', 'four']) {
      await write(text)
      expect(await read()).toBe(text)
    }
  })

  it('writes overlapping changes in order', async () => {
    await withJournal((journal) =>
      Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => journal.write(Buffer.from(text)))),
    )
    expect(await read()).toBe('e')
  })

  it('holds nothing in the clear, and refuses another key', async () => {
    await write('top secret')
    expect(readFileSync(path).includes('secret')).toBe(false)
    await expect(withJournal((_, content) => content, Buffer.alloc(32, 2))).rejects.toThrow(
      'does not open with this root key',
    )
  })

  it('falls back to the older copy when the newer one is damaged anywhere', async () => {
    await write('older')
    await write('newer')
    const whole = readFileSync(path)
    for (let offset = slot; offset < slot + 28 + 5 + 16; offset++) {
      const damaged = Buffer.from(whole)
      damaged[offset] = (damaged[offset] ?? 0) ^ 1
      writeFileSync(path, damaged)
      expect(await read()).toBe('older')
    }
  })

  it('survives a write that was cut short at any point', async () => {
    await write('one')
    await write('two')
    const before = readFileSync(path)
    await write('three')
    const after = readFileSync(path)
    const length = 28 + 'three'.length + 16
    for (let cut = 0; cut <= length; cut++) {
      writeFileSync(path, Buffer.concat([after.subarray(0, cut), before.subarray(cut)]))
      expect(await read()).toBe(cut === length ? 'three' : 'two')
    }
  })

  it('counts a first write that was cut short as none', async () => {
    await write('first')
    const whole = readFileSync(path)
    for (let cut = 4; cut < whole.length; cut++) {
      const torn = Buffer.from(whole.subarray(0, cut))
      torn.fill(0, 0, 4)
      writeFileSync(path, torn)
      expect(await read()).toBeUndefined()
    }
  })

  it('refuses a file whose copies are all damaged, instead of starting over', async () => {
    await write('one')
    const damaged = readFileSync(path)
    damaged[20] = (damaged[20] ?? 0) ^ 1
    writeFileSync(path, damaged)
    await expect(read()).rejects.toThrow('does not open with this root key')
  })

  it('refuses a state that does not fit', async () => {
    await withJournal((journal) => {
      expect(() => journal.write(Buffer.alloc(maxJournalContent + 1))).toThrow(RangeError)
    })
  })

  it('holds one whole copy whenever its writer is killed', async () => {
    for (const delayMs of [0, 3, 7, 11, 17]) {
      const fd = openState(path)
      const writer = spawn(
        process.execPath,
        [
          '--conditions=@holdfast/source',
          '--no-warnings',
          join(import.meta.dirname, 'fixtures/journal-writer.ts'),
        ],
        { stdio: ['ignore', 'pipe', 'inherit', fd] },
      )
      closeSync(fd)
      await once(writer.stdout as Readable, 'data')
      await sleep(delayMs)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      const content = await withJournal((_journal, text) => text)
      expect(content?.length).toBe(200_000)
      expect(new Set(content).size).toBe(1)
    }
  })
})
