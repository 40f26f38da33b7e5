import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createAuthority } from './tls.ts'

/** A request as it reached the upstream. Holds the credential in plain text. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** An API over TLS that answers with what it was sent. */
export interface EchoUpstream extends AsyncDisposable {
  /** `https://localhost:<port>` */
  readonly url: string
  /** What a caller has to trust. */
  readonly caPem: string
  /** Every request so far. */
  readonly seen: readonly SeenRequest[]
}

/**
 * Starts an API that answers `{ method, path, headers, body }`, credential and all: whoever claims
 * that a credential does not come back can be tested with it. `/status/<code>` answers that status.
 */
export async function startEchoUpstream(): Promise<EchoUpstream> {
  const authority = createAuthority()
  const { certPem, keyPem } = authority.issue(['localhost', '127.0.0.1'])
  const seen: SeenRequest[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request
    const entry = { method, path, headers, body: await text(request) }
    seen.push(entry)
    const status = Number(/^\/status\/([2-5]\d\d)$/.exec(path)?.[1] ?? 200)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(entry))
  }
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    caPem: authority.caPem,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
