import { createInterface } from 'node:readline'
import { parseConfig, StartRefusedError } from './config.ts'
import { describeError, emitEvent, log } from './log.ts'
import { startEnclave } from './start.ts'

const exitCrashed = 1
const exitRefused = 78
const stopWithinMs = 2500

// State that an unexpected error left behind is not to be trusted; the supervisor starts a fresh one.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => {
    log('error', 'the enclave ends after an unexpected error', describeError(error))
    process.exit(exitCrashed)
  })
}
// The terminal sends Ctrl-C to everyone; the supervisor decides when the enclave stops.
process.on('SIGINT', () => undefined)

const lines = createInterface({ input: process.stdin })
const ended = new Promise<void>((resolve) => {
  lines.once('close', resolve)
  process.once('SIGTERM', resolve)
})
const firstLine = await new Promise<string>((resolve) => {
  lines.once('line', resolve)
  void ended.then(() => resolve(''))
})

try {
  const enclave = await Promise.race([startEnclave(parseConfig(firstLine)), ended])
  if (enclave) {
    await ended
    setTimeout(() => process.exit(), stopWithinMs).unref()
    await enclave.stop()
  }
  process.exit()
} catch (error) {
  if (!(error instanceof StartRefusedError)) throw error
  emitEvent('refused', { process: 'enclave', message: error.message })
  process.exit(exitRefused)
}
