import type { Socket } from 'node:net'

/** How a connection came to its end. */
export type Ending = 'closed' | 'client-gone' | 'upstream-gone' | 'idle'

/** Time limits of a running connection. */
export interface PipeLimits {
  /** Milliseconds without a byte in either direction. */
  readonly idleTimeoutMs: number
  /**
   * The same once one side has sent its end. Shorter, because on a Unix socket a peer that is gone
   * looks like one that has only finished sending.
   */
  readonly halfOpenTimeoutMs: number
}

/**
 * Carries bytes both ways until both sides are done, holding back the faster one. An end is passed on
 * as an end, a loss as a loss. Both sockets are closed when the promise resolves; it never rejects.
 */
export function pipeBytes(client: Socket, upstream: Socket, limits: PipeLimits): Promise<Ending> {
  return new Promise((resolve) => {
    let ending: Ending = 'closed'
    let open = 2
    const halfOpen = (): void => void upstream.setTimeout(limits.halfOpenTimeoutMs)
    const closed = (): void => {
      open -= 1
      if (open === 0) resolve(ending)
    }
    // Every byte of either direction passes the upstream socket, so its activity is the connection's.
    upstream.setTimeout(limits.idleTimeoutMs, () => {
      ending = 'idle'
      client.destroy()
      abort(upstream)
    })
    upstream.once('end', halfOpen)
    // The client's end can come before the upstream is there.
    if (client.readableEnded) halfOpen()
    else client.once('end', halfOpen)
    client.pipe(upstream)
    upstream.pipe(client)
    whenClosed(upstream, () => {
      if (!finished(upstream) && ending === 'closed') ending = 'upstream-gone'
      // What has arrived is still delivered, to a reader that reads.
      client.setTimeout(limits.halfOpenTimeoutMs, () => client.destroy())
      client.destroySoon()
      closed()
    })
    whenClosed(client, () => {
      if (!finished(client) && !upstream.destroyed) {
        ending = 'client-gone'
        abort(upstream)
      }
      closed()
    })
  })
}

function whenClosed(socket: Socket, action: () => void): void {
  if (socket.closed) queueMicrotask(action)
  else socket.once('close', action)
}

/** Ends with a reset, so that the far side cannot take it for a regular end. */
function abort(socket: Socket): void {
  // While a shutdown is under way libuv refuses the reset (UV_EINVAL) and the handle would stay open.
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

function finished(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished
}
