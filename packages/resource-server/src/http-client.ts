/** The part of the Fetch API that this package uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The default {@link Fetch}. */
export const platformFetch: Fetch = (url, init) =>
  // oxlint-disable-next-line no-restricted-globals -- the only default that every runtime has; all other code takes it injected
  fetch(url, init)

/** What a JSON endpoint answered. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  /** Undefined when there is no JSON body. */
  readonly body: unknown
}

async function readLimited(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw new RangeError(`the answer is longer than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * One request for JSON with bounded time and size; redirects are not followed.
 *
 * @throws Error when nothing usable came back in time
 */
export async function requestJson(
  fetch: Fetch,
  url: string,
  options: RequestInit & { readonly timeoutMs: number; readonly maxBytes: number },
): Promise<JsonAnswer> {
  const { timeoutMs, maxBytes, signal, ...init } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, {
    ...init,
    redirect: 'manual',
    signal:
      signal === undefined || signal === null ? deadline : AbortSignal.any([signal, deadline]),
  })
  const body = parseJson(await readLimited(response, maxBytes))
  return { status: response.status, headers: response.headers, body }
}
