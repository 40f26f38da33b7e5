import { TokenError } from '@holdfast/protocol/token'

/** Options of the stores that keep used proofs in a table. */
export interface ReplayTableOptions {
  /** Proofs held at once; further ones are refused. Default 1000000. */
  readonly maxEntries?: number
  /** How often expired proofs are removed. Default 30000. */
  readonly cleanupMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/** What a table does for {@link createTableReplayStore}. */
export interface ReplayTable {
  /** Whether the proof was not there yet. */
  readonly insert: (id: string, expiresAtMs: number) => boolean | Promise<boolean>
  /** Removes what expired before, and counts what is left. */
  readonly cleanUp: (beforeMs: number) => number | Promise<number>
}

/** Longer than any clock difference between two processes that share a table. */
const graceMs = 60_000

/**
 * A proof's name as a database takes it: quoted, so that a NUL or half of a surrogate pair, which a
 * client may well send, is a name like any other.
 */
export const storedId = (id: string): string => JSON.stringify(id)

/**
 * A {@link ReplayStore} over a table with a primary key. Only time removes an entry; a full table
 * refuses further proofs, since one that dropped the oldest could be flushed by a flood.
 */
export function createTableReplayStore(
  table: ReplayTable,
  options: ReplayTableOptions,
): { readonly use: (id: string, expiresAtMs: number) => Promise<boolean> } {
  const { maxEntries = 1_000_000, cleanupMs = 30_000, now = Date.now } = options
  let cleanedAt = Number.NEGATIVE_INFINITY
  let size = 0
  let pending: Promise<void> | undefined

  const cleanUp = async (): Promise<void> => {
    size = await table.cleanUp(now() - graceMs)
    cleanedAt = now()
  }
  const ensureClean = async (): Promise<void> => {
    if (now() - cleanedAt < cleanupMs) return
    pending ??= cleanUp().finally(() => {
      pending = undefined
    })
    await pending
  }

  return {
    use: async (id, expiresAtMs) => {
      await ensureClean()
      if (size >= maxEntries) {
        throw new TokenError('temporarily_unavailable', 'too many proofs at once; try again later')
      }
      const isFirst = await table.insert(storedId(id), expiresAtMs)
      if (isFirst) size += 1
      return isFirst
    },
  }
}
