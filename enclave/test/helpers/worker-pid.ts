import { readFileSync } from 'node:fs'

/** The worker itself: below a launcher that holds a pid namespace open it is the only child. */
export function workerPid(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? pid : workerPid(Number(children.split(' ')[0]))
}
