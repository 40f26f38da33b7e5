import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameDecoder, type FrameType, FrameWriter } from '../src/frame.ts'

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 1, max: 10 }).map((type) => type as FrameType),
    stream: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 1, maxLength: 8 },
)

interface Frame {
  readonly type: FrameType
  readonly stream: number
  readonly payload: Uint8Array
}

function encode(list: readonly Frame[]): Uint8Array {
  const writer = new FrameWriter()
  for (const { type, stream, payload } of list) writer.add(type, stream, payload)
  return new Uint8Array(Buffer.concat(writer.take()))
}

function decode(chunks: readonly Uint8Array[]): Frame[] {
  const decoded: Frame[] = []
  const decoder = new FrameDecoder((type, stream, payload) =>
    decoded.push({ type, stream, payload: payload.slice() }),
  )
  for (const chunk of chunks) decoder.push(chunk)
  return decoded
}

describe('frame writer', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40_000 }).map((one) => one.toWellFormed())
  const large = fc.record({
    stream: fc.nat(),
    prefix: fc.uint8Array({ maxLength: 70_000 }),
    text,
    isTaken: fc.boolean(),
  })

  it('writes payload and text behind each other, and never touches what was taken', () => {
    fc.assert(
      fc.property(fc.array(large, { maxLength: 12 }), (list) => {
        const writer = new FrameWriter()
        const taken: Uint8Array[] = []
        const copies: Uint8Array[] = []
        const take = (): void => {
          for (const bytes of writer.take()) {
            taken.push(bytes)
            copies.push(bytes.slice())
          }
        }
        for (const { stream, prefix, text: added, isTaken } of list) {
          writer.add(4, stream, prefix, added)
          if (isTaken) take()
        }
        take()
        expect(writer.take()).toEqual([])
        expect(Buffer.concat(taken).equals(Buffer.concat(copies))).toBe(true)
        const expected = list.map(({ stream, prefix, text: added }) => ({
          type: 4 as const,
          stream,
          payload: new Uint8Array(Buffer.concat([prefix, Buffer.from(added)])),
        }))
        const read = decode(taken)
        expect(read.length).toBe(expected.length)
        for (const [index, frame] of read.entries()) {
          expect(frame.stream).toBe(expected[index]?.stream)
          expect(Buffer.compare(frame.payload, expected[index]?.payload ?? noBytes)).toBe(0)
        }
      }),
      { numRuns: 30 },
    )
  })
})

const noBytes = new Uint8Array(0)

describe('frame decoder', () => {
  it('reads back what was written, split at every byte', () => {
    fc.assert(
      fc.property(frames, (list) => {
        const bytes = encode(list)
        for (let cut = 0; cut <= bytes.length; cut++) {
          expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(list)
        }
        expect(decode([...bytes].map((byte) => new Uint8Array([byte])))).toEqual(list)
      }),
      { numRuns: 30 },
    )
  })

  it('reads back what was written, split anywhere', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(3000), { maxLength: 10 }), (list, cuts) => {
        const bytes = encode(list)
        const edges = [
          0,
          ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b),
          bytes.length,
        ]
        expect(
          decode(edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))),
        ).toEqual(list)
      }),
    )
  })

  it('refuses any other bytes with a typed error or waits for more, and never invents a frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        try {
          const got = decode([bytes])
          expect(Buffer.compare(encode(got), bytes.subarray(0, encode(got).length))).toBe(0)
        } catch (error) {
          expect(error).toMatchObject({ name: 'ChannelError', code: 'PROTOCOL_VIOLATION' })
        }
      }),
      { numRuns: 500 },
    )
  })
})
