import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFingerprint } from '../src/fingerprint.ts'
import { FingerprintSet } from '../src/fingerprint-set.ts'

interface Rounds {
  readonly perWord: number
  readonly atEnd: number
}

/** HalfSipHash as its authors write it, byte by byte, for any number of rounds. */
function halfSipHash(bytes: Uint8Array, [k0, k1]: readonly [number, number], rounds: Rounds) {
  let [v0, v1, v2, v3] = [k0, k1 ^ 0xee, k0 ^ 0x6c796765, k1 ^ 0x74656462]
  const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
  const mix = (times: number): void => {
    for (let n = 0; n < times; n += 1) {
      v0 = (v0 + v1) | 0
      v1 = rotate(v1, 5) ^ v0
      v0 = rotate(v0, 16)
      v2 = (v2 + v3) | 0
      v3 = rotate(v3, 8) ^ v2
      v0 = (v0 + v3) | 0
      v3 = rotate(v3, 7) ^ v0
      v2 = (v2 + v1) | 0
      v1 = rotate(v1, 13) ^ v2
      v2 = rotate(v2, 16)
    }
  }
  const whole = bytes.length - (bytes.length % 4)
  const padded = [...bytes, ...Array.from({ length: 3 - (bytes.length % 4) }, () => 0)]
  const message = new DataView(Uint8Array.of(...padded, bytes.length).buffer)
  for (let at = 0; at <= whole; at += 4) {
    v3 ^= message.getInt32(at, true)
    mix(rounds.perWord)
    v0 ^= message.getInt32(at, true)
  }
  v2 ^= 0xee
  mix(rounds.atEnd)
  const first = v1 ^ v3
  v1 ^= 0xdd
  mix(rounds.atEnd)
  return [first, v1 ^ v3]
}

const hex = (halves: readonly number[]): string =>
  Buffer.from(Int32Array.from(halves).buffer).toString('hex')

describe('fingerprints', () => {
  test('are HalfSipHash-1-3 of the text', () => {
    // The first of the authors' own 64-bit test vectors, which have 2 and 4 rounds.
    const key = [0x03020100, 0x07060504] as const
    const published = halfSipHash(new Uint8Array(), key, { perWord: 2, atEnd: 4 })
    expect(hex(published)).toBe('218d1f59b9b83cc8')

    const fingerprintOf = createFingerprint(Int32Array.from(key))
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 700 }), (text) => {
        const wanted = halfSipHash(Buffer.from(text), key, { perWord: 1, atEnd: 3 })
        expect([...fingerprintOf(text)]).toEqual(wanted)
      }),
    )
  })

  test('differ from key to key', () => {
    expect([...createFingerprint()('a')]).not.toEqual([...createFingerprint()('a')])
  })
})

describe('a set of fingerprints', () => {
  test('holds what was added, and nothing else', () => {
    // Small halves start at the same places and stand in each other's way.
    const half = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half), { maxLength: 1500 }), (pairs) => {
        const set = new FingerprintSet()
        const model = new Set<string>()
        for (const pair of pairs) {
          const fingerprint = Int32Array.from(pair)
          expect(set.has(fingerprint)).toBe(model.has(String(pair)))
          expect(set.add(fingerprint)).toBe(!model.has(String(pair)))
          model.add(String(pair))
        }
        expect(set.size).toBe(model.size)
      }),
    )
  })

  test('keeps everything while it grows', () => {
    const set = new FingerprintSet()
    const fingerprintOf = createFingerprint()
    const ids = Array.from({ length: 20_000 }, (_, n) => `id-${n}`)
    expect(ids.filter((id) => !set.add(fingerprintOf(id)))).toEqual([])
    expect(ids.filter((id) => !set.has(fingerprintOf(id)))).toEqual([])
    expect(set.has(fingerprintOf('another'))).toBe(false)
    expect(set.size).toBe(20_000)
  })
})
