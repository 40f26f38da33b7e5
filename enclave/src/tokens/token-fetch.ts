import { EnclaveError } from '@holdfast/protocol/channel'
import type { CustomFetchOptions } from 'oauth4webapi'
import { contentEncoding } from '../response-head.ts'
import type { Upstream, UpstreamResponse } from '../upstream.ts'
import { requestFailure } from '../upstream-errors.ts'
import { retryAfterMs } from './retry-after.ts'
import { tidyTokenAnswer } from './tidy-answer.ts'

/** Time for one request to a provider, from the dial to the last byte. */
const timeoutMs = 10_000

/** Token answers are of a few kilobytes. */
const maxAnswerBytes = 131_072

/** The `fetch` that the OAuth library is given. */
export type TokenFetch = (
  url: string,
  options: CustomFetchOptions<string, URLSearchParams | string | undefined>,
) => Promise<Response>

/**
 * A `fetch` over the enclave's own way out: TLS that ends here, through the relay. Follows no redirect,
 * reads no more than a token answer can be, and never waits longer than its own deadline: the asker
 * may have gone, the answer must be remembered all the same.
 *
 * @throws EnclaveError `DOWNSTREAM_*`, `HOST_NOT_ALLOWED`; `TOKEN_REFUSED` for a redirect
 */
export function createTokenFetch(upstream: Upstream): TokenFetch {
  return async (url, { method, headers, body }) => {
    const { origin, pathname, search } = new URL(url)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await upstream.send({
        origin,
        method,
        target: `${pathname}${search}`,
        headers: new Map(
          Object.entries({ 'user-agent': 'holdfast', ...headers, 'accept-encoding': 'identity' }),
        ),
        body: body === undefined ? undefined : Buffer.from(body.toString()),
        signal,
      })
      requireAnswer(response)
      const bytes = await readAnswer(response, signal)
      return tidyTokenAnswer(response.statusCode, response.headers['content-type'], bytes)
    } catch (error) {
      if (signal.aborted) {
        throw new EnclaveError('DOWNSTREAM_TIMEOUT', 'the provider did not answer in time')
      }
      throw error
    }
  }
}

/** Ends what no token answer is, before its body is read. */
function requireAnswer({ statusCode, headers, body }: UpstreamResponse): void {
  const refuse = (error: EnclaveError): never => {
    body.destroy()
    throw error
  }
  // GitHub says 403 too, which must not look like the end of the authorization.
  const isLimited =
    statusCode === 403 && ('retry-after' in headers || headers['x-ratelimit-remaining'] === '0')
  const pause = { retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()) }
  if (statusCode === 429 || isLimited) {
    refuse(new EnclaveError('DOWNSTREAM_RATE_LIMITED', 'the provider asks to slow down', pause))
  }
  if (statusCode >= 500) {
    refuse(new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the provider’s token endpoint fails', pause))
  }
  if (statusCode >= 300 && statusCode < 400) {
    refuse(
      new EnclaveError(
        'TOKEN_REFUSED',
        'the token endpoint redirects, which is not followed; its address must be given as it is',
      ),
    )
  }
  if (contentEncoding(headers) !== 'identity') {
    refuse(new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the token endpoint compresses its answer'))
  }
}

async function readAnswer({ body }: UpstreamResponse, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  const stop = (): void => {
    body.destroy()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxAnswerBytes) {
        throw new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the provider’s answer is too large')
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    throw requestFailure(error)
  } finally {
    signal.removeEventListener('abort', stop)
    body.destroy()
  }
}
