import { ResponseBodyError } from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import { longestTimerMs } from '../time-limit.ts'

/** Time, as the polling of a device sees it. */
export interface PollingClock {
  /** Unix milliseconds. */
  readonly now: () => number
  /** Resolves after that time; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** How long one answer may take. */
  readonly answerWithinMs: number
}

/** What the authorization server said about polling. */
export interface PollingPlan {
  readonly intervalSeconds: number
  /** Unix milliseconds. */
  readonly endsAtMs: number
  /** Ends the polling. */
  readonly signal?: AbortSignal | undefined
}

const slowDownMs = 5_000
/** Whoever has no answer asks half as often each time, but not so seldom that an approval goes unnoticed. */
const longestBackOffMs = 60_000

/**
 * Asks until there is an answer, at the pace that the server sets: later by five seconds after
 * `slow_down`, and half as often after each question that got no answer.
 *
 * @throws ClientError `FORBIDDEN` when the person declined, `LOGIN_FAILED` when the code has ended, or
 *   why the server could not be asked when it ended meanwhile
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628#section-3.5}
 */
export async function pollForTokens<Tokens>(
  ask: (signal: AbortSignal) => Promise<Tokens>,
  { intervalSeconds, endsAtMs, signal }: PollingPlan,
  clock: PollingClock = platformClock,
): Promise<Tokens> {
  let intervalMs = intervalSeconds * 1000
  let unanswered: ClientError | undefined
  for (;;) {
    const leftMs = endsAtMs - clock.now()
    if (leftMs <= 0) throw unanswered ?? expired()
    await clock.wait(Math.min(intervalMs, leftMs, longestTimerMs), signal)
    const timeout = AbortSignal.timeout(clock.answerWithinMs)
    try {
      return await ask(signal === undefined ? timeout : AbortSignal.any([signal, timeout]))
    } catch (caught) {
      const error = timeout.aborted && signal?.aborted !== true ? late(caught) : caught
      unanswered = isUnanswered(error) ? error : undefined
      intervalMs = isUnanswered(error)
        ? Math.max(intervalMs, Math.min(intervalMs * 2, longestBackOffMs))
        : intervalMs + delayOf(error)
    }
  }
}

const isUnanswered = (error: unknown): error is ClientError =>
  error instanceof ClientError && error.code === 'SERVER_UNREACHABLE'

/** How much later to ask again. @throws what ends the polling */
function delayOf(error: unknown): number {
  if (!(error instanceof ResponseBodyError)) throw error
  switch (error.error) {
    case 'authorization_pending':
      return 0
    case 'slow_down':
      return slowDownMs
    case 'access_denied':
      throw new ClientError('FORBIDDEN', 'the sign-in was declined', { problem: error.error })
    case 'expired_token':
      throw expired()
    default:
      throw error
  }
}

const late = (cause: unknown): ClientError =>
  new ClientError('SERVER_UNREACHABLE', 'the authorization server did not answer in time', {
    cause,
  })

const expired = (): ClientError =>
  new ClientError('LOGIN_FAILED', 'nobody entered the code in time', {
    problem: 'expired_token',
    fix: 'start again, and enter the new code sooner',
  })

const platformClock: PollingClock = {
  now: () => Date.now(),
  answerWithinMs: 30_000,
  wait: (ms, signal) => {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      signal?.addEventListener('abort', stop, { once: true })
    })
  },
}
