import { createMemoryReplayStore } from '@holdfast/protocol/token'
import type { Variant } from '../lib/measure.ts'

const names = { empty: 'replay check, nothing live', full: 'replay check, 1M live proofs' } as const
const liveProofs = 1_000_000

/**
 * What a proof is remembered by: a thumbprint and its jti, of a new proof each time. Made as the proof
 * check does, just before its use: texts kept for later would be moved about on the measured time.
 */
function createIds(): () => string {
  const thumbprint = crypto.randomUUID().padEnd(43, 'k')
  let count = 0
  return () => `${thumbprint}.${String((count += 1)).padStart(36, '0')}`
}

// Proofs of one minute, as they come; far enough ahead that none expires during the run.
const start = Date.now() + 3_600_000
const expiryOf = (at: number): number => start + (at % 60_000)

function replayVariant(name: string, count: number, live: number): Variant {
  let store = createMemoryReplayStore({ maxEntries: 2 * liveProofs })
  let isFilled = false
  const newId = createIds()
  return {
    name,
    count,
    prepare: async () => {
      // A store that many rounds were added to is not empty any more.
      if (live === 0) store = createMemoryReplayStore()
      else if (!isFilled) {
        for (let at = 0; at < live; at += 1) void store.use(newId(), expiryOf(at))
        isFilled = true
      }
    },
    run: async (n) => {
      for (let at = 0; at < n; at += 1) {
        if (store.use(newId(), expiryOf(at)) !== true) throw new Error('a new proof was refused')
      }
    },
  }
}

/** The memory store's part of a proof check, alone. */
export const replayVariants = (quick: boolean): readonly Variant[] => {
  const count = quick ? 20_000 : 50_000
  return [replayVariant(names.empty, count, 0), replayVariant(names.full, count, liveProofs)]
}

/** Goal G7: the dearer of both in V, and how much 1M live proofs add. */
export function replayRatios(
  by: (name: string) => { readonly microsecondsPerOperation: number },
  v: number,
): { readonly G7: number; readonly G7b: number } {
  const empty = by(names.empty).microsecondsPerOperation
  const full = by(names.full).microsecondsPerOperation
  return { G7: Math.max(empty, full) / v, G7b: full / empty }
}
