import type { RecordContext } from '@holdfast/protocol'

/** A record that was made of a token answer, and what it was bound to. */
export interface AnsweredRecord {
  readonly context: RecordContext
  readonly record: Buffer
}

interface Entry {
  /** Which generation of tokens was spent to get it. */
  readonly spent: string
  readonly answered: Promise<AnsweredRecord>
  readonly untilMs: number
}

export interface RecentTokensOptions {
  /** Default 10000. */
  readonly maxEntries?: number
  /** Default one hour. */
  readonly lifeMs?: number
  readonly now?: () => number
}

/**
 * The last token answer of each connection, sealed. A refresh token may be good for one use: when the
 * asker dies before it stored the answer, or stored something else meanwhile, the next one who comes
 * with the spent token gets the same answer instead of losing the connection. Overlapping askers share
 * one request.
 */
export class RecentTokens {
  readonly #entries = new Map<string, Entry>()
  readonly #maxEntries: number
  readonly #lifeMs: number
  readonly #now: () => number

  constructor(options: RecentTokensOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#lifeMs = options.lifeMs ?? 3_600_000
    this.#now = options.now ?? Date.now
  }

  /** The answer for a spent generation: remembered, under way, or made now. A failure is not kept. */
  answer(
    handle: string,
    spent: string,
    make: () => Promise<AnsweredRecord>,
  ): Promise<AnsweredRecord> {
    const known = this.find(handle, spent)
    if (known) return known
    const answered = make()
    const entry = { spent, answered, untilMs: this.#now() + this.#lifeMs }
    this.#entries.delete(handle)
    this.#entries.set(handle, entry)
    this.#trim()
    answered.catch(() => {
      if (this.#entries.get(handle) === entry) this.#entries.delete(handle)
    })
    return answered
  }

  /** The answer to a spent generation, if there was one lately. */
  find(handle: string, spent: string): Promise<AnsweredRecord> | undefined {
    const known = this.#entries.get(handle)
    return known?.spent === spent && this.#now() < known.untilMs ? known.answered : undefined
  }

  /** The oldest stand first. */
  #trim(): void {
    for (const [handle, { untilMs }] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#now() < untilMs) return
      this.#entries.delete(handle)
    }
  }
}
