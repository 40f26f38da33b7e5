import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'
import { createDurability, type DurabilityOptions } from './durability.ts'

/**
 * All writes: those that arrive in one turn of the event loop share one transaction. Reads see it at once;
 * what rests on it must not leave the process before {@link GroupCommit.durable}.
 */
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
  /**
   * Resolves when all that could be read until now is on disk, but for {@link relaxed} writes; undefined when
   * it is there already. Rejects with StorageError DISK_FAILED or DISK_HANGS when it never will be.
   */
  durable(): Promise<void> | undefined
  /** Brings what is pending to disk before it returns, and refuses what comes later. */
  close(): void
}

interface Job {
  readonly work: () => unknown
  readonly durable: boolean
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** @see the ADR on storage for the cost of a commit per write */
export function createGroupCommit(db: Database, options?: DurabilityOptions): GroupCommit {
  const durability = createDurability(db, options)
  let pending: Job[] = []
  let closed = false

  const flush = (): void => {
    const jobs = pending
    pending = []
    if (jobs.length === 0) return
    let outcomes: Outcome[]
    try {
      durability.requireSound()
      outcomes = db.transaction(() => jobs.map((job) => run(db, job)))
    } catch (error) {
      for (const job of jobs) job.reject(error)
      return
    }
    const durable = outcomes.filter(({ job }) => job.durable)
    if (durable.length > 0) {
      durability.after((failure) => {
        for (const { job, settle } of durable) {
          if (failure) job.reject(failure)
          else settle()
        }
      })
    }
    for (const { job, settle } of outcomes) if (!job.durable) settle()
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
    durable: () => durability.durable(),
    close: () => {
      closed = true
      flush()
      durability.close()
    },
  }
}

interface Outcome {
  readonly job: Job
  readonly settle: () => void
}

/** Runs one job and tells how to settle it later; its own failure leaves the others alone. */
function run(db: Database, job: Job): Outcome {
  try {
    const value = job.work() as never
    return { job, settle: () => job.resolve(value) }
  } catch (error) {
    // A full disk or an I/O error makes SQLite roll back everything: then no job of the batch may succeed.
    if (!db.inTransaction) throw error
    return { job, settle: () => job.reject(error) }
  }
}
