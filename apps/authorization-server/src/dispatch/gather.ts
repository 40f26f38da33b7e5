/** Lets calls that end at nearly the same time be recorded by one commit. */
export interface Gather {
  /** Notes that a call has begun; call the result when it has ended. */
  begin(): () => void
  /** Resolves for all who wait at once: at once when few calls are under way, else after a short time. */
  turn(): Promise<void>
}

/** Longest wait of a finished call for others. */
const maxWaitMs = 5

/** A quarter of the calls under way are worth waiting for. */
const share = 4

/**
 * Makes the gate before the audit log: a commit to disk costs the same for one record as for twenty,
 * so under load records go in groups. A call that is alone never waits.
 */
export function createGather(): Gather {
  let active = 0
  let waiting: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined

  const release = (): void => {
    clearTimeout(timer)
    timer = undefined
    const ready = waiting
    waiting = []
    for (const resolve of ready) resolve()
  }

  return {
    begin() {
      active += 1
      return () => void (active -= 1)
    },
    turn: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        if (waiting.length * share >= active) release()
        else timer ??= setTimeout(release, maxWaitMs)
      }),
  }
}
