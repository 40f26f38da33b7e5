import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientError } from '../errors.ts'

/** A redirect URI on this machine that waits for one answer. */
export interface LoopbackRedirect {
  readonly redirectUri: string
  /** The URL that the browser was sent to. @throws ClientError `LOGIN_FAILED` when it takes too long */
  readonly answer: () => Promise<URL>
  readonly close: () => void
}

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<h1>Signed in</h1><p>You can close this tab and return to the terminal.</p></html>`

/**
 * Listens on a port of 127.0.0.1 for the answer to a sign-in.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.3}
 */
export async function openLoopbackRedirect(
  options: {
    /** Default 600000. */
    readonly timeoutMs?: number
    /** Default any free one; for servers that want the redirect as it was registered. */
    readonly port?: number
  } = {},
): Promise<LoopbackRedirect> {
  const answered = Promise.withResolvers<URL>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin())
    if (request.method !== 'GET' || url.pathname !== '/callback') return refuse(response)
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    response.end(page)
    answered.resolve(url)
  })
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const timeoutMs = options.timeoutMs ?? 600_000
  const timer = setTimeout(() => {
    answered.reject(
      new ClientError(
        'LOGIN_FAILED',
        'nobody finished the sign-in in a browser on this machine in time',
      ),
    )
  }, timeoutMs)
  // Rejected also when nobody waits for it any more.
  answered.promise.catch(() => undefined)
  return {
    redirectUri: `${origin()}/callback`,
    answer: () => answered.promise,
    close: () => {
      clearTimeout(timer)
      server.close()
      server.closeAllConnections()
    },
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, { connection: 'close' })
  response.end()
}
