/** A text's fingerprint: two halves of 32 bits, the first of which is never zero. */
export type Fingerprint = Int32Array

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

function round(state: Int32Array): void {
  let [v0, v1, v2, v3] = [state[0]!, state[1]!, state[2]!, state[3]!]
  v0 = (v0 + v1) | 0
  v1 = rotate(v1, 5) ^ v0
  v0 = rotate(v0, 16)
  v2 = (v2 + v3) | 0
  v3 = rotate(v3, 8) ^ v2
  v0 = (v0 + v3) | 0
  v3 = rotate(v3, 7) ^ v0
  v2 = (v2 + v1) | 0
  v1 = rotate(v1, 13) ^ v2
  state[0] = v0
  state[1] = v1
  state[2] = rotate(v2, 16)
  state[3] = v3
}

const encoder = new TextEncoder()

/**
 * Makes a function that gives texts their 64-bit fingerprints: HalfSipHash-1-3 of their UTF-8, which
 * operating systems key their own tables with. Without the key nobody can choose texts that collide.
 *
 * @param key - two words, by default random ones
 * @returns a function that writes each answer into the same array
 * @see {@link https://eprint.iacr.org/2012/351}
 */
export function createFingerprint(key?: Int32Array): (text: string) => Fingerprint {
  let secret = key
  const state = new Int32Array(4)
  const halves = new Int32Array(2)
  let words = new Int32Array(256)
  let bytes = new Uint8Array(words.buffer)

  /** Encodes a text, padded with zeros up to its length in the last byte; tells the number of words. */
  const encode = (text: string): number => {
    // UTF-8 takes at most three bytes for each unit of a string.
    if (text.length * 3 + 4 > bytes.length) {
      words = new Int32Array(text.length + 1)
      bytes = new Uint8Array(words.buffer)
    }
    const { written } = encoder.encodeInto(text, bytes)
    const last = (written >>> 2) * 4 + 3
    bytes.fill(0, written, last)
    bytes[last] = written
    return (last + 1) / 4
  }
  const finish = (): number => {
    for (let count = 0; count < 3; count += 1) round(state)
    return state[1]! ^ state[3]!
  }

  return (text) => {
    // Not earlier: where a Worker only starts, it has no random numbers.
    secret ??= crypto.getRandomValues(new Int32Array(2))
    state[0] = secret[0]!
    state[1] = secret[1]! ^ 0xee
    state[2] = secret[0]! ^ 0x6c796765
    state[3] = secret[1]! ^ 0x74656462
    const count = encode(text)
    for (let at = 0; at < count; at += 1) {
      const word = words[at]!
      state[3] ^= word
      round(state)
      state[0] ^= word
    }
    state[2] ^= 0xee
    halves[0] = finish() || 1
    state[1] ^= 0xdd
    halves[1] = finish()
    return halves
  }
}
