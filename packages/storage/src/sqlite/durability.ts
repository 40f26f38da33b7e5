import { StorageError } from '../errors.ts'
import type { Database } from './database.ts'
import { createFlushWatch } from './flush-watch.ts'

/** Has commits brought to disk on another thread, one flush after the other, and knows which are there. */
export interface Durability {
  /** Calls back when all that is committed now is on disk, or with the reason why it never will be. */
  after(settle: Settle): void
  /** Resolves when all that could be read until now is on disk; undefined when it is there already. */
  durable(): Promise<void> | undefined
  /** @throws StorageError DISK_FAILED, DISK_HANGS after a flush that failed or did not end */
  requireSound(): void
  /** Brings to disk what is not there yet before it returns. */
  close(): void
}

export interface DurabilityOptions {
  /** Called once, when nothing will reach the disk any more. */
  readonly onFailure?: ((failure: StorageError) => void) | undefined
  /** How long a flush may take; default {@link defaultFlushLimitMs}. */
  readonly flushLimitMs?: number | undefined
}

/**
 * Longer than a disk takes that works, also one that the kernel has to reset, and no longer than callers wait:
 * whoever still waits then gets an error instead of nothing.
 */
const defaultFlushLimitMs = 30_000

type Settle = (failure: StorageError | undefined) => void

/** Those who wait for one flush. */
interface Group {
  readonly settle: Settle[]
  reached?: Promise<void>
}

/**
 * At most one flush is under way, and one more is due: commits that are made during a flush share the next.
 *
 * After a flush that failed nothing counts as on disk any more: the kernel may have dropped what it could not
 * write, and would report success the next time. A flush that does not end is taken for one that failed.
 * @see {@link https://www.usenix.org/conference/atc20/presentation/rebello}
 */
export function createDurability(
  db: Database,
  { onFailure, flushLimitMs = defaultFlushLimitMs }: DurabilityOptions = {},
): Durability {
  let underWay: Group | undefined
  let due: Group | undefined
  let failure: StorageError | undefined
  let isClosed = false

  const settleAll = (groups: readonly (Group | undefined)[]): void => {
    for (const group of groups) for (const settle of group?.settle ?? []) settle(failure)
  }
  const watch = createFlushWatch({
    limitMs: flushLimitMs,
    // A checkpoint would have this thread wait for the same disk, and then nobody could end the process.
    onSlow: () => db.holdCheckpoints(true),
    onHang: () => fail(diskHangs()),
  })
  const begin = (): void => {
    underWay = due
    due = undefined
    watch.begin()
    db.syncSoon(end)
  }
  const end = (error: Error | null): void => {
    // Nobody waits any more for one that was given up.
    if (isClosed || failure) return
    watch.end()
    if (error !== null) return fail(diskFailed(error))
    db.holdCheckpoints(false)
    const ended = [underWay]
    underWay = undefined
    // Before anyone is told, so that the disk does not wait for what they do then.
    if (due) begin()
    settleAll(ended)
  }
  const fail = (reason: StorageError): void => {
    failure = reason
    const waiting = [underWay, due]
    underWay = undefined
    due = undefined
    settleAll(waiting)
    onFailure?.(reason)
  }
  /** The flush that begins next: at once, unless one is under way. */
  const next = (): Group => {
    if (due) return due
    const group: Group = { settle: [] }
    due = group
    if (!underWay) begin()
    return group
  }

  return {
    after(settle) {
      if (failure) settle(failure)
      else next().settle.push(settle)
    },
    durable() {
      if (failure) return Promise.reject(failure)
      if (isClosed) return undefined
      const group = db.hasReadForeign() ? next() : (due ?? underWay)
      if (group === undefined) return undefined
      group.reached ??= new Promise((resolve, reject) => {
        group.settle.push((failed) => (failed ? reject(failed) : resolve()))
      })
      return group.reached
    },
    requireSound() {
      if (failure) throw failure
    },
    close() {
      if (isClosed) return
      isClosed = true
      watch.end()
      try {
        if (underWay) db.sync()
      } catch (error) {
        failure = diskFailed(error)
      }
      settleAll([underWay, due])
    },
  }
}

const diskHangs = (): StorageError =>
  new StorageError(
    'DISK_HANGS',
    'the disk has not taken what was written: nothing more is stored until the next start',
  )

const diskFailed = (cause: unknown): StorageError =>
  new StorageError(
    'DISK_FAILED',
    'the disk did not take what was written: nothing more is stored until the next start',
    { cause },
  )
