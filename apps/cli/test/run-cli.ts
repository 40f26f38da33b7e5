import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { tempDir } from './temp-dir.ts'

const main = path.join(import.meta.dirname, '..', 'src', 'main.ts')

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line to its end, in a folder of its own, with stdin as a pipe. */
export async function holdfast(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; dir?: string } = {},
): Promise<Result> {
  const dir = options.dir ?? tempDir()
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', main, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      HOLDFAST_DATA_DIR: path.join(dir, 'data'),
      HOLDFAST_CONFIG_DIR: path.join(dir, 'config'),
      ...options.env,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
