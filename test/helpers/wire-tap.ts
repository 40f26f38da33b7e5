/** A TCP tap: forwards a loopback port to another and keeps every byte of both directions. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A running tap. */
export interface WireTap {
  /** Port on 127.0.0.1 to which clients connect. */
  readonly port: number
  /** Sets where connections go; must be called before the first one. */
  forwardTo(port: number): void
  /** Everything that passed so far, both directions. */
  captured(): Buffer
  close(): Promise<void>
}

/** Starts a tap on a free loopback port. */
export async function startWireTap(): Promise<WireTap> {
  let target: number | undefined
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', (chunk: Buffer) => chunks.push(chunk))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    from.pipe(to)
  }
  const server = createServer((client) => {
    if (target === undefined) {
      client.destroy()
      return
    }
    const upstream = connect({ host: '127.0.0.1', port: target })
    join(client, upstream)
    join(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo: (port) => {
      target = port
    },
    captured: () => Buffer.concat(chunks),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
