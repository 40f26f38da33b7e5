/** Watches one flush at a time. */
export interface FlushWatch {
  begin(): void
  end(): void
}

export interface FlushWatchOptions {
  /** A flush that takes longer counts as one that never ends. */
  readonly limitMs: number
  /** Called when a flush takes longer than a disk that has nothing to recover from. */
  readonly onSlow: () => void
  readonly onHang: () => void
}

/** Of the limit: what is slow for a disk is short for those who wait. */
const slowPart = 0.01

export function createFlushWatch({ limitMs, onSlow, onHang }: FlushWatchOptions): FlushWatch {
  let timer: NodeJS.Timeout | undefined
  /** Flushes that began or ended, so that a late look at one does not take another for it. */
  let changes = 0

  /** A thread that stood still itself sees its timers before the end of a flush that came meanwhile. */
  const unlessEnded = (then: () => void): (() => void) => {
    const seen = changes
    return () => {
      setImmediate(() => {
        if (seen === changes) then()
      })
    }
  }
  const wait = (ms: number, then: () => void): void => {
    timer = setTimeout(unlessEnded(then), ms).unref()
  }

  return {
    begin() {
      changes += 1
      wait(limitMs * slowPart, () => {
        wait(limitMs * (1 - slowPart), onHang)
        onSlow()
      })
    },
    end() {
      changes += 1
      clearTimeout(timer)
    },
  }
}
