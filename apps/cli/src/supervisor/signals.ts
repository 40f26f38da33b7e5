/** Requests to stop this process. */
export interface StopRequest {
  /** The first signal, or the end of the process that started us. */
  readonly first: Promise<void>
  /** A second Ctrl-C. */
  readonly second: Promise<void>
}

/** One press of Ctrl-C can arrive twice: from the terminal and again through npm. */
const samePressMs = 400

/** Listens for SIGINT, SIGTERM, SIGHUP and for the end of the bootstrap that started us. */
export function listenForStop(): StopRequest {
  let firstAt: number | undefined
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const onSignal = (signal?: NodeJS.Signals): void => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      first.resolve()
    } else if (signal === 'SIGINT' && now - firstAt > samePressMs) second.resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  if (process.channel) {
    process.once('disconnect', () => onSignal())
    process.channel.unref()
  }
  return { first: first.promise, second: second.promise }
}
