import { type CancelSignal, Cancellation, EnclaveError } from '@holdfast/protocol/channel'

/** A signal that fires when the time is over or the asker gave up. */
export interface Deadline {
  readonly signal: CancelSignal
  /** The failure to report: the deadline's, if that is what ended the call. */
  explain(error: unknown): unknown
  clear(): void
}

/** Starts a deadline. */
export function startDeadline(timeoutMs: number, outer: CancelSignal): Deadline {
  const signal = new Cancellation()
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    signal.abort()
  }, timeoutMs)
  const giveUp = (): void => signal.abort()
  outer.addEventListener('abort', giveUp, { once: true })
  if (outer.aborted) giveUp()
  return {
    signal,
    explain: (error) =>
      isOver
        ? new EnclaveError('DOWNSTREAM_TIMEOUT', 'the upstream did not answer in time', {
            mayHaveRun: true,
          })
        : error,
    clear() {
      clearTimeout(timer)
      outer.removeEventListener('abort', giveUp)
    },
  }
}
