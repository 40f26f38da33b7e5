import { inRange } from './number-range.ts'

/**
 * A map that never holds more than `limit` entries and keeps at least the half of them that was used last.
 *
 * It has two generations: what is used moves to the young one; when that is full it becomes the old one, and
 * what nobody used in the meantime is forgotten. Most reads are one look, with nothing put in order.
 */
export class BoundedCache<Value> {
  readonly #limit: number
  /** Entries of one generation. */
  readonly #half: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  /** @throws RangeError for a limit that is no number of entries */
  constructor(limit: number) {
    this.#limit = inRange('the limit of a cache', limit, 0)
    this.#half = Math.max(1, Math.floor(limit / 2))
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): Value | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const kept = this.#old.get(key)
    if (kept !== undefined) this.set(key, kept)
    return kept
  }

  set(key: string, value: Value): void {
    if (this.#limit === 0) return
    if (!this.#young.has(key) && this.#young.size >= this.#half) {
      this.#old = this.#limit > 1 ? this.#young : new Map()
      this.#young = new Map()
    }
    this.#old.delete(key)
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
