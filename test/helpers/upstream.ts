/** A real HTTPS API on loopback that demands a key and remembers what it saw. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuthority, type CertificateAuthority } from './tls.ts'
import { findRoute } from './upstream-routes.ts'

/** How the upstream is set up. */
export interface UpstreamOptions {
  /** The key that every request must carry. */
  readonly apiKey: string
  /** The header that carries it. Default `authorization`. */
  readonly header?: string
  /** What the header must say, `{key}` standing for the key. Default `Bearer {key}`. */
  readonly template?: string
  /** The name in the URL and the certificate. Default `localhost`. */
  readonly host?: string
  /** The TCP port on 127.0.0.1. Default 0, any free one. */
  readonly port?: number
  /** Who issues the certificate. Default an authority of its own. */
  readonly authority?: CertificateAuthority
}

/** One request as it arrived. Holds the key in plain text. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values in the order and case in which they came. */
  readonly rawHeaders: readonly string[]
  /** Whether the key was right. */
  readonly authorized: boolean
  /** The body; complete once the request was answered. */
  readonly body: Uint8Array
}

/** A running upstream. */
export interface Upstream extends AsyncDisposable {
  /** `https://host:port`, without a slash at its end. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** What a client has to trust. */
  readonly caPem: string
  /** Every request so far, refused ones too. */
  readonly seen: readonly SeenRequest[]
  /** TLS connections so far. */
  readonly connections: () => number
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Starts an upstream. Its routes are those of {@link findRoute}. */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { apiKey, host = 'localhost', authority = createAuthority() } = options
  const header = (options.header ?? 'authorization').toLowerCase()
  const expected = (options.template ?? 'Bearer {key}').replace('{key}', () => apiKey)
  const names = host === 'localhost' ? ['localhost', '127.0.0.1'] : [host]
  const { certPem, keyPem } = authority.issue(names)
  const seen: SeenRequest[] = []
  let connections = 0

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const authorized = request.headers[header] === expected
    const entry: { body: Uint8Array } & SeenRequest = {
      ...describe(request),
      authorized,
      body: new Uint8Array(),
    }
    seen.push(entry)
    entry.body = await readBody(request)
    if (!authorized) {
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end('{"error":"unauthorized"}')
      return
    }
    const url = new URL(request.url ?? '/', `https://${host}`)
    const route = findRoute(request.method ?? 'GET', url.pathname)
    if (route === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end('{"error":"not found"}')
      return
    }
    await route({
      request,
      response,
      url,
      body: entry.body,
      secret: { header: expected, key: apiKey },
    })
  }

  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('secureConnection', () => (connections += 1))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> => stop(server)
  return {
    url: `https://${host}:${port}`,
    host,
    port,
    caPem: authority.caPem,
    seen,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function describe(request: IncomingMessage): Omit<SeenRequest, 'authorized' | 'body'> {
  const { method = '', url = '', headers, rawHeaders } = request
  return { method, path: url, headers, rawHeaders }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('the request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
