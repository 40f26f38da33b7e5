import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Frame,
  FrameDecoder,
  frameHeaderBytes,
  type FrameType,
  writeFrame,
} from '../src/frame.ts'

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 1, max: 10 }).map((type) => type as FrameType),
    stream: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 1, maxLength: 8 },
)

function encode(list: readonly Frame[]): Uint8Array {
  const target = new Uint8Array(
    list.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, 0),
  )
  let offset = 0
  for (const frame of list) offset = writeFrame(target, offset, frame)
  return target
}

function decode(chunks: readonly Uint8Array[]): Frame[] {
  const decoded: Frame[] = []
  const decoder = new FrameDecoder((type, stream, payload) =>
    decoded.push({ type, stream, payload: payload.slice() }),
  )
  for (const chunk of chunks) decoder.push(chunk)
  return decoded
}

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
