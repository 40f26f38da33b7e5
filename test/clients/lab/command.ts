import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A program that a package of the zoo installs. */
export const installed = (...path: readonly string[]): string =>
  join(import.meta.dirname, '../node_modules', ...path)

/** Starts an installed program with this Node. */
const startProgram = (
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcess => start(process.execPath, [file, ...args], env)

/** In a group of its own: some programs are launchers, and what they start has to end with them. */
const start = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(command, [...args], { env, cwd: env['HOME'], stdio: 'pipe', detached: true })

/** What the longest of them may take before it counts as stuck. */
export const patienceMs = 45_000

/**
 * Runs an installed program to its end and resolves with what it printed.
 *
 * @throws Error when it fails or does not end, with what it said
 */
export function runProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const child = startProgram(file, args, env)
  child.stdin?.end()
  return endOf(child)
}

/**
 * The same for one that insists on a terminal, at which nobody types.
 *
 * @throws Error when it fails or does not end, with what it said
 */
export function runInTerminal(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const command = [process.execPath, file, ...args]
  const inside =
    process.platform === 'linux'
      ? ['-qec', command.map((part) => `'${part}'`).join(' '), '/dev/null']
      : ['-q', '/dev/null', ...command]
  return endOf(start('script', inside, env))
}

async function endOf(child: ChildProcess): Promise<string> {
  const timer = setTimeout(() => killGroup(child), patienceMs)
  const [out, error, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  clearTimeout(timer)
  if (code !== 0) throw new Error(`exit code ${code}: ${error}${out}`)
  return out
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
