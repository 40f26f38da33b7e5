import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { RelayConfig } from './config.ts'
import { refuse, serveConnection, type ConnectionRecord } from './connect.ts'
import type { Dial } from './dial.ts'
import { createPolicy } from './policy.ts'
import { createLookup } from './resolve.ts'

/** A relay that is listening. */
export interface Relay {
  /**
   * Takes no new connections and resolves when the running ones are over; what is still running after
   * `graceMs` is cut.
   */
  close(graceMs: number): Promise<void>
}

/** What a relay needs besides its configuration. */
export interface RelayOptions {
  /** Called once per connection, when it is over. */
  readonly onConnection: (record: ConnectionRecord) => void
  /** Opens TCP connections; the default dials for real. */
  readonly dial?: Dial
}

// Read and write for the owner and the group: the socket's folder says which group that is.
const SOCKET_UMASK = 0o117

/**
 * Starts the relay on its Unix socket.
 *
 * @throws ConfigError when a rule is malformed; a system error when the socket cannot be made.
 */
export async function startRelay(config: RelayConfig, options: RelayOptions): Promise<Relay> {
  const connect = {
    policy: createPolicy(config),
    lookupAddresses: createLookup(config.dnsServers),
    limits: config.limits,
    ...(options.dial === undefined ? {} : { dial: options.dial }),
  }
  const clients = new Set<Socket>()

  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => {})
    client.once('close', () => clients.delete(client))
    const full = clients.size >= config.limits.maxConnections
    clients.add(client)
    if (full) {
      refuse(client, 'TOO_MANY')
      options.onConnection({ outcome: 'TOO_MANY', bytesUp: 0, bytesDown: 0, durationMs: 0 })
      return
    }
    void serveConnection(client, connect).then(options.onConnection)
  })

  await removeStaleSocket(config.socket)
  const umask = process.umask(SOCKET_UMASK)
  try {
    server.listen(config.socket)
    await once(server, 'listening')
  } finally {
    process.umask(umask)
  }

  return {
    close: async (graceMs) => {
      const closed = once(server, 'close')
      server.close()
      const timer = setTimeout(() => clients.forEach((client) => client.destroy()), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

/** A socket file outlives a crash and would make listen() fail; anything else in its place is not ours. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() === true) await unlink(path)
}
