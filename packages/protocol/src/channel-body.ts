import { concatBytes } from './bytes.ts'
import { ChannelError } from './channel-errors.ts'

/** Bytes that each side may send on a stream before the other has read them. */
export const streamWindowBytes = 262_144

/** Largest payload of a data frame; small enough that streams share the socket fairly. */
const dataFrameBytes = 65_536

// A data frame uses up at least this much credit, so that many tiny frames cannot fill the memory
// of a slow reader with bookkeeping.
const leastCost = 256

const costOf = (bytes: number): number => (bytes > leastCost ? bytes : leastCost)

/** A body given as one array, several, or a stream. Arrays must not change after being given. */
export type BodySource = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>

/** A body that arrives: iterate it once, or take it whole. */
export interface BodyReader extends AsyncIterable<Uint8Array> {
  /**
   * The whole rest of the body.
   *
   * @throws ChannelError `BODY_TOO_LARGE` above `maxBytes`; the stream is cancelled then
   */
  bytes(maxBytes: number): Promise<Uint8Array>
}

/** The reading end of a stream: holds what has arrived and grants credit for what was read. */
export class IncomingBody implements BodyReader {
  readonly #grant: (bytes: number) => void
  readonly #abandon: () => void
  #chunks: Uint8Array[] = []
  #window = streamWindowBytes
  #consumed = 0
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  /**
   * @param grant - sends the peer credit
   * @param abandon - called when the reader stops before the end
   */
  constructor(grant: (bytes: number) => void, abandon: () => void) {
    this.#grant = grant
    this.#abandon = abandon
  }

  /** Takes a received chunk. @throws ChannelError `PROTOCOL_VIOLATION` beyond the granted credit */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new ChannelError('PROTOCOL_VIOLATION', 'data after the end of a stream')
    if (chunk.length === 0) throw new ChannelError('PROTOCOL_VIOLATION', 'an empty data frame')
    this.#window -= costOf(chunk.length)
    if (this.#window < 0) throw new ChannelError('PROTOCOL_VIOLATION', 'data beyond the credit')
    this.#chunks.push(chunk)
    this.#notify()
  }

  /** Marks the body as complete. */
  end(): void {
    if (this.#ended) throw new ChannelError('PROTOCOL_VIOLATION', 'a second end of a stream')
    this.#ended = true
    this.#notify()
  }

  /** Makes every later read fail; what has arrived is dropped. */
  fail(error: Error): void {
    if (this.#error) return
    this.#error = error
    this.#chunks = []
    this.#notify()
  }

  async bytes(maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let total = 0
    for (;;) {
      const chunk = this.#take() ?? (await this.#next())
      if (!chunk) break
      total += chunk.length
      if (total > maxBytes) {
        this.#abandon()
        throw new ChannelError('BODY_TOO_LARGE', `a body is larger than ${maxBytes} bytes`)
      }
      parts.push(chunk)
    }
    const [only] = parts
    return only && parts.length === 1 ? only : concatBytes(...parts)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let complete = false
    try {
      for (;;) {
        const chunk = this.#take() ?? (await this.#next())
        if (!chunk) break
        yield chunk
      }
      complete = true
    } finally {
      if (!complete) this.#abandon()
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    this.#consumed += costOf(chunk.length)
    if (!this.#ended && this.#consumed >= streamWindowBytes / 4) {
      this.#window += this.#consumed
      this.#grant(this.#consumed)
      this.#consumed = 0
    }
    return chunk
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#error) throw this.#error
      const chunk = this.#take()
      if (chunk || this.#ended) return chunk
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** The writing end of a stream: sends as much as the peer has granted, then waits. */
export class OutgoingBody {
  readonly #send: (payload: Uint8Array) => void
  #credit = streamWindowBytes
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(send: (payload: Uint8Array) => void) {
    this.#send = send
  }

  /** Takes credit that the peer granted. @throws ChannelError `PROTOCOL_VIOLATION` beyond the window */
  addCredit(bytes: number): void {
    this.#credit += bytes
    if (this.#credit > streamWindowBytes) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'credit beyond the window')
    }
    this.#notify()
  }

  /** Stops the writer: the stream is over. */
  fail(error: Error): void {
    this.#error ??= error
    this.#notify()
  }

  /**
   * Sends a body to its end. Returns `undefined` when the credit covered it at once.
   *
   * @throws the error given to {@link fail}, or what the source threw
   */
  write(source: BodySource): Promise<void> | undefined {
    if (source instanceof Uint8Array) return this.#writeChunk(source)
    return this.#writeAll(source)
  }

  async #writeAll(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of source) await this.#writeChunk(chunk)
  }

  #writeChunk(chunk: Uint8Array): Promise<void> | undefined {
    const sent = this.#sendFrom(chunk, 0)
    return sent === chunk.length ? undefined : this.#writeRest(chunk, sent)
  }

  async #writeRest(chunk: Uint8Array, from: number): Promise<void> {
    let offset = from
    while (offset < chunk.length) {
      if (this.#error) throw this.#error
      await new Promise<void>((resolve) => (this.#wake = resolve))
      offset = this.#sendFrom(chunk, offset)
    }
  }

  #sendFrom(chunk: Uint8Array, from: number): number {
    if (this.#error) return from
    let offset = from
    while (offset < chunk.length && this.#credit >= leastCost) {
      const length = Math.min(chunk.length - offset, dataFrameBytes, this.#credit)
      this.#credit -= costOf(length)
      this.#send(
        offset === 0 && length === chunk.length ? chunk : chunk.subarray(offset, offset + length),
      )
      offset += length
    }
    return offset
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
