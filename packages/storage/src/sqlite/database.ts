import { chmodSync, closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import Sqlite from 'better-sqlite3'
import { StorageError } from '../errors.ts'

/** A prepared statement; every call throws StorageError CLOSED after {@link Database.close}. */
interface Statement<Row> {
  get(...parameters: readonly unknown[]): Row | undefined
  all(...parameters: readonly unknown[]): Row[]
  /** Runs a statement that returns no rows; answers how many rows it changed. */
  run(...parameters: readonly unknown[]): number
}

/** The table of a statement that writes; any other statement that is not read-only counts for all. */
const writtenTable = /^\s*(?:insert(?: or [a-z]+)? into|update|delete from) "?([a-z_]+)"?\s/i

/** Enough for the hot pages of a million rows. */
const cacheKiB = 32 * 1024
/** SQLite's own default: a log of 4 MiB is copied into the database. */
const checkpointPages = 1000
/** As much as SQLite maps at all, nearly 2 GiB. */
const mappedBytes = 2 ** 31 - 2 ** 16

/**
 * The one connection of this process to the database file; every call is synchronous. A second one would
 * empty the page cache of the first with every commit.
 */
export interface Database {
  /** Prepares once per SQL text. */
  prepare<Row>(sql: string): Statement<Row>
  /** Runs `work` in an immediate transaction, or in a savepoint inside one; a throw undoes all of it. */
  transaction<T>(work: () => T): T
  /** Returns when every transaction so far survives a power cut: what `synchronous = full` does. */
  sync(): void
  /** The same on another thread; what is committed meanwhile is not covered. Not more than one at a time. */
  syncSoon(done: (error: Error | null) => void): void
  /** Has commits leave the log as it is, however long it grows: copying it waits for the disk on this thread. */
  holdCheckpoints(isHeld: boolean): void
  readonly inTransaction: boolean
  /**
   * Changes whenever another connection, so another process, has written; our own writes leave it alone.
   * Asked once in each round of the event loop: what is written while the requests of one round are worked
   * on is concurrent with all of them.
   */
  foreignWrites(): number
  /**
   * Whether statements may have read, since the last call or sync, what another connection wrote after the
   * last call: nobody knows whether that is on disk.
   */
  hasReadForeign(): boolean
  /**
   * Changes with every statement of ours that writes the table, and with everything that was undone.
   * Rows that go with a row of another table are not noticed.
   */
  ownWrites(table: string): number
  close(): void
}

/** Creates the file with mode 0600 (SQLite gives its WAL the same) or tightens an existing one. */
export function createPrivateFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
}

/** Flushes a file without blocking, as `fs.fdatasync` does. */
export type FlushFile = (fd: number, done: (error: Error | null) => void) => void

/** @param flushFile - for tests of slow and failing disks */
export function openDatabase(file: string, flushFile: FlushFile = fdatasync): Database {
  const sqlite = new Sqlite(file, { timeout: 5000 })
  sqlite.pragma('journal_mode = wal')
  // A power cut may undo the last commits, never harm the file, until `sync` has returned.
  sqlite.pragma('synchronous = normal')
  sqlite.pragma(`cache_size = -${cacheKiB}`)
  // Pages beyond that cache are read from the system's, without a call and a copy for each; never written so.
  sqlite.pragma(`mmap_size = ${mappedBytes}`)
  // Large savepoints and sorts spill to files in /tmp otherwise, where the sandbox lets nobody write.
  sqlite.pragma('temp_store = memory')
  sqlite.pragma('foreign_keys = on')
  sqlite.pragma('trusted_schema = off')
  // So that INSERT OR REPLACE meets the triggers that keep the audit log append-only.
  sqlite.pragma('recursive_triggers = on')

  const dataVersion = sqlite.prepare<[], number>('pragma data_version').pluck()
  let trustedVersion = dataVersion.get()!
  // A process that was killed may have left commits that are not on disk. They are copied into the database,
  // and so written anew: a disk that once failed to take them would not be asked again by a flush alone.
  sqlite.pragma('wal_checkpoint(passive)')
  // The same file for as long as a connection is open; locks lie on others, so opening it is harmless.
  const wal = openSync(`${file}-wal`, 'r')
  fdatasyncSync(wal)

  const transactions = sqlite.transaction((work: () => unknown) => work())

  let isOpen = true
  let isSyncing = false
  let hasRead = false
  const statements = new Map<string, Statement<unknown>>()
  const written = new Map<string, { count: number }>()
  const anyTable = { count: 0 }
  const writesOf = (table: string): { count: number } => {
    let writes = written.get(table)
    if (writes === undefined) written.set(table, (writes = { count: 0 }))
    return writes
  }
  const requireOpen = (): void => {
    if (!isOpen) throw new StorageError('CLOSED', 'the database is closed')
  }
  const prepare = (sql: string): Statement<unknown> => {
    requireOpen()
    const prepared = sqlite.prepare<unknown[], unknown>(sql)
    if (prepared.readonly) {
      const begin = (): void => {
        requireOpen()
        hasRead = true
      }
      return {
        get: (...parameters) => (begin(), prepared.get(...parameters)),
        all: (...parameters) => (begin(), prepared.all(...parameters)),
        run: (...parameters) => (begin(), prepared.run(...parameters).changes),
      }
    }
    const [, table] = writtenTable.exec(sql) ?? []
    const writes = table === undefined ? anyTable : writesOf(table)
    const begin = (): void => {
      requireOpen()
      hasRead = true
      writes.count += 1
    }
    return {
      get: (...parameters) => (begin(), prepared.get(...parameters)),
      all: (...parameters) => (begin(), prepared.all(...parameters)),
      run: (...parameters) => (begin(), prepared.run(...parameters).changes),
    }
  }
  let areCheckpointsHeld = false
  let askedInRound: number | undefined
  let version = 0
  return {
    foreignWrites() {
      requireOpen()
      const round = performance.nodeTiming.uvMetricsInfo.loopCount
      if (round !== askedInRound) {
        askedInRound = round
        version = dataVersion.get()!
      }
      return version
    },
    hasReadForeign() {
      requireOpen()
      if (!hasRead) return false
      hasRead = false
      const found = dataVersion.get()!
      const isNew = found !== trustedVersion
      trustedVersion = found
      return isNew
    },
    ownWrites: (table) => writesOf(table).count + anyTable.count,
    prepare<Row>(sql: string): Statement<Row> {
      let statement = statements.get(sql)
      if (statement === undefined) {
        statement = prepare(sql)
        statements.set(sql, statement)
      }
      return statement as Statement<Row>
    },
    sync() {
      requireOpen()
      hasRead = false
      fdatasyncSync(wal)
    },
    syncSoon(done) {
      requireOpen()
      hasRead = false
      isSyncing = true
      flushFile(wal, (error) => {
        isSyncing = false
        if (!isOpen) closeSync(wal)
        done(error)
      })
    },
    transaction(work) {
      requireOpen()
      try {
        return transactions.immediate(work) as ReturnType<typeof work>
      } catch (error) {
        // What was read in between may never have been.
        anyTable.count += 1
        throw error
      }
    },
    holdCheckpoints(isHeld) {
      if (isHeld === areCheckpointsHeld) return
      areCheckpointsHeld = isHeld
      sqlite.pragma(`wal_autocheckpoint = ${isHeld ? 0 : checkpointPages}`)
    },
    get inTransaction() {
      return sqlite.inTransaction
    },
    close: () => {
      if (!isOpen) return
      isOpen = false
      sqlite.close()
      // A number that is in use on another thread must not come to name another file.
      if (!isSyncing) closeSync(wal)
    },
  }
}

/** True when a write failed because the row, or a unique value in it, exists already. */
export function isUniqueViolation(error: unknown): boolean {
  const code = error instanceof Sqlite.SqliteError ? error.code : undefined
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}
