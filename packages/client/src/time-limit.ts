import { ClientError } from './errors.ts'
import type { Fetch } from './http.ts'

/** How long a request may take, its answer read to the end, and which setting says so. */
export interface TimeLimit {
  readonly setting: string
  readonly ms: number
}

const defaultMs = 30_000
/** Timers take no more, and fire at once. */
export const longestTimerMs = 2_147_483_647

/** @throws ClientError `INVALID_REQUEST` for a time that no timer can keep */
export function readTimeLimit(setting: string, ms = defaultMs): TimeLimit {
  if (Number.isInteger(ms) && ms >= 1 && ms <= longestTimerMs) return { setting, ms }
  throw new ClientError('INVALID_REQUEST', `${setting} must be whole milliseconds, 1 or more`)
}

/**
 * A `fetch` that gives up in time, or earlier when the caller does. It reads answers to the end, since a
 * server may also fall silent in the middle of one: not for streams.
 *
 * @param upstreamMs - what the server may take on top, because it waits for another one
 * @throws ClientError `SERVER_UNREACHABLE` that names the server and the setting
 */
export function withTimeLimit(fetch: Fetch, { setting, ms }: TimeLimit, upstreamMs = 0): Fetch {
  const limitMs = Math.min(ms + upstreamMs, longestTimerMs)
  return async (url, init) => {
    const limit = AbortSignal.timeout(limitMs)
    const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
    try {
      // Also where the given `fetch` does not heed signals.
      return await untilAborted(
        async () => readWhole(await fetch(url, { ...init, signal })),
        signal,
      )
    } catch (cause) {
      if (!limit.aborted || init.signal?.aborted === true) throw cause
      throw new ClientError(
        'SERVER_UNREACHABLE',
        `${new URL(url).origin} did not answer within ${limitMs} ms (${setting})`,
        { fix: `check that the server is well, or raise ${setting}`, cause },
      )
    }
  }
}

async function readWhole(response: Response): Promise<Response> {
  if (response.body === null) return response
  const { status, statusText, headers } = response
  return new Response(await response.arrayBuffer(), { status, statusText, headers })
}

/**
 * The result, unless the caller stops waiting before. What was begun goes on: others may wait for it, and
 * a refresh token that is given up half-way may be lost.
 */
export async function untilAborted<T>(
  begin: () => Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (!signal) return begin()
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([begin(), aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
