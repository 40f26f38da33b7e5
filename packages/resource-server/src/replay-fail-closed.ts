import { type ReplayStore, TokenError } from '@holdfast/protocol/token'

/** Options of the stores that another machine may hold. */
export interface SharedReplayOptions {
  /** How long one answer of the store may take; the proof is refused then. Default 2000. */
  readonly timeoutMs?: number
}

/** A promise that rejects in time, and how to forget it. */
function deadline(timeoutMs: number): {
  readonly late: Promise<never>
  readonly clear: () => void
} {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const error = new Error(`the store of used proofs gave no answer within ${timeoutMs} ms`)
  const timer = setTimeout(() => reject(error), timeoutMs)
  return { late, clear: () => clearTimeout(timer) }
}

/**
 * A store that refuses when it cannot tell: drivers keep questions while their server is away, and
 * callers would wait for it. A question that is answered too late has used the proof up.
 *
 * @throws TokenError `temporarily_unavailable` when the server is away or silent
 */
export function failClosed(
  store: ReplayStore,
  { timeoutMs = 2_000 }: SharedReplayOptions,
): ReplayStore {
  return {
    use: async (id, expiresAtMs) => {
      const { late, clear } = deadline(timeoutMs)
      try {
        return await Promise.race([store.use(id, expiresAtMs), late])
      } catch (cause) {
        if (cause instanceof TokenError) throw cause
        throw new TokenError('temporarily_unavailable', 'used proofs cannot be looked up', {
          cause,
        })
      } finally {
        clear()
      }
    },
  }
}
