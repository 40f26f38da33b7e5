import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'

/** All writes: those that arrive in one turn of the event loop share one transaction, and at most one fsync. */
export interface GroupCommit {
  /** For a single statement: SQLite itself undoes one that fails. Resolves when it is on disk. */
  statement<T>(work: () => T): Promise<T>
  /**
   * For a single statement whose effect a power cut may undo: resolves after a commit that every process
   * sees. A later durable write makes this one durable too.
   */
  relaxed<T>(work: () => T): Promise<T>
  /** For several statements: all of them hold or none. Resolves when they are on disk. */
  transaction<T>(work: () => T): Promise<T>
  /** Commits what is pending now, and refuses what comes later. */
  close(): void
}

interface Job {
  readonly work: () => unknown
  readonly durable: boolean
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** @see the ADR on storage for the cost of a commit per write */
export function createGroupCommit(db: Database): GroupCommit {
  let pending: Job[] = []
  let closed = false

  const flush = (): void => {
    const jobs = pending
    pending = []
    if (jobs.length === 0) return
    let outcomes: (() => void)[]
    try {
      outcomes = db.transaction(() => jobs.map((job) => run(db, job)))
      // Nobody reads what is not on disk yet: there is no turn of the event loop in between.
      if (jobs.some(({ durable }) => durable)) db.sync()
    } catch (error) {
      for (const job of jobs) job.reject(error)
      return
    }
    for (const settle of outcomes) settle()
  }

  const enqueue = <T>(work: () => T, durable: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) {
        reject(new StorageError('CLOSED', 'the database is closed'))
        return
      }
      if (pending.length === 0) setImmediate(flush)
      pending.push({ work, durable, resolve, reject })
    })

  return {
    statement: (work) => enqueue(work, true),
    relaxed: (work) => enqueue(work, false),
    transaction: (work) => enqueue(() => db.transaction(work), true),
    close: () => {
      closed = true
      flush()
    },
  }
}

/** Runs one job and tells how to settle it later; its own failure leaves the others alone. */
function run(db: Database, job: Job): () => void {
  try {
    const value = job.work() as never
    return () => job.resolve(value)
  } catch (error) {
    // A full disk or an I/O error makes SQLite roll back everything: then no job of the batch may succeed.
    if (!db.inTransaction) throw error
    return () => job.reject(error)
  }
}
