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
    pauseMs: pauseAfter(error, failuresSoFar, firstPauseMs, longestPauseMs),
  }
}

/**
 * How long to wait after a failure: what the provider asked for, if that is longer than ours, which doubles
 * with every failure and is spread so that many do not come back at the same moment.
 */
export function pauseAfter(
  { retryAfterMs = 0 }: EnclaveError,
  failures: number,
  firstMs: number,
  longestMs: number,
): number {
  const ownMs = Math.min(firstMs * 2 ** Math.min(failures, 20), longestMs)
  return Math.max(Math.round(ownMs * (0.75 + Math.random() / 2)), Math.min(retryAfterMs, longestMs))
}
