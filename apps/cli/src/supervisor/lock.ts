import { linkSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { writeDraft } from './planted-links.ts'

interface Holder {
  readonly pid: number
  /** Start time from /proc, so that a reused pid does not look like the old holder. */
  readonly startedAt: string | undefined
}

/**
 * Takes the data folder for this process. The returned function gives it back.
 *
 * @throws CliError naming the pid when another supervisor runs on it
 */
export function acquireLock(file: string): () => void {
  const mine: Holder = { pid: process.pid, startedAt: startTime(process.pid) }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (tryCreate(file, mine)) return () => unlinkSync(file)
    const holder = readHolder(file)
    if (holder !== undefined && isRunning(holder)) throw alreadyRunning(file, holder.pid)
    removeStale(file, holder)
  }
  throw new CliError(`cannot take the lock ${file}`, { fix: 'remove the file and start again' })
}

/**
 * Refuses when another supervisor holds the lock, before anything else is tried.
 *
 * @throws CliError naming the pid
 */
export function requireUnlocked(file: string): void {
  const pid = lockHolder(file)
  if (pid !== undefined) throw alreadyRunning(file, pid)
}

/** The pid of the supervisor that holds a lock; undefined when none does. */
export function lockHolder(file: string): number | undefined {
  const holder = readHolder(file)
  return holder !== undefined && isRunning(holder) ? holder.pid : undefined
}

/** Written aside and linked, so that the file never exists half written. */
function tryCreate(file: string, holder: Holder): boolean {
  const draft = `${file}.${process.pid}`
  writeDraft(draft, JSON.stringify(holder), 0o644)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(draft)
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return typeof value.pid === 'number'
      ? { pid: value.pid, startedAt: value.startedAt }
      : undefined
  } catch {
    return undefined
  }
}

/** Takes a dead holder's file away, and puts it back if a living one slipped in between. */
function removeStale(file: string, dead: Holder | undefined): void {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
    if (readHolder(aside)?.pid !== dead?.pid) linkSync(aside, file)
    unlinkSync(aside)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  }
}

function isRunning(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startTime(holder.pid)
  return holder.startedAt === undefined || now === undefined || now === holder.startedAt
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold spaces and brackets. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

const alreadyRunning = (file: string, pid: number): CliError =>
  new CliError(`Holdfast already runs on this data folder (pid ${pid})`, {
    exitCode: exitCodes.conflict,
    code: 'ALREADY_RUNNING',
    why: `it holds ${file}`,
    fix: `use it, stop it with \`kill ${pid}\`, or start another one with --data-dir and --port`,
  })
