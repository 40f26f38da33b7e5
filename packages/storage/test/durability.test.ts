/** What waits for the disk, and what happens when the disk is slow or fails. */
import { execFileSync } from 'node:child_process'
import { closeSync, open, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextRound } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createAuditLog } from '../src/audit/log.ts'
import { type FlushFile, openDatabase } from '../src/sqlite/database.ts'
import type { DurabilityOptions } from '../src/sqlite/durability.ts'
import { createGroupCommit } from '../src/sqlite/group-commit.ts'
import { migrate } from '../src/sqlite/migrate.ts'
import { temporaryFolder } from './helpers/temporary.ts'

/** A store whose disk ends each flush when the test says so. */
function openSlowDisk({
  flushFile,
  ...options
}: DurabilityOptions & { readonly flushFile?: FlushFile } = {}) {
  const file = join(temporaryFolder(), 'holdfast.db')
  /** Flushes under way; each is ended by a call. */
  const flushes: ((error?: Error) => void)[] = []
  let begun = 0
  const endedByTest: FlushFile = (_fd, done) => {
    begun += 1
    flushes.push((error) => done(error ?? null))
  }
  const db = openDatabase(file, flushFile ?? endedByTest)
  const slow = Promise.withResolvers<void>()
  const hold = db.holdCheckpoints.bind(db)
  db.holdCheckpoints = (isHeld) => {
    hold(isHeld)
    if (isHeld) slow.resolve()
  }
  db.prepare('create table t (a integer unique)').run()
  const commit = createGroupCommit(db, options)
  onTestFinished(() => {
    commit.close()
    db.close()
  })
  const insert = db.prepare('insert into t values (?)')
  const rows = db.prepare<{ a: number }>('select a from t order by a')
  return {
    file,
    db,
    commit,
    write: (a: number) => track(commit.statement(() => insert.run(a))),
    writeRelaxed: (a: number) => track(commit.relaxed(() => insert.run(a))),
    durable: () => track(commit.durable() ?? Promise.resolve()),
    rows: () => rows.all().map(({ a }) => a),
    flushes: () => begun,
    /** Resolves when the flush that is under way takes long. */
    isSlow: slow.promise,
    /** Ends the flush that is under way, and lets everybody hear of it. */
    async endFlush(error?: Error) {
      flushes.shift()!(error)
      await nextRound()
    },
  }
}

/** What became of a promise so far. */
function track(promise: Promise<unknown>): { state: string; reason?: unknown } {
  const tracked: { state: string; reason?: unknown } = { state: 'waits' }
  promise.then(
    () => (tracked.state = 'done'),
    (error: unknown) => Object.assign(tracked, { state: 'failed', reason: error }),
  )
  return tracked
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await nextRound()
}

test('a write is read at once and resolves when a flush that began after it has ended', async () => {
  const disk = openSlowDisk()
  const first = disk.write(1)
  await settled()
  expect([disk.rows(), first.state, disk.flushes()]).toEqual([[1], 'waits', 1])
  const second = disk.write(2)
  const third = disk.write(3)
  await settled()
  // One is under way; those that came meanwhile share the next, which has not begun.
  expect([disk.rows(), second.state, disk.flushes()]).toEqual([[1, 2, 3], 'waits', 1])
  await disk.endFlush()
  expect([first.state, second.state, third.state, disk.flushes()]).toEqual([
    'done',
    'waits',
    'waits',
    2,
  ])
  await disk.endFlush()
  expect([second.state, third.state, disk.flushes()]).toEqual(['done', 'done', 2])
})

test('a relaxed write waits for no flush, also beside a durable one', async () => {
  const disk = openSlowDisk()
  const alone = disk.writeRelaxed(1)
  await settled()
  expect([alone.state, disk.flushes(), disk.commit.durable()]).toEqual(['done', 0, undefined])
  const durable = disk.write(2)
  const beside = disk.writeRelaxed(3)
  await settled()
  expect([beside.state, durable.state]).toEqual(['done', 'waits'])
})

test('whoever read a commit waits until it is on disk, and nobody when all is', async () => {
  const disk = openSlowDisk()
  expect(disk.commit.durable()).toBeUndefined()
  disk.write(1)
  await settled()
  const ofFirst = disk.durable()
  disk.write(2)
  await settled()
  const ofBoth = disk.durable()
  await disk.endFlush()
  expect([ofFirst.state, ofBoth.state]).toEqual(['done', 'waits'])
  await disk.endFlush()
  expect(ofBoth.state).toBe('done')
  expect(disk.commit.durable()).toBeUndefined()
})

test('what another process wrote counts as on disk only after a flush of our own', async () => {
  const disk = openSlowDisk()
  const other = new Sqlite(disk.file)
  onTestFinished(() => void other.close())
  other.prepare('insert into t values (7)').run()
  // Nothing was read since, so nothing can rest on it.
  const unread = disk.flushes()
  expect(disk.rows()).toEqual([7])
  const reader = disk.durable()
  await settled()
  expect([unread, reader.state, disk.flushes()]).toEqual([0, 'waits', 1])
  await disk.endFlush()
  expect([reader.state, disk.rows(), disk.commit.durable()]).toEqual(['done', [7], undefined])
})

test('the head of the audit log is told when its record is on disk', async () => {
  const disk = openSlowDisk()
  migrate(disk.db, 0)
  const audit = createAuditLog({ db: disk.db, commit: disk.commit, now: () => 0 } as never)
  const appended = track(audit.append({ type: 'test', outcome: 'success' }))
  await settled()
  const head = track(audit.head())
  await settled()
  expect([appended.state, head.state]).toEqual(['waits', 'waits'])
  await disk.endFlush()
  expect([appended.state, head.state]).toEqual(['done', 'done'])
})

test('after a flush that failed nothing is reported as stored any more', async () => {
  const disk = openSlowDisk()
  const underWay = disk.write(1)
  const reader = disk.durable()
  await settled()
  const due = disk.write(2)
  const readerOfDue = disk.durable()
  await settled()
  const waiting = disk.durable()
  await disk.endFlush(new Error('EIO'))
  const failed = { state: 'failed', reason: { code: 'DISK_FAILED' } }
  expect([underWay, due, waiting]).toMatchObject([failed, failed, failed])
  expect([reader.state, readerOfDue.state]).not.toContain('waits')
  const later = [disk.write(3), disk.writeRelaxed(4), disk.durable()]
  await settled()
  expect(later).toMatchObject([failed, failed, failed])
  // The disk is not asked again: it would say that all is well.
  expect([disk.flushes(), disk.rows()]).toEqual([1, [1, 2]])
})

test('a flush that fails is told at once, and once, to whoever can end the process', async () => {
  const failures: unknown[] = []
  const disk = openSlowDisk({ onFailure: (failure) => void failures.push(failure) })
  disk.write(1)
  await settled()
  disk.write(2)
  await settled()
  // Nobody asks whether anything is on disk.
  await disk.endFlush(new Error('EIO'))
  disk.write(3)
  await settled()
  expect(failures).toMatchObject([{ code: 'DISK_FAILED', cause: { message: 'EIO' } }])
})

test.each([
  ['well', undefined],
  ['badly', new Error('EIO')],
])(
  'a flush that does not end is one that failed, also when it ends %s later',
  async (_how, end) => {
    const hung = Promise.withResolvers<unknown>()
    const onFailure = vi.fn(hung.resolve)
    const disk = openSlowDisk({ flushLimitMs: 200, onFailure })
    const underWay = disk.write(1)
    await settled()
    const due = disk.write(2)
    await settled()
    const reader = disk.durable()
    expect(await hung.promise).toMatchObject({ code: 'DISK_HANGS' })
    await settled()
    const failed = { state: 'failed', reason: { code: 'DISK_HANGS' } }
    expect([underWay, due, reader]).toMatchObject([failed, failed, failed])
    await disk.endFlush(end)
    expect(onFailure).toHaveBeenCalledOnce()
    const later = [disk.write(3), disk.writeRelaxed(4), disk.durable()]
    await settled()
    expect(later).toMatchObject([failed, failed, failed])
    expect([disk.flushes(), disk.rows()]).toEqual([1, [1, 2]])
  },
)

test('a flush that ended while this thread stood still does not count as hanging', async () => {
  const failures: unknown[] = []
  const limitMs = 1000
  const pipe = join(temporaryFolder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const disk = openSlowDisk({
    // Ends when somebody opens the other side, and is told of as real flushes are.
    flushFile: (_fd, done) => open(pipe, 'r', done),
    flushLimitMs: limitMs,
    onFailure: (failure) => void failures.push(failure),
  })
  const written = disk.write(1)
  await disk.isSlow
  await nextRound()
  closeSync(openSync(pipe, 'r+'))
  // So long that the next round begins with the timer, before it comes to what the threads have done.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, limitMs)
  while (written.state === 'waits' && failures.length === 0) await nextRound()
  // The timer's own look comes at the end of the round.
  await nextRound()
  expect([written.state, failures]).toEqual(['done', []])
})

test('while a flush is slow no commit waits for the same disk by copying the log', async () => {
  const disk = openSlowDisk({ flushLimitMs: 60_000 })
  disk.db.prepare('create table big (bytes blob)').run()
  const insert = disk.db.prepare('insert into big values (zeroblob(2000000))')
  const pages = () => Math.ceil(statSync(`${disk.file}-wal`).size / 4096)
  const grow = async (): Promise<void> => {
    for (let i = 0; i < 4; i += 1) await disk.commit.relaxed(() => insert.run())
  }
  disk.write(1)
  await disk.isSlow
  await grow()
  // Nothing was copied: all that was written stands in the log.
  const held = pages()
  expect(held).toBeGreaterThan(1900)
  await disk.endFlush()
  await grow()
  // The first of these copied the log, the others began it anew.
  expect(pages()).toBeLessThan(held + 600)
})

test('closing brings everything to disk at once, also behind a flush that hangs', async () => {
  const disk = openSlowDisk()
  const underWay = disk.write(1)
  await settled()
  const due = disk.write(2)
  await settled()
  const pending = disk.write(3)
  disk.commit.close()
  await settled()
  expect([underWay.state, due.state, pending.state]).toEqual(['done', 'done', 'done'])
  expect(disk.commit.durable()).toBeUndefined()
  disk.db.close()
  // The flush that hung may end whenever it likes.
  await disk.endFlush(new Error('EIO'))
  const again = openDatabase(disk.file)
  expect(again.prepare('select a from t order by a').all()).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
  again.close()
})
