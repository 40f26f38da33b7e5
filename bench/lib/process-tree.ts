import type { Stack } from '@holdfast/test/stack'
import { readFileSync } from 'node:fs'

/** A process and all that descend from it: in a PID namespace the worker is a child of its launcher. */
export function processTree(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(processTree)]
}

/** All processes of a running stack, without its supervisor. */
export async function stackProcesses(stack: Pick<Stack, 'report'>): Promise<readonly number[]> {
  const { processes } = await stack.report()
  return processes.flatMap(({ pid }) => (pid === null ? [] : processTree(pid)))
}
