import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClientError } from '../errors.ts'

/** A holder shows that it lives by touching its lock; older than this it is taken for dead. */
const staleAfterMs = 15_000
const touchEveryMs = 3_000
const waitMs = 60_000
const pollMs = 25

/**
 * Runs work while holding a lock file, one process at a time.
 *
 * @throws ClientError `CONFLICT` when another process does not give it back in time
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = crypto.randomUUID()
  const giveUpAt = performance.now() + waitMs
  while (!(await tryTake(file, mine))) {
    if (performance.now() > giveUpAt) {
      throw new ClientError('CONFLICT', 'another process keeps the profile locked', {
        fix: `end it, or remove ${file} if none runs`,
      })
    }
    if (!(await removeIfStale(file))) await sleep(pollMs)
  }
  const touch = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => undefined)
  }, touchEveryMs)
  touch.unref()
  try {
    return await work()
  } finally {
    clearInterval(touch)
    await release(file, mine)
  }
}

async function tryTake(file: string, mine: string): Promise<boolean> {
  try {
    await writeFile(file, mine, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Takes a dead holder's lock away; puts it back if it turns out to be another, living one's. */
async function removeIfStale(file: string): Promise<boolean> {
  const aside = `${file}.${crypto.randomUUID()}`
  try {
    const before = await readFile(file, 'utf8')
    if (Date.now() - (await stat(file)).mtimeMs < staleAfterMs) return false
    await rename(file, aside)
    if ((await readFile(aside, 'utf8')) !== before) await link(aside, file)
    await rm(aside)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EEXIST') return true
    throw error
  }
}

async function release(file: string, mine: string): Promise<void> {
  const holder = await readFile(file, 'utf8').catch(() => undefined)
  if (holder === mine) await rm(file, { force: true })
}
