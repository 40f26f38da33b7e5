import type { Dispatcher } from 'undici'

/** Unread bytes above which the upstream is held back. */
const highWaterBytes = 65_536

/** The body of an answer while it arrives: iterate it once, or take it whole if it is there. */
export class UpstreamBody implements AsyncIterable<Buffer> {
  readonly #source: Dispatcher.DispatchController
  #chunks: Buffer[] = []
  #unread = 0
  #isEnded = false
  #isDestroyed = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(source: Dispatcher.DispatchController) {
    this.#source = source
  }

  push(chunk: Buffer): void {
    if (this.#isDestroyed) return
    this.#chunks.push(chunk)
    this.#unread += chunk.length
    if (this.#unread > highWaterBytes && !this.#source.paused) this.#source.pause()
    this.#notify()
  }

  end(): void {
    this.#isEnded = true
    this.#notify()
  }

  /** Makes the reader fail once it has read what arrived. */
  fail(error: Error): void {
    if (this.#isEnded) return
    this.#error ??= error
    this.#notify()
  }

  /** Gives up what is not read, which then never looks like an end; cuts the connection if more would come. */
  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    const isRead = this.#isEnded && this.#chunks.length === 0
    const isOver = this.#isEnded || this.#error !== undefined
    this.#chunks = []
    if (isRead) return
    const error = (this.#error ??= new Error('the answer was given up'))
    if (!isOver) this.#source.abort(error)
    this.#notify()
  }

  /** The whole body if it has arrived, as most do together with their head; else `undefined`. */
  takeWhole(): Buffer | undefined {
    if (!this.#isEnded || this.#isDestroyed) return undefined
    const chunks = this.#chunks
    this.#chunks = []
    const [only = Buffer.alloc(0)] = chunks
    return chunks.length <= 1 ? only : Buffer.concat(chunks)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift()
        if (chunk) {
          this.#unread -= chunk.length
          if (this.#source.paused && this.#unread <= highWaterBytes) this.#source.resume()
          yield chunk
        } else if (this.#error) {
          throw this.#error
        } else if (this.#isEnded) {
          return
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      }
    } finally {
      this.destroy()
    }
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
