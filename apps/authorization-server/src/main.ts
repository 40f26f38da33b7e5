import './console.ts'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import type { StorageError } from '@holdfast/storage'
import { parseConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { startServer } from './server.ts'

const exitCodes = { crash: 1, configuration: 78 }

const emit = (event: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

/** The next start writes anew what this one could not. */
function endAtOnce({ code }: Pick<StorageError, 'code'>): never {
  // `process.exit` waits for the threads of the pool, and with them for a flush that hangs.
  if (code === 'DISK_HANGS') killSelf()
  process.exit(exitCodes.crash)
}

function killSelf(): never {
  try {
    process.kill(process.pid, 'SIGKILL')
  } catch {
    // A sandbox may forbid signals; this ends the process without one.
  }
  process.abort()
}

/** Runs as a child of the supervisor: configuration on the first line of stdin, end of stdin = stop. */
async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  const first = await lines[Symbol.asyncIterator]().next()
  let config
  try {
    config = parseConfig(first.done ? '' : first.value)
  } catch (error) {
    emit({ event: 'refused', process: 'authorization-server', reason: String(error) })
    process.exitCode = exitCodes.configuration
    process.stdin.destroy()
    return
  }
  const logger = createLogger(config)
  const server = await startServer({
    config,
    logger,
    onDiskFailure: endAtOnce,
  })
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed')
        process.exit(exitCodes.crash)
      },
    )
  }
  lines.once('close', stop)
  process.once('SIGTERM', stop)
  // Ctrl-C reaches the whole process group; the supervisor decides when this process ends.
  process.on('SIGINT', () => undefined)
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  if (server.setupLink !== undefined) emit({ event: 'setup_link', url: server.setupLink })
  emit({
    event: 'ready',
    process: 'authorization-server',
    version,
    issuer: server.issuer,
    port: server.ctx.config.port,
    signing_kid: server.ctx.keystore.keys()[0]?.kid,
  })
}

await main()
