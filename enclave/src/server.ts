import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { type ChannelHandlers, serveChannel } from '@holdfast/protocol/channel'
import { describeError, log } from './log.ts'

/** Owner and the control plane's group: nobody else may ask. */
const socketMode = 0o660

/** The enclave's listening socket: it can be opened before the operations are ready, and only then. */
export class ChannelListener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #handlers: ChannelHandlers | undefined

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#accept(socket))
  }

  /** Listens on a path, in place of a socket that a killed process left there. Connections are closed until {@link serve}. */
  static async listen(path: string): Promise<ChannelListener> {
    const server = createServer()
    const listener = new ChannelListener(server)
    rmSync(path, { force: true })
    server.listen(path)
    await once(server, 'listening')
    chmodSync(path, socketMode)
    return listener
  }

  /** Starts answering. */
  serve(handlers: ChannelHandlers): void {
    this.#handlers = handlers
  }

  /** Stops listening and ends every connection. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    if (!this.#handlers) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    serveChannel(socket, this.#handlers, {
      onInternalError: (operation, error) =>
        log('error', 'an operation failed unexpectedly', { ...describeError(error), operation }),
    })
  }
}
