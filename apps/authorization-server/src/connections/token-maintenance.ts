import type { Logger } from 'pino'

/** Runs the queue and the recovery of abandoned renewals until it is stopped. */
export interface TokenMaintenance {
  /** Works soon instead of at the next turn. */
  kick(): void
  stop(): Promise<void>
}

const intervalMs = 5000

/** Starts what tokens need in the background: revocations at providers, renewals that others left. */
export function startTokenMaintenance(
  work: readonly (() => Promise<unknown>)[],
  logger: Pick<Logger, 'error'>,
): TokenMaintenance {
  let running: Promise<void> | undefined
  const round = async (): Promise<void> => {
    for (const task of work) {
      await task().catch((error: unknown) =>
        logger.error({ err: error }, 'the maintenance of tokens failed'),
      )
    }
  }
  const start = (): void => {
    running ??= round().finally(() => (running = undefined))
  }
  const timer = setInterval(start, intervalMs)
  timer.unref()
  start()
  return {
    kick: start,
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
