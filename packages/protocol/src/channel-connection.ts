import { utf8, utf8Text } from './bytes.ts'
import { ChannelError } from './channel-errors.ts'
import {
  FrameDecoder,
  type FrameListener,
  type FrameType,
  frameTypes,
  FrameWriter,
  noPayload,
} from './frame.ts'

/**
 * What the channel needs of a byte stream. A `net.Socket` of Node fits as it is.
 *
 * A write must keep its order and may keep a reference to the bytes; `error` must be followed by
 * `close`.
 */
export interface ChannelSocket {
  /** Bytes written but not yet taken by the other side. */
  readonly writableLength: number
  write(bytes: Uint8Array): unknown
  end(): unknown
  destroy(): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: () => void): unknown
}

/** The first frame of each side: name and version of the protocol. */
const hello = 'holdfast-channel/1'

/** A peer that leaves this much unread is not reading at all: credits allow no honest backlog of it. */
const maxBacklogBytes = 134_217_728

/** How long a closing side waits for the peer to take the reason. */
const lingerMs = 1000

/** So much is written before the turn is over: a write costs little beside the time the other side waits. */
const eagerBytes = 4096

// Else one write per turn of the event loop: setImmediate runs after all sockets of a turn were read.
const nextTick: (task: () => void) => void =
  typeof setImmediate === 'function' ? (task) => void setImmediate(task) : queueMicrotask

/** Frames over one socket, with the greeting, batched writes and one way to close. */
export class ChannelConnection {
  readonly #socket: ChannelSocket
  readonly #listener: FrameListener
  readonly #onClosed: (reason: ChannelError) => void
  readonly #outgoing = new FrameWriter()
  #flushing = false
  #greeted = false
  #closedBy: ChannelError | undefined

  constructor(
    socket: ChannelSocket,
    listener: FrameListener,
    onClosed: (reason: ChannelError) => void,
  ) {
    this.#socket = socket
    this.#listener = listener
    this.#onClosed = onClosed
    const decoder = new FrameDecoder((type, stream, payload) =>
      this.#receive(type, stream, payload),
    )
    socket.on('data', (chunk) => {
      if (this.#closedBy) return
      try {
        decoder.push(chunk)
      } catch (error) {
        this.violation(error)
      }
    })
    // Sockets report a failure by `error` and then `close`; the cause names no payload.
    let cause: Error | undefined
    socket.on('error', (error) => (cause = error))
    socket.on('close', () =>
      this.#finish(new ChannelError('CHANNEL_CLOSED', 'the channel is closed', { cause })),
    )
    this.send(frameTypes.HELLO, 0, utf8(hello))
  }

  /** Why the channel is closed; `undefined` while it is open. */
  get closedBy(): ChannelError | undefined {
    return this.#closedBy
  }

  /** Adds a frame to the next write; `text` follows the payload. After the channel closed it does nothing. */
  send(type: FrameType, stream: number, payload: Uint8Array = noPayload, text?: string): void {
    if (this.#closedBy) return
    this.#outgoing.add(type, stream, payload, text)
    // The other side can do nothing with half a message.
    if (type === frameTypes.END && this.#outgoing.size >= eagerBytes) this.#write()
    if (this.#flushing) return
    this.#flushing = true
    nextTick(() => this.#flush())
  }

  /** Closes because the peer broke the rules, and tells it so. */
  violation(error: unknown): void {
    const reason =
      error instanceof ChannelError
        ? error
        : new ChannelError('PROTOCOL_VIOLATION', 'a frame could not be read', { cause: error })
    const { code, message } = reason
    this.send(frameTypes.ERR, 0, noPayload, JSON.stringify({ code, message }))
    this.close(reason)
  }

  /** Writes what is queued and closes. */
  close(reason: ChannelError): void {
    if (this.#closedBy) return
    this.#flush()
    this.#finish(reason)
    this.#socket.end()
    unref(setTimeout(() => this.#socket.destroy(), lingerMs))
  }

  #receive(type: FrameType, stream: number, payload: Uint8Array): void {
    if (this.#closedBy) return
    if (!this.#greeted) {
      if (type !== frameTypes.HELLO || payload.length > 64 || utf8Text(payload) !== hello) {
        throw new ChannelError('PROTOCOL_VIOLATION', 'the other side does not speak this protocol')
      }
      this.#greeted = true
    } else if (type === frameTypes.HELLO) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'a second greeting')
    } else if (type === frameTypes.PING) {
      this.#answerPing(payload)
    } else if (stream === 0 && type === frameTypes.ERR) {
      this.close(new ChannelError('PROTOCOL_VIOLATION', 'the other side refused a frame of ours'))
    } else if (stream === 0 && type !== frameTypes.PONG) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'a frame on stream 0')
    } else {
      this.#listener(type, stream, payload)
    }
  }

  #answerPing(payload: Uint8Array): void {
    if (payload.length > 8) throw new ChannelError('PROTOCOL_VIOLATION', 'a ping is too large')
    this.send(frameTypes.PONG, 0, payload)
  }

  #flush(): void {
    this.#flushing = false
    if (this.#closedBy) return
    this.#write()
    if (this.#socket.writableLength > maxBacklogBytes) {
      this.#finish(new ChannelError('PROTOCOL_VIOLATION', 'the other side does not read'))
      this.#socket.destroy()
    }
  }

  #write(): void {
    for (const bytes of this.#outgoing.take()) this.#socket.write(bytes)
  }

  #finish(reason: ChannelError): void {
    if (this.#closedBy) return
    this.#closedBy = reason
    this.#outgoing.take()
    this.#onClosed(reason)
  }
}

/** Lets a process end although the timer is pending; a no-op outside Node. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object' && 'unref' in timer) timer.unref()
}

/** Tells whether a stream number was given out before or at `last`; numbers wrap around. */
export function isOldStream(stream: number, last: number): boolean {
  return last !== 0 && ((stream - last) | 0) <= 0
}
