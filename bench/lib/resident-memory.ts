import { readFileSync } from 'node:fs'
import type { Stack } from '@holdfast/test/stack'
import { median } from './measure.ts'
import { processTree } from './process-tree.ts'

/** How much memory each process of a stack holds, over a stretch of work. */
export interface MemoryWatch {
  /** The median of each process since the last call, in MB, in the order of their start. */
  take(): ReadonlyMap<string, number>
  stop(): void
}

const sampleEveryMs = 250

/** Linux only: reads /proc. */
export async function watchMemory(stack: Stack): Promise<MemoryWatch> {
  const { pid: supervisor, processes } = await stack.report()
  const parts = new Map<string, readonly number[]>([['supervisor', [supervisor]]])
  for (const { name, pid } of processes) {
    if (pid !== null) parts.set(name, processTree(pid))
  }
  const samples = new Map<string, number[]>([...parts.keys()].map((name) => [name, []]))
  const sample = (): void => {
    for (const [name, pids] of parts) {
      samples.get(name)?.push(pids.reduce((sum, pid) => sum + residentMegabytes(pid), 0))
    }
  }
  const timer = setInterval(sample, sampleEveryMs)
  return {
    take: () => {
      sample()
      return new Map([...samples].map(([name, taken]) => [name, median(taken.splice(0))]))
    },
    stop: () => clearInterval(timer),
  }
}

/** A process that ended makes this throw: it must not count as one that needs no memory. */
function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has ended`)
  return Number(kilobytes) / 1024
}
