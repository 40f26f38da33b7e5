import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  checkReplayStore,
  createMemoryReplayStore,
  createRedisReplayStore,
  createSqliteReplayStore,
  type ReplayStore,
} from '../src/replay.ts'

function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'proofs.db')
}

function openSqlite(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 10_000 })
  database.exec('PRAGMA journal_mode = WAL')
  onTestFinished(() => database.close())
  return database
}

describe('the check of stores', () => {
  test('passes the store in memory', async () => {
    const store = createMemoryReplayStore()
    await checkReplayStore(() => store)
  })

  const broken: ReadonlyArray<[string, () => ReplayStore, RegExp]> = [
    ['says yes twice', () => ({ use: () => true }), /second use must be false/],
    ['says no at once', () => ({ use: () => false }), /first use must be true/],
    ['forgets what another process saw', createMemoryReplayStore, /elsewhere must count/],
    [
      'looks and inserts in two steps',
      () => {
        const seen = new Set<string>()
        return {
          use: async (id) => {
            const isNew = !seen.has(id)
            await Promise.resolve()
            seen.add(id)
            return isNew
          },
        }
      },
      /one of 50 parallel/,
    ],
    [
      'cuts long identifiers',
      () => {
        const seen = new Set<string>()
        return {
          use: (id) => {
            const short = id.slice(0, 45)
            const isNew = !seen.has(short)
            seen.add(short)
            return isNew
          },
        }
      },
      /get in each other|usable as an identifier/,
    ],
  ]
  test.each(broken)('fails one that %s', async (name, make, rule) => {
    const store = make()
    const open = name.startsWith('forgets') ? make : (): ReplayStore => store
    await expect(checkReplayStore(open)).rejects.toThrow(rule)
  })
})

describe('the SQLite store', () => {
  test('passes the check with two connections', async () => {
    const file = databaseFile()
    await checkReplayStore(() => createSqliteReplayStore(openSqlite(file)))
  })

  test('accepts each proof once among two processes', async () => {
    const file = databaseFile()
    openSqlite(file)
    const worker = fileURLToPath(new URL('replay-worker.ts', import.meta.url))
    const start = async () => {
      const child = spawn(
        process.execPath,
        ['--conditions=@holdfast/source', '--no-warnings', worker, file, '50'],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      await lines.next()
      return { child, lines }
    }
    const workers = await Promise.all([start(), start()])
    for (const { child } of workers) child.stdin.write('go\n')
    const won = await Promise.all(
      workers.map(async ({ child, lines }) => {
        const { value } = await lines.next()
        if (child.exitCode === null) await once(child, 'exit')
        return JSON.parse(String(value)) as boolean[]
      }),
    )
    const winners = Array.from({ length: 50 }, (_, n) => won.filter((one) => one[n]).length)
    expect(new Set(winners)).toEqual(new Set([1]))
  })

  test('forgets by time only, and refuses when it is full', async () => {
    let now = 1_000_000
    const database = openSqlite(databaseFile())
    const store = createSqliteReplayStore(database, { maxEntries: 3, now: () => now })
    for (const id of ['a', 'b', 'c']) expect(await store.use(id, now + 60_000)).toBe(true)
    await expect(store.use('d', now + 60_000)).rejects.toThrow(/too many proofs/)
    now += 60_000 + 59_000
    await expect(store.use('d', now + 60_000)).rejects.toThrow(/too many proofs/)
    now += 32_000
    expect(await store.use('d', now + 60_000)).toBe(true)
    const { size } = database
      .prepare('SELECT count(*) AS size FROM holdfast_used_proofs')
      .get() as {
      size: number
    }
    expect(size).toBe(1)
  })
})

describe('the Redis store', () => {
  test('asks for one atomic SET with an expiry, and takes only OK for a first use', async () => {
    const seen: string[][] = []
    const answers: unknown[] = ['OK', null, Buffer.from('OK')]
    const store = createRedisReplayStore(
      {
        sendCommand: async (command) => {
          seen.push(command)
          return answers[seen.length - 1]
        },
      },
      { now: () => 1000 },
    )
    expect(await store.use('k.j', 61_000)).toBe(true)
    expect(await store.use('k.j', 61_000)).toBe(false)
    expect(await store.use('k.j', 61_000)).toBe(true)
    expect(seen[0]).toEqual(['SET', 'holdfast:proof:"k.j"', '1', 'PX', '120000', 'NX'])
  })
})
