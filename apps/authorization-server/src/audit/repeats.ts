import type { AuditEntry } from '@holdfast/protocol/audit'

/** Bounds how often the same thing is recorded. */
export interface Repeats {
  /**
   * What to record now: the entry when it is the first of its kind in a minute, and one entry, with
   * their number as `count`, for each kind whose minute is over and that was repeated in it.
   */
  take(kind: string, entry: AuditEntry): AuditEntry[]
}

interface Seen {
  readonly sinceMs: number
  latest: AuditEntry
  repeated: number
}

const minuteMs = 60_000
const kindLimit = 2000

/**
 * Failures can be repeated by anyone, as often as they like: the first is recorded, the others of the
 * minute are counted. With more kinds than the limit at once, further ones count by type alone.
 */
export function createRepeats(clock: () => number): Repeats {
  // In order of their minutes.
  const seen = new Map<string, Seen>()

  function over(nowMs: number): AuditEntry[] {
    const entries: AuditEntry[] = []
    for (const [kind, { sinceMs, latest, repeated }] of seen) {
      if (nowMs - sinceMs < minuteMs) break
      seen.delete(kind)
      if (repeated > 0) entries.push({ ...latest, detail: { ...latest.detail, count: repeated } })
    }
    return entries
  }

  return {
    take(kind, entry) {
      const nowMs = clock()
      const entries = over(nowMs)
      const isFull = seen.size >= kindLimit && !seen.has(kind)
      const key = isFull ? entry.type : kind
      const known = seen.get(key)
      if (known) {
        known.latest = isFull ? { type: entry.type, outcome: entry.outcome } : entry
        known.repeated += 1
        return entries
      }
      seen.set(key, { sinceMs: nowMs, latest: entry, repeated: 0 })
      return [...entries, entry]
    },
  }
}
