import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import path from 'node:path'
import type { Layout } from './layout.ts'

/**
 * Listeners that anything on this machine could reach. The enclave's self-test tries to: a refusal
 * only counts as one if something was there to be reached.
 */
export interface Sentinels {
  readonly tcpPort: number
  readonly sockets: readonly string[]
  /** Names in Linux' abstract namespace, without the leading NUL. */
  readonly abstractSockets: readonly string[]
  readonly close: () => void
}

export async function openSentinels(layout: Layout): Promise<Sentinels> {
  const socket = path.join(layout.runDir, 'sentinel.sock')
  rmSync(socket, { force: true })
  const abstractName = `holdfast-sentinel-${randomBytes(8).toString('hex')}`
  const tcp = await listen({ host: '127.0.0.1', port: 0 })
  const servers = [tcp, await listen({ path: socket })]
  chmodSync(socket, 0o666)
  const isLinux = process.platform === 'linux'
  if (isLinux) servers.push(await listen({ path: `\0${abstractName}` }))
  return {
    tcpPort: (tcp.address() as AddressInfo).port,
    sockets: [socket],
    abstractSockets: isLinux ? [abstractName] : [],
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

async function listen(where: ListenOptions): Promise<Server> {
  const server = createServer((connection) => connection.destroy())
  server.listen(where)
  await once(server, 'listening')
  return server.unref()
}
