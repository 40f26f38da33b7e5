import { EnclaveError } from '@holdfast/protocol/channel'

/** What to do after an attempt to renew a token failed. */
export interface FailedAttempt {
  readonly code: string
  readonly needsReconnect: boolean
  /** How long nobody tries again. */
  readonly pauseMs: number
}

const firstPauseMs = 1000
const longestPauseMs = 300_000

/** Failures of ours, from which nothing follows about the provider. */
const ours: ReadonlySet<string> = new Set(['ENCLAVE_UNAVAILABLE', 'INTERNAL'])

/**
 * Judges a failed attempt; `undefined` when it says nothing about the provider, so that the next call
 * may try at once.
 */
export function failureOf(error: unknown, failuresSoFar: number): FailedAttempt | undefined {
  if (!(error instanceof EnclaveError) || ours.has(error.code)) return undefined
  const { code } = error
  return {
    code,
    needsReconnect: code === 'NEEDS_RECONNECT',
    pauseMs: Math.max(
      backOff(failuresSoFar, firstPauseMs, longestPauseMs),
      Math.min(error.retryAfterMs ?? 0, longestPauseMs),
    ),
  }
}

/** Doubles with every failure, spread so that many do not come back at the same moment. */
export const backOff = (failures: number, firstMs: number, longestMs: number): number =>
  Math.round(
    Math.min(firstMs * 2 ** Math.min(failures, 20), longestMs) * (0.75 + Math.random() / 2),
  )
