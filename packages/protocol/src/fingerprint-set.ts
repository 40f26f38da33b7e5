import type { Fingerprint } from './fingerprint.ts'

/**
 * A set of fingerprints in one array that is at most half full: 16 to 32 bytes for each, a few
 * neighbouring words to look at, and nothing that the garbage collector would have to follow.
 */
export class FingerprintSet {
  /** Pairs of halves; a first half of zero marks a free place. */
  #places = new Int32Array(2048)
  #size = 0

  get size(): number {
    return this.#size
  }

  has({ 0: first, 1: second }: Fingerprint): boolean {
    return this.#places[this.#find(first!, second!)] !== 0
  }

  /** Returns false when it was there. */
  add({ 0: first, 1: second }: Fingerprint): boolean {
    const at = this.#find(first!, second!)
    if (this.#places[at] !== 0) return false
    this.#places[at] = first!
    this.#places[at + 1] = second!
    this.#size += 1
    if (this.#size * 4 > this.#places.length) this.#grow()
    return true
  }

  /** Where a fingerprint stands, or the free place that it would take. */
  #find(first: number, second: number): number {
    const places = this.#places
    const mask = places.length - 2
    let at = (first << 1) & mask
    while (places[at] !== 0 && (places[at] !== first || places[at + 1] !== second)) {
      at = (at + 2) & mask
    }
    return at
  }

  #grow(): void {
    const old = this.#places
    this.#places = new Int32Array(old.length * 2)
    for (let from = 0; from < old.length; from += 2) {
      const [first, second] = [old[from]!, old[from + 1]!]
      if (first === 0) continue
      const to = this.#find(first, second)
      this.#places[to] = first
      this.#places[to + 1] = second
    }
  }
}
