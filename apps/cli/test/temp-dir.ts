import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that lives as long as the test. Its path is short: Unix sockets allow 107 bytes. */
export function tempDir(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hf-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
