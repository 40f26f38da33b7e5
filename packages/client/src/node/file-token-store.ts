import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ClientError } from '../errors.ts'
import type { Session, TokenStore } from '../session.ts'
import { withFileLock } from './file-lock.ts'

/** A store in one file of mode 0600, shared by every process of this user. */
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
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new ClientError('NOT_SIGNED_IN', `the profile ${file} is damaged`, {
      fix: 'remove the file and sign in again',
      cause,
    })
  }
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
