import type { Backend } from '../backend.ts'
import type { ConnectionTable } from './table.ts'

/** When connections were used last. */
export interface ConnectionUses {
  /** Notes a use; kept in memory and written at most once a minute per handle. */
  touch(handle: string): void
}

/** How often a connection's last use is written, and how many handles are remembered for it. */
const touchIntervalMs = 60_000
const touchedHandles = 10_000

export function createConnectionUses(
  { db, now }: Backend,
  { change }: ConnectionTable,
): ConnectionUses {
  const touchRow = db.prepare('update connections set last_used_at_ms = ? where handle = ?')
  const touchedAt = new Map<string, number>()
  return {
    touch(handle) {
      const nowMs = now()
      if (nowMs - (touchedAt.get(handle) ?? -Infinity) < touchIntervalMs) return
      if (touchedAt.size >= touchedHandles) touchedAt.clear()
      touchedAt.set(handle, nowMs)
      // Nobody waits for it and nothing depends on it: a failed write only leaves an older time.
      change(handle, () => touchRow.run(nowMs, handle)).catch(() => undefined)
    },
  }
}
