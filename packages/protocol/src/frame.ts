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

/** Payload of frames that carry none. */
export const noPayload: Uint8Array = new Uint8Array(0)

/** Memory that frames are written into one behind the other. */
const slabBytes = 131_072

const encoder = new TextEncoder()

/**
 * Joins frames into the arrays that are written to the socket. They are parts of one larger array: making
 * an array for each frame and each write costs more than filling it.
 */
export class FrameWriter {
  #slab = noPayload
  /** Where the first frame that was not taken yet starts. */
  #start = 0
  #end = 0
  #full: Uint8Array[] = []

  /**
   * Adds a frame.
   *
   * @param stream - 0 is the channel itself
   * @param text - further payload, as UTF-8
   */
  add(type: FrameType, stream: number, payload: Uint8Array, text = ''): void {
    // UTF-8 takes at most three bytes for each unit of a string.
    this.#makeRoom(frameHeaderBytes + payload.length + text.length * 3)
    const header = this.#end
    const textStart = header + frameHeaderBytes + payload.length
    this.#slab.set(payload, header + frameHeaderBytes)
    const written =
      text === '' ? 0 : encoder.encodeInto(text, this.#slab.subarray(textStart)).written
    writeUint32(this.#slab, header, payload.length + written)
    this.#slab[header + 4] = type
    writeUint32(this.#slab, header + 5, stream)
    this.#end = textStart + written
  }

  /** Bytes that were added since the last {@link take}, or part of them when they are many. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Everything that was added since the last call; the bytes do not change any more. */
  take(): readonly Uint8Array[] {
    this.#fill()
    const taken = this.#full
    this.#full = []
    return taken
  }

  #makeRoom(bytes: number): void {
    if (this.#slab.length - this.#end >= bytes) return
    this.#fill()
    this.#slab = new Uint8Array(Math.max(slabBytes, bytes))
    this.#start = 0
    this.#end = 0
  }

  #fill(): void {
    if (this.#start === this.#end) return
    this.#full.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
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
