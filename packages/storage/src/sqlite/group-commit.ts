import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'

/** All writes: those that wait for the next commit share one transaction, and mostly one fsync. */
export interface GroupCommit {
  /** For a single statement: SQLite itself undoes one that fails. Resolves when it is on disk. */
  statement<T>(work: () => T): Promise<T>
  /**
   * For a single statement whose effect a power cut may undo: resolves after a commit that every process
   * sees, without waiting for the disk. A later durable write makes this one durable too.
   */
  relaxed<T>(work: () => T): Promise<T>
  /** For several statements: all of them hold or none. Resolves when they are on disk. */
  transaction<T>(work: () => T): Promise<T>
  /** Resolves when everything that can be read now is on disk. */
  onDisk(): Promise<void>
  /** Refuses what comes later, and resolves when what came before is on disk. */
  close(): Promise<void>
}

interface Job {
  readonly work: () => unknown
  readonly durable: boolean
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** Somebody to tell what became of a commit. */
interface Outcome {
  readonly durable: boolean
  readonly settle: () => void
  readonly reject: (error: unknown) => void
}

/** Least time between two commits: an idle store commits at once, a busy one lets writes wait for company. */
const gatherMs = 1

/** @see the ADR on storage for the cost of a commit per write */
export function createGroupCommit(db: Database): GroupCommit {
  let pending: Job[] = []
  let unsynced: Outcome[] = []
  let syncing: Promise<void> | undefined
  let closed = false
  let lastCommitMs = -Infinity

  const flush = (): void => {
    const jobs = pending
    pending = []
    if (jobs.length === 0) return
    let outcomes: Outcome[]
    try {
      outcomes = db.transaction(() => jobs.map((job) => run(db, job)))
    } catch (error) {
      for (const job of jobs) job.reject(error)
      return
    }
    lastCommitMs = performance.now()
    for (const outcome of outcomes) {
      if (outcome.durable) unsynced.push(outcome)
      else outcome.settle()
    }
    if (unsynced.length > 0) syncing ??= sync()
  }

  /** What is committed while the disk works waits for the next turn of it. */
  const sync = async (): Promise<void> => {
    while (unsynced.length > 0) {
      const group = unsynced
      unsynced = []
      try {
        await db.sync()
        for (const { settle } of group) settle()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    syncing = undefined
  }

  const scheduleFlush = (): void => {
    if (performance.now() - lastCommitMs < gatherMs) setTimeout(flush, gatherMs)
    else setImmediate(flush)
  }

  const enqueue = <T>(work: () => T, durable: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) {
        reject(new StorageError('CLOSED', 'the database is closed'))
        return
      }
      if (pending.length === 0) scheduleFlush()
      pending.push({ work, durable, resolve, reject })
    })

  return {
    statement: (work) => enqueue(work, true),
    relaxed: (work) => enqueue(work, false),
    transaction: (work) => enqueue(() => db.transaction(work), true),
    onDisk: async () => {
      if (syncing === undefined) return
      await new Promise<void>((settle, reject) => {
        unsynced.push({ durable: true, settle, reject })
      })
    },
    close: async () => {
      closed = true
      flush()
      await syncing
    },
  }
}

/** Runs one job and tells how to settle it later; its own failure leaves the others alone. */
function run(db: Database, job: Job): Outcome {
  try {
    const value = job.work() as never
    return { ...job, settle: () => job.resolve(value) }
  } catch (error) {
    // A full disk or an I/O error makes SQLite roll back everything: then no job of the batch may succeed.
    if (!db.inTransaction) throw error
    return { ...job, settle: () => job.reject(error) }
  }
}
