import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ClientError } from '../errors.ts'
import type { Session, TokenStore } from '../session.ts'
import { withFileLock } from './file-lock.ts'

/**
 * A store in one file of mode 0600, shared by every process of this user. A file that others may read is
 * refused when it is loaded: `ClientError` `NOT_SIGNED_IN`.
 */
export function fileTokenStore<T = Session>(file: string): TokenStore<T> {
  return {
    load: () => load<T>(file),
    save: (session) => save(file, session),
    exclusive: async (work) => {
      await makeFolder(file)
      return withFileLock(`${file}.lock`, work)
    },
  }
}

async function load<T>(file: string): Promise<T | undefined> {
  const text = await readPrivate(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new ClientError('NOT_SIGNED_IN', `the profile ${file} is damaged`, {
      fix: 'remove the file and sign in again',
      cause,
    })
  }
}

const othersMay = 0o077

/** The text of a file that nobody else can read; undefined when there is none. */
async function readPrivate(file: string): Promise<string | undefined> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { mode } = await handle.stat()
    // Windows keeps access lists and reports every file as readable by all.
    if (process.platform === 'win32' || (mode & othersMay) === 0) {
      return await handle.readFile('utf8')
    }
  } finally {
    await handle.close()
  }
  throw new ClientError('NOT_SIGNED_IN', `others on this machine may read the profile ${file}`, {
    fix: `sign out and in again if they may have read it; otherwise chmod 600 ${file}`,
  })
}

/** Written aside and renamed: a crash leaves the old session or the new one, never half of one. */
async function save(file: string, session: unknown): Promise<void> {
  if (session === undefined) return rm(file, { force: true })
  await makeFolder(file)
  const draft = `${file}.${process.pid}.${crypto.randomUUID()}`
  await writeFile(draft, `${JSON.stringify(session, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, file)
}

async function makeFolder(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
}
