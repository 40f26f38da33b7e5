import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answersByState } from './answers-by-state.ts'

/** A redirect URI on this machine, for as many sign-ins as there will be. */
export interface LoopbackRedirect {
  readonly redirectUri: string
  /**
   * The URL to which the browser was sent at the end of the sign-in that begins at `url`, told from
   * others by its `state`.
   *
   * @throws ClientError `LOGIN_FAILED` when it takes too long, or the redirect was closed
   */
  readonly answer: (url: URL) => Promise<URL>
  readonly close: () => void
}

const pageOf = (title: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<h1>${title}</h1><p>You can close this tab and return to the program.</p></html>`

/**
 * Listens on a port of 127.0.0.1 for the answers to sign-ins. It keeps a process alive only while it
 * waits for one.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.3}
 */
export async function openLoopbackRedirect(
  options: {
    /** How long one sign-in may take. Default 600000. */
    readonly timeoutMs?: number
    /** Default any free one; for servers that want the redirect as it was registered. */
    readonly port?: number
  } = {},
): Promise<LoopbackRedirect> {
  const answers = answersByState(options.timeoutMs ?? 600_000)
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '/', origin())
    if (request.method !== 'GET' || url?.pathname !== '/callback') return refuse(response)
    if (!answers.deliver(url)) return refuse(response)
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    response.end(pageOf(url.searchParams.has('error') ? 'Not signed in' : 'Signed in'))
  })
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    redirectUri: `${origin()}/callback`,
    answer: (url) => answers.of(url),
    close: () => {
      answers.end()
      server.close()
      server.closeAllConnections()
    },
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, { connection: 'close' })
  response.end()
}
