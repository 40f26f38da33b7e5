import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The port that was asked for. @throws Error for anything but a whole number from 0 to 65535 */
export function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new Error(`the port must be a number from 0 to 65535, not ${JSON.stringify(text)}`)
}

/**
 * Listens, and answers the port: 0 picks a free one.
 *
 * @throws Error of one line that says what to do when the port is taken or may not be used
 */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`
    throw new Error(`port ${port} of ${host} ${why}: choose another one by PORT=… or --port …`, {
      cause,
    })
  }
  return (server.address() as AddressInfo).port
}
