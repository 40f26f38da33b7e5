import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openStorage, type Storage, type StorageOptions } from '../../src/index.ts'

export const encryptionKey: Uint8Array = new Uint8Array(32).fill(7)

/** A folder that is deleted when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-storage-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** An open store on a real file, with a clock that the test moves. */
export function temporaryStorage(options: Partial<StorageOptions> = {}): {
  storage: Storage
  file: string
  clock: { nowMs: number }
} {
  const file = options.file ?? join(temporaryFolder(), 'holdfast.db')
  const clock = { nowMs: 1_800_000_000_000 }
  const storage = openStorage({
    file,
    encryptionKey,
    now: () => clock.nowMs,
    sweepIntervalMs: 0,
    ...options,
  })
  onTestFinished(() => storage.close())
  return { storage, file, clock }
}

/** Every byte of the database file, its WAL and its index. */
export function bytesOnDisk(file: string): Buffer {
  const folder = join(file, '..')
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
}
