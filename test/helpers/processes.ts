/** The processes behind a stack, read from /proc. */
import { readFileSync, readlinkSync } from 'node:fs'
import type { Stack } from './stack.ts'

/** A process and what it is part of. */
export interface FoundProcess {
  readonly name: string
  readonly pid: number
}

/** True where /proc tells about processes. */
export const hasProc = process.platform === 'linux'

const childrenOf = (pid: number): readonly number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}

/** A process and everything below it: a launcher may hold a namespace open above its worker. */
export function withDescendants(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)]
}

/** The supervisor, and every process of each part with what is below it. */
export async function processesOf(stack: Stack): Promise<readonly FoundProcess[]> {
  const { pid: supervisor, processes } = await stack.report()
  return [
    { name: 'supervisor', pid: supervisor },
    ...processes.flatMap(({ name, pid }) =>
      pid === null ? [] : withDescendants(pid).map((one) => ({ name, pid: one })),
    ),
  ]
}

/** The process of a part that does its work: the lowest one. */
export async function workerOf(stack: Stack, name: string): Promise<number> {
  const worker = (await processesOf(stack)).findLast((one) => one.name === name)
  if (worker === undefined) throw new Error(`${name} does not run`)
  return worker.pid
}

/** True while a process exists and is not only waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}

/** The file that a process executes; undefined when it hides it, as a non-dumpable one does from all but root. */
export function executableOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined
    throw error
  }
}

/** One line of `/proc/<pid>/limits`: the soft and the hard limit. */
export function limitOf(pid: number, name: string): readonly [soft: string, hard: string] {
  const line = readFileSync(`/proc/${pid}/limits`, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(name))
  const [soft = '', hard = ''] = line?.slice(name.length).trim().split(/\s+/) ?? []
  return [soft, hard]
}
