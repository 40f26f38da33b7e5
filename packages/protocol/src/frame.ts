import { ChannelError } from './channel-errors.ts'

/** Frame types of the channel. */
export const frameTypes = {
  HELLO: 1,
  REQ: 2,
  RES: 3,
  DATA: 4,
  END: 5,
  ERR: 6,
  CREDIT: 7,
  CANCEL: 8,
  PING: 9,
  PONG: 10,
} as const
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes]

/** Bytes before a frame's payload: `u32 length | u8 type | u32 stream`. */
export const frameHeaderBytes = 9

/** Largest payload of one frame, in bytes. */
export const maxFramePayload = 1_048_576

/** A frame on its way out. */
export interface Frame {
  readonly type: FrameType
  /** 0 is the channel itself. */
  readonly stream: number
  readonly payload: Uint8Array
}

/** Payload of frames that carry none. */
export const noPayload = new Uint8Array(0)

/** Writes one frame into `target` at `offset` and returns the offset behind it. */
export function writeFrame(target: Uint8Array, offset: number, frame: Frame): number {
  writeUint32(target, offset, frame.payload.length)
  target[offset + 4] = frame.type
  writeUint32(target, offset + 5, frame.stream)
  target.set(frame.payload, offset + frameHeaderBytes)
  return offset + frameHeaderBytes + frame.payload.length
}

/** Writes a big-endian 32-bit number. */
export function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

/** The four bytes of a number. */
export function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeUint32(bytes, 0, value)
  return bytes
}

/** Reads a big-endian 32-bit number; missing bytes read as 0. */
export function readUint32(source: Uint8Array, offset: number): number {
  return (
    (((source[offset] ?? 0) << 24) |
      ((source[offset + 1] ?? 0) << 16) |
      ((source[offset + 2] ?? 0) << 8) |
      (source[offset + 3] ?? 0)) >>>
    0
  )
}

/** Receives each decoded frame. `payload` may be a view into the chunk that carried it. */
export type FrameListener = (type: FrameType, stream: number, payload: Uint8Array) => void

const highestType = frameTypes.PONG

/** Cuts a byte stream into frames; keeps what is incomplete for the next chunk. */
export class FrameDecoder {
  readonly #listener: FrameListener
  readonly #header = new Uint8Array(frameHeaderBytes)
  #headerFill = 0
  #payload: Uint8Array | undefined
  #payloadFill = 0

  constructor(listener: FrameListener) {
    this.#listener = listener
  }

  /**
   * Takes the next bytes and calls the listener for each frame that they complete.
   *
   * @throws ChannelError `PROTOCOL_VIOLATION` for a payload above {@link maxFramePayload} or an
   *   unknown type, before anything of that payload is buffered; the channel cannot go on then
   */
  push(chunk: Uint8Array): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#payload) {
        offset = this.#fillPayload(this.#payload, chunk, offset)
        continue
      }
      if (this.#headerFill === 0 && chunk.length - offset >= frameHeaderBytes) {
        offset = this.#start(chunk, offset, chunk, offset + frameHeaderBytes)
        continue
      }
      const take = Math.min(frameHeaderBytes - this.#headerFill, chunk.length - offset)
      this.#header.set(chunk.subarray(offset, offset + take), this.#headerFill)
      this.#headerFill += take
      offset += take
      if (this.#headerFill === frameHeaderBytes) {
        this.#headerFill = 0
        offset = this.#start(this.#header, 0, chunk, offset)
      }
    }
  }

  #start(header: Uint8Array, at: number, chunk: Uint8Array, offset: number): number {
    const length = readUint32(header, at)
    const type = header[at + 4] ?? 0
    if (length > maxFramePayload) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'a frame is larger than 1 MiB')
    }
    if (type < frameTypes.HELLO || type > highestType) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'a frame has an unknown type')
    }
    if (chunk.length - offset >= length) {
      const payload = length === 0 ? noPayload : chunk.subarray(offset, offset + length)
      this.#listener(type as FrameType, readUint32(header, at + 5), payload)
      return offset + length
    }
    if (header !== this.#header) this.#header.set(header.subarray(at, at + frameHeaderBytes))
    this.#payload = new Uint8Array(length)
    this.#payloadFill = 0
    return offset
  }

  #fillPayload(payload: Uint8Array, chunk: Uint8Array, offset: number): number {
    const take = Math.min(payload.length - this.#payloadFill, chunk.length - offset)
    payload.set(chunk.subarray(offset, offset + take), this.#payloadFill)
    this.#payloadFill += take
    if (this.#payloadFill === payload.length) {
      this.#payload = undefined
      this.#listener(this.#header[4] as FrameType, readUint32(this.#header, 5), payload)
    }
    return offset + take
  }
}
