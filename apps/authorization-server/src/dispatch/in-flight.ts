import { DispatchRefusal } from './refusal.ts'

/** Most calls under way at once for one connection: half of what the enclave takes in all. */
export const maxInFlight = 64

/** Counts the calls that are under way for each connection. */
export interface InFlight {
  /**
   * Takes a place and returns how to give it back.
   *
   * @throws DispatchRefusal `DOWNSTREAM_RATE_LIMITED`
   */
  enter(handle: string): () => void
}

/** Makes the counter: one slow upstream must not take up every way to the enclave. */
export function createInFlight(): InFlight {
  const counts = new Map<string, number>()
  return {
    enter(handle) {
      const count = counts.get(handle) ?? 0
      if (count >= maxInFlight) {
        throw new DispatchRefusal(
          'DOWNSTREAM_RATE_LIMITED',
          `more than ${maxInFlight} calls are under way for this connection; try again`,
        )
      }
      counts.set(handle, count + 1)
      return () => {
        const left = (counts.get(handle) ?? 1) - 1
        if (left > 0) counts.set(handle, left)
        else counts.delete(handle)
      }
    },
  }
}
