import { createFingerprint } from './fingerprint.ts'
import { FingerprintSet } from './fingerprint-set.ts'
import { inRange } from './number-range.ts'
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
  /** Identifiers held at once; further ones are refused. Default 1000000 (about 30 MB). */
  readonly maxEntries?: number
  /** Time span that is forgotten together; shorter ones cost look-ups, longer ones memory. Default 30000. */
  readonly bucketMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * A {@link ReplayStore} of one process: sets of identifiers by expiry. Only time removes an entry; a
 * store that dropped the oldest when full could be flushed by a flood and then replayed against.
 *
 * It keeps 64 bits of each identifier, hashed with a key of its own. With a million held, one new
 * identifier in 10^13 is mistaken for a used one and refused; a used one is never taken for new.
 *
 * @throws RangeError for numbers that cannot be
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  const maxEntries = inRange('maxEntries', options.maxEntries ?? 1_000_000, 0)
  const bucketMs = inRange('bucketMs', options.bucketMs ?? 30_000, 1)
  const now = options.now ?? Date.now
  const fingerprintOf = createFingerprint()
  const buckets = new Map<number, FingerprintSet>()
  let size = 0
  /** The bucket that expires next. */
  let oldest = Number.POSITIVE_INFINITY

  const forgetExpired = (nowMs: number): void => {
    if ((oldest + 1) * bucketMs > nowMs) return
    for (const [bucket, used] of buckets) {
      if ((bucket + 1) * bucketMs > nowMs) continue
      buckets.delete(bucket)
      size -= used.size
    }
    oldest = Math.min(...buckets.keys())
  }
  const open = (bucket: number): FingerprintSet => {
    const used = new FingerprintSet()
    buckets.set(bucket, used)
    oldest = Math.min(oldest, bucket)
    return used
  }

  return {
    use: (id, expiresAtMs) => {
      forgetExpired(now())
      const fingerprint = fingerprintOf(id)
      const own = Math.floor(expiresAtMs / bucketMs)
      for (const [bucket, used] of buckets) {
        if (bucket !== own && used.has(fingerprint)) return false
      }
      const used = buckets.get(own)
      if (size >= maxEntries) {
        if (used?.has(fingerprint)) return false
        throw new TokenError('temporarily_unavailable', 'too many proofs at once; try again later')
      }
      if (!(used ?? open(own)).add(fingerprint)) return false
      size += 1
      return true
    },
  }
}
