import { randomBytes } from 'node:crypto'
import { chmodSync, openSync, readFileSync, closeSync, writeSync, fsyncSync } from 'node:fs'
import { join } from 'node:path'

const length = 32

/**
 * The key that encrypts this process's secrets in the database: read from `control.key`, made on the
 * first start with mode 0600.
 * @throws Error when the file has another length or cannot be read
 */
export function loadControlKey(dataDir: string): Uint8Array {
  const file = join(dataDir, 'control.key')
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      const fresh = randomBytes(length)
      writeSync(descriptor, fresh)
      fsyncSync(descriptor)
      return fresh
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  chmodSync(file, 0o600)
  const key = readFileSync(file)
  if (key.length !== length) {
    throw new Error(
      `control.key must hold ${length} bytes; restore it from a backup, the database cannot be read without it`,
    )
  }
  return key
}
