/** There is no room to wait for a turn. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

export interface InTurn {
  /**
   * Runs work when its turn comes.
   * @throws QueueFull, at once and without running it
   */
  <Result>(work: () => Promise<Result>): Promise<Result>
  /** Whether work that came now would find no room. */
  readonly isFull: () => boolean
}

/** Lets so much work be under way at once, and so much wait, first come, first served. */
export function createInTurn(atOnce: number, mayWait: number): InTurn {
  const waiting: (() => void)[] = []
  let running = 0
  const isFull = (): boolean => running >= atOnce && waiting.length >= mayWait
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isFull()) throw new QueueFull('too many are waiting')
    if (running < atOnce) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // Whoever is next takes over the place.
      if (next) next()
      else running -= 1
    }
  }
  return Object.assign(inTurn, { isFull })
}
