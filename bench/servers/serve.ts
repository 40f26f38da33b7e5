/** What every bench server does: read its configuration, print its port, end with its input. */
import type { Server } from 'node:net'
import { createInterface } from 'node:readline'

/** The first line of standard input as JSON. The process ends when the input does. */
export async function readConfig<Config>(): Promise<Config> {
  const lines = createInterface({ input: process.stdin })
  process.stdin.once('end', () => process.exit(0))
  const line = await new Promise<string>((resolve) => lines.once('line', resolve))
  return JSON.parse(line) as Config
}

/** Prints the server's port and further facts when it listens on loopback. */
export function announce(server: Server, facts: Readonly<Record<string, unknown>> = {}): void {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  process.stdout.write(`${JSON.stringify({ port, ...facts })}\n`)
}
