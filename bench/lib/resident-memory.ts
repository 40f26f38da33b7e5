import { readFileSync } from 'node:fs'
import type { Stack } from '@holdfast/test/stack'
import { median } from './measure.ts'
import { processTree } from './process-tree.ts'

/** Memory of one part, its launcher included, in MB. */
export interface Held {
  /** All that is resident. */
  readonly resident: number
  /** Without mapped files, whose pages are the system's: the program itself, and the database as far as it was read. */
  readonly own: number
}

/** How much memory each process of a stack holds, over a stretch of work. */
export interface MemoryWatch {
  /** The medians of each process since the last call, in the order of their start. */
  take(): ReadonlyMap<string, Held>
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
  const samples = new Map<string, Held[]>([...parts.keys()].map((name) => [name, []]))
  const sample = (): void => {
    for (const [name, pids] of parts) samples.get(name)?.push(sumOf(pids.map(heldBy)))
  }
  const timer = setInterval(sample, sampleEveryMs)
  return {
    take: () => {
      sample()
      return new Map([...samples].map(([name, taken]) => [name, medianOf(taken.splice(0))]))
    },
    stop: () => clearInterval(timer),
  }
}

const sumOf = (all: readonly Held[]): Held => ({
  resident: all.reduce((sum, { resident }) => sum + resident, 0),
  own: all.reduce((sum, { own }) => sum + own, 0),
})

const medianOf = (all: readonly Held[]): Held => ({
  resident: median(all.map(({ resident }) => resident)),
  own: median(all.map(({ own }) => own)),
})

/** A process that ended makes this throw: it must not count as one that needs no memory. */
function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
    if (kilobytes === undefined) throw new Error(`process ${pid} has ended`)
    return Number(kilobytes) / 1024
  }
  return { resident: megabytes('VmRSS'), own: megabytes('RssAnon') + megabytes('RssShmem') }
}
