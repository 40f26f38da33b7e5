import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { constants } from 'node:os'
import type { LaunchSpec } from './launch-spec.ts'

const passedDescriptors = [0, 1, 2, 3, 4]

/** The way without system calls: a child that gets the same descriptors, and whose end is ours. */
export async function runAsChild(
  command: readonly string[],
  { uid, gid }: Pick<LaunchSpec, 'uid' | 'gid'>,
): Promise<number> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    env: {},
    stdio: passedDescriptors.map((fd) => (isOpen(fd) ? fd : 'ignore')),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  return new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => {
      done(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}
