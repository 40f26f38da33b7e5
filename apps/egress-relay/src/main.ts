import { createInterface } from 'node:readline'
import { parseConfig } from './config.ts'
import type { ConnectionRecord } from './connect.ts'
import { ConfigError } from './errors.ts'
import { startRelay } from './server.ts'
import { VERSION } from './version.ts'

const EXIT_CONFIG = 78
const GRACE_MS = 2000

const write = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const logConnection = ({ outcome, ...details }: ConnectionRecord): void => {
  const refused = outcome === outcome.toUpperCase()
  write({
    time: new Date().toISOString(),
    level: refused ? 'warn' : 'info',
    message: refused ? 'connection refused' : 'connection ended',
    outcome,
    ...details,
  })
}

// The terminal sends Ctrl-C to the whole process group; the supervisor decides when the relay stops.
process.on('SIGINT', () => {})

const lines = createInterface({ input: process.stdin })
const ended = new Promise<void>((resolve) => {
  lines.once('close', resolve)
  process.once('SIGTERM', resolve)
})
const first = await new Promise<string | undefined>((resolve) => {
  lines.once('line', resolve)
  void ended.then(() => resolve(undefined))
})

try {
  if (first === undefined) throw new ConfigError('no configuration on stdin')
  const config = parseConfig(first)
  const relay = await startRelay(config, { onConnection: logConnection })
  write({ event: 'ready', process: 'egress-relay', version: VERSION, socket: config.socket })
  await ended
  await relay.close(GRACE_MS)
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  write({ event: 'config_refused', process: 'egress-relay', message: error.message })
  process.exitCode = EXIT_CONFIG
}
lines.close()
process.stdin.destroy()
