import type { Storage } from '@holdfast/storage'
import { isReplayConflict } from '../oauth/adapter.ts'

/** Remembers names until a time and tells the first use from every later one. */
export interface SeenOnce {
  /** True for the first use of `name`, false for a later one, also by another process or after a restart. */
  firstUse(name: string, untilMs: number): Promise<boolean>
}

/** Makes the memory, in the database: one that a restart forgets would let everything in once more. */
export function createSeenOnce({
  storage,
  clock,
}: {
  readonly storage: Pick<Storage, 'oidcAdapter'>
  /** Unix milliseconds. */
  readonly clock: () => number
}): SeenOnce {
  const replays = storage.oidcAdapter('ReplayDetection')
  return {
    async firstUse(name, untilMs) {
      const seconds = Math.max(1, Math.ceil((untilMs - clock()) / 1000))
      try {
        await replays.upsert(`dispatch ${name}`, {}, seconds)
        return true
      } catch (error) {
        if (isReplayConflict(error)) return false
        throw error
      }
    },
  }
}
