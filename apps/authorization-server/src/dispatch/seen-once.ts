/** Remembers names until a time and tells the first use from every later one. */
export interface SeenOnce {
  /** True for the first use of `name`; false for a later one, and when there is no room to remember. */
  firstUse(name: string, untilMs: number): boolean
}

export interface SeenOnceOptions {
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Width of one bucket; names of a bucket are forgotten together. Default 60000. */
  readonly bucketMs?: number
  /** Most names remembered at once; beyond it every name counts as seen. Default 1000000. */
  readonly limit?: number
}

/**
 * A memory of this process in time buckets: forgets by time only, never by count, so that a flood
 * cannot push a name out before its time.
 */
export function createSeenOnce(options: SeenOnceOptions): SeenOnce {
  const { clock, bucketMs = 60_000, limit = 1_000_000 } = options
  const buckets = new Map<number, Set<string>>()
  let total = 0
  let lastSwept = 0

  function sweep(nowBucket: number): void {
    if (nowBucket === lastSwept) return
    lastSwept = nowBucket
    for (const [bucket, names] of buckets) {
      if (bucket >= nowBucket) continue
      total -= names.size
      buckets.delete(bucket)
    }
  }

  return {
    firstUse(name, untilMs) {
      sweep(Math.floor(clock() / bucketMs))
      const bucket = Math.floor(untilMs / bucketMs)
      const names = buckets.get(bucket) ?? new Set()
      if (names.has(name) || total >= limit) return false
      buckets.set(bucket, names)
      names.add(name)
      total += 1
      return true
    },
  }
}
