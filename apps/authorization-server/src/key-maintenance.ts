import { recordKeyRotation } from './audit/key-rotation.ts'
import type { AppContext } from './context.ts'

const everyMs = 15_000

/** Rotates the signing keys when it is time, until the answer is called. */
export function startKeyMaintenance({
  keystore,
  storage,
  logger,
}: Pick<AppContext, 'keystore' | 'storage' | 'logger'>): () => void {
  const timer = setInterval(() => {
    keystore
      .maintain()
      .then((rotation) =>
        rotation === undefined ? undefined : recordKeyRotation(storage.audit, rotation),
      )
      .catch((error: unknown) => logger.error({ err: error }, 'key maintenance failed'))
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
