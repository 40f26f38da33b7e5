import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Where a server listens. */
export type ServerAddress =
  { readonly path: string } | { readonly host: string; readonly port: number }

/** A way to a server that can be cut, as a network can. */
export interface CuttableProxy extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** Ends every connection and answers none. */
  readonly cut: () => void
  /** Keeps every connection and passes nothing on: what a firewall does that drops packets. */
  readonly silence: () => void
  readonly restore: () => void
}

export async function startCuttableProxy(server: ServerAddress): Promise<CuttableProxy> {
  const open = new Set<Socket>()
  let state: 'open' | 'cut' | 'silent' = 'open'
  const endAll = (): void => {
    for (const socket of open) socket.destroy()
  }
  const proxy = createServer((caller) => {
    if (state === 'cut') {
      caller.destroy()
      return
    }
    const target = connect('path' in server ? { path: server.path } : { ...server })
    for (const [from, to] of [
      [caller, target],
      [target, caller],
    ] as const) {
      open.add(from)
      from.on('error', () => undefined)
      from.on('data', (chunk) => {
        if (state === 'open') to.write(chunk)
      })
      from.once('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    cut: () => {
      state = 'cut'
      endAll()
    },
    silence: () => {
      state = 'silent'
    },
    restore: () => {
      if (state === 'silent') endAll()
      state = 'open'
    },
    [Symbol.asyncDispose]: async () => {
      endAll()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
