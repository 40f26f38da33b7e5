import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'

/** All writes: those that wait for the next commit share one transaction, and mostly one fsync. */
export interface GroupCommit {
  /** For a single statement: SQLite itself undoes one that fails. Resolves when it is on disk. */
  statement<T>(work: () => T): Promise<T>
  /**
   * For a single statement whose effect a power cut may undo: resolves after a commit that every process
   * sees, which waits for the disk only when it is at work for others. A later durable write makes this
   * one durable too.
   */
  relaxed<T>(work: () => T): Promise<T>
  /** For several statements: all of them hold or none. Resolves when they are on disk. */
  transaction<T>(work: () => T): Promise<T>
  /** Resolves when every durable write that can be read now is on disk. */
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

/** @see the ADR on storage for the cost of a commit per write */
export function createGroupCommit(db: Database): GroupCommit {
  let pending: Job[] = []
  let syncing: Promise<void> | undefined
  let closed = false

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
    const durable = outcomes.filter((outcome) => outcome.durable)
    if (durable.length > 0) syncing = sync(durable)
    for (const outcome of outcomes) if (!outcome.durable) outcome.settle()
  }

  /** While the disk works, writes wait for company: the next group follows at its end. */
  const sync = async (group: readonly Outcome[]): Promise<void> => {
    try {
      await db.sync()
      for (const { settle } of group) settle()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    syncing = undefined
    if (pending.length > 0) setImmediate(flush)
  }

  const enqueue = <T>(work: () => T, durable: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) {
        reject(new StorageError('CLOSED', 'the database is closed'))
        return
      }
      if (pending.length === 0 && syncing === undefined) setImmediate(flush)
      pending.push({ work, durable, resolve, reject })
    })

  return {
    statement: (work) => enqueue(work, true),
    relaxed: (work) => enqueue(work, false),
    transaction: (work) => enqueue(() => db.transaction(work), true),
    onDisk: () => syncing ?? Promise.resolve(),
    close: async () => {
      closed = true
      await syncing
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
