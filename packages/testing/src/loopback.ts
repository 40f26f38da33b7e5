import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Something that listens on 127.0.0.1 until it is disposed of. */
export interface Listening extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly origin: string
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Listens on a free port of 127.0.0.1; the listener may need to know where. */
export async function listenOnLoopback(
  createListener: (origin: string) => Listener,
): Promise<Listening> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    server.on('request', createListener(origin))
  } catch (error) {
    server.close()
    throw error
  }
  return {
    origin,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
