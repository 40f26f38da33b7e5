/** One TLS server on loopback that plays every host of a catalog, and the relay that leads there. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../../test/helpers/tls.ts'

/** One request as it arrived. */
export interface HostRequest {
  readonly method: string
  readonly host: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A running stand-in. */
export interface EveryHost extends AsyncDisposable {
  readonly relaySocket: string
  readonly caPem: string
  readonly seen: HostRequest[]
  /** What the next requests are answered with. */
  answer: (request: HostRequest) => { readonly status: number; readonly json: unknown }
}

/** Starts a server whose certificate names the hosts, and a relay that connects there for each. */
export async function startEveryHost(hosts: readonly string[]): Promise<EveryHost> {
  const authority = createAuthority()
  const { certPem, keyPem } = authority.issue([...new Set(hosts)])
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-hosts-'))
  const relaySocket = join(folder, 'relay.sock')
  const seen: HostRequest[] = []
  const everyHost: EveryHost = {
    relaySocket,
    caPem: authority.caPem,
    seen,
    answer: () => ({ status: 404, json: {} }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      relay.close()
      for (const socket of sockets) socket.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
  const server = createTlsServer({ cert: certPem, key: keyPem }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const body = Buffer.concat(chunks).toString()
      const entry = { method, host: headers.host ?? '', url, headers, body }
      seen.push(entry)
      const { status, json } = everyHost.answer(entry)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets = new Set<Socket>()
  const relay = createServer((incoming) => {
    sockets.add(incoming)
    incoming.on('error', () => undefined).on('close', () => sockets.delete(incoming))
    // The enclave sends nothing after its first line until it is answered.
    incoming.once('data', () => {
      const outgoing = connect(port, '127.0.0.1', () => {
        incoming.write('OK\n')
        incoming.pipe(outgoing).pipe(incoming)
      })
      outgoing.on('error', () => incoming.destroy())
      incoming.on('close', () => outgoing.destroy())
    })
  }).listen(relaySocket)
  await once(relay, 'listening')
  return everyHost
}
