import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type CertificateAuthority, createAuthority } from '../../../test/helpers/tls.ts'

/** What a test's upstream does with a request whose body was read. */
export type UpstreamHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void

/** A real HTTPS server on loopback. */
export interface TestUpstream {
  /** `localhost:port`. */
  readonly authority: string
  readonly caPem: string
  /** What arrived on each TLS connection, as bytes. */
  readonly wire: () => Buffer
  readonly connections: () => number
  handler: UpstreamHandler
  close(): Promise<void>
}

/** Options of {@link startUpstream}. */
export interface TestUpstreamOptions {
  readonly issuer?: CertificateAuthority
  /** Names in the certificate. */
  readonly names?: readonly string[]
  /** Who must have issued the certificate that every client has to show, PEM. */
  readonly clientCaPem?: string
  /** Newest TLS version to speak. Default 1.3. */
  readonly maxTls?: 'TLSv1.2' | 'TLSv1.3'
  /** The certificate's authority is told to clients; `false` hides it. */
  readonly trusted?: boolean
}

/** Starts an upstream whose behaviour each test sets. */
export async function startUpstream(options: TestUpstreamOptions = {}): Promise<TestUpstream> {
  const issuer = options.issuer ?? createAuthority()
  const { certPem, keyPem } = issuer.issue([...(options.names ?? ['localhost'])])
  let connections = 0
  const received: Buffer[] = []
  const upstream: TestUpstream = {
    authority: '',
    caPem: issuer.caPem,
    wire: () => Buffer.concat(received),
    connections: () => connections,
    handler: (_request, response) => response.end('{}'),
    close: async () => {
      server.closeAllConnections()
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
  const sockets = new Set<Socket>()
  const { clientCaPem: ca, maxTls: maxVersion = 'TLSv1.3' } = options
  const tls = {
    ...{ cert: certPem, key: keyPem, maxVersion },
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
  }
  const server = createServer(tls, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => upstream.handler(request, response, Buffer.concat(chunks)))
  })
  server.on('secureConnection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.prependListener('data', (chunk: Buffer) => received.push(Buffer.from(chunk)))
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(upstream, { authority: `localhost:${port}` })
}
