import { basicAuthorization } from './client-authentication.ts'
import { isAtIssuer } from './connect-links.ts'
import { type JsonAnswer, requestJson } from './http-client.ts'
import { member } from './member.ts'
import type { ConnectedSettings } from './settings.ts'

/** Tells whether the user has made a connection, once that is settled or nobody waits any longer. */
export type ConnectWait = (pollUrl: string, signal?: AbortSignal) => Promise<boolean>

const pollMs = 2_000
const patienceMs = 120_000

/** Ends early, and without an error, when nobody waits any longer. */
const pause = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(end, pollMs)
    function end(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    signal?.addEventListener('abort', end)
    if (signal?.aborted === true) end()
  })

/** Asks every two seconds, for two minutes, what became of a link on which a user connects an account. */
export function createConnectWait({ fetch, client, issuer, now }: ConnectedSettings): ConnectWait {
  const ask = (url: string, signal: AbortSignal | undefined): Promise<JsonAnswer | undefined> =>
    requestJson(fetch, url, {
      headers: { accept: 'application/json', authorization: basicAuthorization(client) },
      timeoutMs: 5_000,
      maxBytes: 65_536,
      signal: signal ?? null,
    }).catch(() => undefined)

  return async (pollUrl, signal) => {
    // Errors are made by tools too, and this server's secret is for its authorization server alone.
    if (!isAtIssuer(pollUrl, issuer)) return false
    for (const until = now() + patienceMs; ;) {
      const answer = await ask(pollUrl, signal)
      if (member(answer?.body, 'connected') === true) return true
      const isOver =
        member(answer?.body, 'status') === 'expired' ||
        [401, 403, 404, 410].includes(answer?.status ?? 0) ||
        now() + pollMs > until
      if (isOver) return false
      await pause(signal)
      if (signal?.aborted === true) return false
    }
  }
}
