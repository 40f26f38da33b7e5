import type { Storage } from '@holdfast/storage'
import type { Logger } from 'pino'

export interface ReaperOptions {
  readonly storage: Pick<Storage, 'dynamicClients'>
  readonly logger: Logger
  /** Unix milliseconds. */
  readonly clock: () => number
}

const dayMs = 86_400_000
const everyMs = 3_600_000
const batch = 500

/**
 * Deletes clients that registered themselves more than a day ago and then were not used. One with a
 * grant stays, and for thirty days after its last grant ended too: clients keep their id for ever.
 */
export async function reapUnusedClients({
  storage,
  clock,
}: Omit<ReaperOptions, 'logger'>): Promise<number> {
  const nowMs = clock()
  return storage.dynamicClients.reap({
    unusedSinceMs: nowMs - dayMs,
    grantsSinceMs: nowMs - 30 * dayMs,
    limit: batch,
  })
}

/** Does so every hour, until the answer is called. */
export function startReaper(options: ReaperOptions): () => void {
  const round = (): void => {
    reapUnusedClients(options).then(
      (count) => count > 0 && options.logger.info({ count }, 'deleted unused clients'),
      (error: unknown) => options.logger.error({ err: error }, 'deleting unused clients failed'),
    )
  }
  const timer = setInterval(round, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
