import { TokenError } from './token-error.ts'

/**
 * Remembers identifiers that may be used once.
 *
 * `use` is called after a proof's signature was checked. It returns true for the first caller and
 * false for every other one until `expiresAtMs`, also among concurrent callers; it throws, and never
 * forgets something that is still valid, when it has no room.
 */
export interface ReplayStore {
  readonly use: (id: string, expiresAtMs: number) => boolean | Promise<boolean>
}

/** Options of {@link createMemoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** Identifiers held at once; further ones are refused. Default 1000000 (about 150 MB). */
  readonly maxEntries?: number
  /** Time span that is forgotten together; shorter ones cost look-ups, longer ones memory. Default 30000. */
  readonly bucketMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * A {@link ReplayStore} of one process: sets of identifiers by expiry. Only time removes an entry; a
 * store that dropped the oldest when full could be flushed by a flood and then replayed against.
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  const { maxEntries = 1_000_000, bucketMs = 30_000 } = options
  const now = options.now ?? Date.now
  const buckets = new Map<number, Set<string>>()
  let size = 0

  const forgetExpired = (nowMs: number): void => {
    for (const [bucket, ids] of buckets) {
      if ((bucket + 1) * bucketMs > nowMs) continue
      buckets.delete(bucket)
      size -= ids.size
    }
  }

  return {
    use: (id, expiresAtMs) => {
      forgetExpired(now())
      const own = Math.floor(expiresAtMs / bucketMs)
      for (const [bucket, ids] of buckets) if (bucket !== own && ids.has(id)) return false
      const ids = buckets.get(own) ?? new Set<string>()
      if (size >= maxEntries) {
        if (ids.has(id)) return false
        throw new TokenError('temporarily_unavailable', 'too many proofs at once; try again later')
      }
      buckets.set(own, ids)
      // Adding tells by the size whether it was there: one look-up of a large set instead of two.
      const before = ids.size
      if (ids.add(id).size === before) return false
      size += 1
      return true
    },
  }
}
