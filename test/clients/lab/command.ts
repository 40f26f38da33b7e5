import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A program that a package of the zoo installs. */
export const installed = (...path: readonly string[]): string =>
  join(import.meta.dirname, '../node_modules', ...path)

/** Starts an installed program with this Node. */
export const startProgram = (
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcess =>
  spawn(process.execPath, [file, ...args], {
    env,
    cwd: env['HOME'],
    stdio: ['pipe', 'pipe', 'pipe'],
  })

/** What the longest of them may take before it counts as stuck. */
export const patienceMs = 45_000

/**
 * Runs an installed program to its end and resolves with what it printed.
 *
 * @throws Error when it fails or does not end, with what it said
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const child = startProgram(file, args, env)
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  const [out, error, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  clearTimeout(timer)
  if (code !== 0) throw new Error(`exit code ${code}: ${error}${out}`)
  return out
}
