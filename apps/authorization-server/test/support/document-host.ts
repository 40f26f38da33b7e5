import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { testDns, type TestDns } from '../../../egress-relay/test/support.ts'
import { type CertificateAuthority, createAuthority } from '../../../../test/helpers/tls.ts'

/** A real https server whose documents a test sets; its name is told by a real DNS server. */
export interface DocumentHost {
  readonly name: string
  readonly port: number
  /** Requests so far: `path user-agent`. */
  readonly requests: string[]
  /** TCP connections so far. */
  readonly connections: () => number
  /** What the next requests get. */
  handler: (request: IncomingMessage, response: ServerResponse) => void
  /** URL below this host. */
  url(path: string): string
  /** Serves a document under a path and returns its URL, which is also its `client_id`. */
  serve(path: string, document?: Record<string, unknown>, headers?: Record<string, string>): string
  /** Settings by which the authorization server reaches it. */
  readonly outbound: Record<string, unknown>
  /** Stops answering, as a host that is down. */
  die(): Promise<void>
  stop(): Promise<void>
}

/** Minimal document of a public native client. */
export const publicDocument = {
  client_name: 'Documented agent',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}

export async function startDocumentHost(
  name = 'docs.example',
  options: {
    readonly authority?: CertificateAuthority
    /** Addresses of every name; default 127.0.0.1. */
    readonly answers?: (type: 'A' | 'AAAA', name: string, nth: number) => readonly string[]
    readonly tls?: boolean
  } = {},
): Promise<DocumentHost> {
  const authority = options.authority ?? createAuthority()
  const { certPem, keyPem } = authority.issue([name, 'localhost', '127.0.0.1'])
  const routes = new Map<string, (response: ServerResponse) => void>()
  const requests: string[] = []
  let connections = 0
  const dns: TestDns = await testDns(
    options.answers ?? ((type) => (type === 'A' ? ['127.0.0.1'] : [])),
  )
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.url} ${request.headers['user-agent'] ?? ''}`)
    host.handler(request, response)
  }
  const server =
    options.tls === false
      ? createServer(serve)
      : createTlsServer({ cert: certPem, key: keyPem }, serve)
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host: DocumentHost = {
    name,
    port,
    requests,
    connections: () => connections,
    handler(request, response) {
      const route = routes.get(request.url ?? '')
      if (route) route(response)
      else response.writeHead(404).end()
    },
    url: (path) => `https://${name}:${port}${path}`,
    serve(path, document = {}, headers = {}) {
      const id = host.url(path)
      routes.set(path, (response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify({ client_id: id, ...publicDocument, ...document }))
      })
      return id
    },
    outbound: {
      privateHosts: [name],
      dnsServers: [dns.server],
      extraCaPem: authority.caPem,
    },
    die: () => close(server),
    async stop() {
      if (server.listening) await close(server)
      await dns[Symbol.asyncDispose]()
    },
  }
  return host
}

async function close(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections?.()
  await closed
}
