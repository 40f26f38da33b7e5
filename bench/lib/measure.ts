/**
 * Measuring by CPU time of the process that does the work: on a busy machine of few cores that is
 * steady where wall time is not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** Something measured: `run` does `count` operations, checks every reply and throws on a wrong one. */
export interface Variant {
  readonly name: string
  /** Operations per round. */
  readonly count: number
  /** Operations before the first round, when one round is too short to have everything compiled. */
  readonly warmUpCount?: number
  /** Makes the round's inputs, outside the measured time. */
  prepare?(count: number): Promise<void>
  run(count: number): Promise<void>
  /** Checks what can only be checked after a run, outside the measured time; throws when it does not hold. */
  verify?(count: number): Promise<void>
  /** Where `run` puts how long single operations took, if it can tell. */
  readonly latenciesMs?: number[]
  /** Processes whose CPU is counted; absent means this process. */
  readonly pids?: readonly number[]
  /** The variant that this one is compared with; default the group's first, false for none. */
  readonly baseline?: string | false
  /** What this variant does not do, so that nobody compares unlike with like. */
  readonly note?: string
}

/** One variant's medians over the rounds. */
export interface Measurement {
  readonly name: string
  readonly microsecondsPerOperation: number
  readonly operationsPerSecond: number
  /** Median time of one operation as its caller saw it. */
  readonly p50Ms?: number
  readonly spread: readonly [low: number, high: number]
  readonly rounds: readonly number[]
  /** Operations per second of each round. */
  readonly rates: readonly number[]
  readonly baseline?: string | false
  readonly note?: string
}

// Linux reports process times in ticks of 1/100 s on every platform that Node supports.
const microsecondsPerTick = 10_000

function cpuMicroseconds(pids: readonly number[] | undefined): number {
  if (!pids) {
    const { user, system } = process.cpuUsage()
    return user + system
  }
  const read = hasSchedstat ? threadMicroseconds : tickMicroseconds
  return pids.reduce((sum, pid) => sum + read(pid), 0)
}

// To the nanosecond, which short rounds need; not every kernel tells it.
const hasSchedstat = existsSync('/proc/self/schedstat')

/** CPU time of all threads; servers keep theirs. */
function threadMicroseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
    return sum + Number(nanoseconds) / 1000
  }, 0)
}

function tickMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick
}

/**
 * Runs all variants in interleaved rounds, forward and backward in turn, after one warm-up round.
 *
 * @param rounds - measured rounds, 3 or more; the median counts
 */
export async function measure(
  variants: readonly Variant[],
  rounds: number,
  progress: (text: string) => void,
): Promise<readonly Measurement[]> {
  const cpu = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
  const rate = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
  for (const variant of variants) {
    progress(`warming up: ${variant.name}`)
    const { warmUpCount = variant.count } = variant
    await variant.prepare?.(warmUpCount)
    await variant.run(warmUpCount)
    await variant.verify?.(warmUpCount)
    variant.latenciesMs?.splice(0)
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      progress(`round ${round + 1} of ${rounds}: ${variant.name}`)
      await variant.prepare?.(variant.count)
      const before = cpuMicroseconds(variant.pids)
      const start = performance.now()
      await variant.run(variant.count)
      const seconds = (performance.now() - start) / 1000
      cpu.get(variant.name)?.push((cpuMicroseconds(variant.pids) - before) / variant.count)
      rate.get(variant.name)?.push(variant.count / seconds)
      await variant.verify?.(variant.count)
    }
  }
  return variants.map(({ name, note, baseline, latenciesMs }) => {
    const samples = cpu.get(name) ?? []
    return {
      name,
      microsecondsPerOperation: median(samples),
      operationsPerSecond: median(rate.get(name) ?? []),
      ...(latenciesMs === undefined ? {} : { p50Ms: median(latenciesMs) }),
      spread: [Math.min(...samples), Math.max(...samples)],
      rounds: samples,
      rates: rate.get(name) ?? [],
      ...(baseline === undefined ? {} : { baseline }),
      ...(note === undefined ? {} : { note }),
    }
  })
}

/**
 * The middle one of the rounds' own ratios. What else runs on the machine slows neighbours alike and leaves
 * their ratio; two medians may come from rounds minutes apart.
 */
export function pairedRatio(ours: readonly number[], baseline: readonly number[]): number {
  return median(ours.map((value, round) => value / (baseline[round] ?? Number.NaN)))
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** Runs `count` calls of `call` with at most `concurrency` at once. */
export async function inParallel(
  count: number,
  concurrency: number,
  call: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      await call(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker))
}
