import type { CancelSignal } from './cancellation.ts'
import { ChannelConnection, type ChannelSocket, isOldStream, unref } from './channel-connection.ts'
import { type BodySource, IncomingBody, OutgoingBody } from './channel-body.ts'
import { ChannelError, EnclaveError } from './channel-errors.ts'
import { decodeJson, encodeHead, maxStreams, requestPrefix } from './channel-request.ts'
import {
  enclaveErrorCodes,
  type EnclaveErrorCode,
  type EnclaveFailure,
  type EnclaveOperation,
  type EnclaveOperations,
} from './enclave.ts'
import { type FrameType, frameTypes, noPayload, readUint32, uint32Bytes } from './frame.ts'

/** Options of one request. */
export interface ChannelRequestOptions {
  /** Cancels the request; it then rejects with `CANCELLED`. */
  readonly signal?: CancelSignal | undefined
  /** Time for the whole answer in ms, body included, 1 to 3600000. Default 30000. */
  readonly timeoutMs?: number | undefined
}

/** An answer whose head has arrived. Read its body to the end, or cancel it. */
export interface ChannelReply<Result> {
  readonly head: Result
  readonly body: AsyncIterable<Uint8Array>
  /** The whole body. @throws ChannelError `BODY_TOO_LARGE` above `maxBytes` */
  bytes(maxBytes: number): Promise<Uint8Array>
  /** Gives the rest of the body up. */
  cancel(): void
}

/** The asking side of a channel. */
export interface ChannelClient {
  /**
   * Asks for an operation.
   *
   * @throws EnclaveError when the enclave refuses
   * @throws ChannelError when the channel fails, the time is over or the signal fires
   */
  request<Operation extends EnclaveOperation>(
    operation: Operation,
    head: EnclaveOperations[Operation]['head'],
    body?: BodySource,
    options?: ChannelRequestOptions,
  ): Promise<ChannelReply<EnclaveOperations[Operation]['result']>>
  /** Resolves when the other side answers. @throws ChannelError `TIMEOUT`, `CHANNEL_CLOSED` */
  ping(timeoutMs: number): Promise<void>
  readonly isClosed: boolean
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<ChannelError>
  /** Closes the channel; what is unanswered rejects with `CHANNEL_CLOSED`. */
  close(): void
}

const defaultTimeoutMs = 30_000
const maxTimeoutMs = 3_600_000
const maxWaiting = 10_000

interface ClientStream {
  readonly incoming: IncomingBody
  readonly outgoing: OutgoingBody
  answered: boolean
  answer(reply: ChannelReply<never>): void
  refuse(error: Error): void
  release(): void
}

/**
 * Opens a channel over a connected socket. Requests may be sent at once and run in parallel.
 *
 * @example
 * const client = createChannelClient(net.connect(path))
 * const { head } = await client.request('status', {})
 */
export function createChannelClient(socket: ChannelSocket): ChannelClient {
  const streams = new Map<number, ClientStream>()
  const waiting: { start(): void; refuse(error: ChannelError): void }[] = []
  const pings: { resolve(): void; reject(error: ChannelError): void }[] = []
  let last = 0
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<ChannelError>()

  const connection = new ChannelConnection(socket, receive, (reason) => {
    for (const [id, stream] of streams) finish(id, stream, reason)
    for (const request of waiting.splice(0)) request.refuse(reason)
    for (const ping of pings.splice(0)) ping.reject(reason)
    resolveClosed(reason)
  })

  function receive(type: FrameType, id: number, payload: Uint8Array): void {
    if (type === frameTypes.PONG) return pings.shift()?.resolve()
    const stream = streams.get(id)
    if (!stream) {
      if (isOldStream(id, last)) return
      throw new ChannelError('PROTOCOL_VIOLATION', 'a frame for a stream that was never opened')
    }
    switch (type) {
      case frameTypes.RES:
        return receiveHead(id, stream, decodeJson(payload))
      case frameTypes.DATA:
        requireAnswered(stream)
        return stream.incoming.push(payload)
      case frameTypes.END:
        requireAnswered(stream)
        stream.incoming.end()
        return finish(id, stream, streamOver)
      case frameTypes.ERR:
        return finish(id, stream, toEnclaveError(decodeJson(payload)))
      case frameTypes.CREDIT:
        return stream.outgoing.addCredit(readUint32(payload, 0))
      default:
        throw new ChannelError('PROTOCOL_VIOLATION', 'a frame that only a client may send')
    }
  }

  function receiveHead(id: number, stream: ClientStream, head: unknown): void {
    if (stream.answered) throw new ChannelError('PROTOCOL_VIOLATION', 'a second answer')
    stream.answered = true
    const { incoming } = stream
    stream.answer({
      head: head as never,
      body: incoming,
      bytes: (maxBytes) => incoming.bytes(maxBytes),
      cancel: () => cancel(id, stream, new ChannelError('CANCELLED', 'the answer was given up')),
    })
  }

  /** Ends a stream on this side: frees its number and lets a waiting request start. */
  function finish(id: number, stream: ClientStream, error: Error): void {
    if (!streams.delete(id)) return
    stream.release()
    stream.outgoing.fail(error)
    if (error !== streamOver) {
      stream.refuse(error)
      stream.incoming.fail(error)
    }
    waiting.shift()?.start()
  }

  function cancel(id: number, stream: ClientStream, error: Error): void {
    if (!streams.has(id)) return
    connection.send(frameTypes.CANCEL, id)
    finish(id, stream, error)
  }

  function open(
    { prefix, head }: { readonly prefix: Uint8Array; readonly head: string },
    body: BodySource,
    timeoutMs: number,
    signal: CancelSignal | undefined,
  ): Promise<ChannelReply<never>> {
    const id = nextStream()
    return new Promise((answer, refuse) => {
      const abort = (): void =>
        cancel(id, stream, new ChannelError('CANCELLED', 'the request was cancelled'))
      const timer = setTimeout(
        () => cancel(id, stream, new ChannelError('TIMEOUT', 'the enclave did not answer in time')),
        timeoutMs,
      )
      unref(timer)
      signal?.addEventListener('abort', abort, { once: true })
      const stream: ClientStream = {
        incoming: new IncomingBody(
          (bytes) => connection.send(frameTypes.CREDIT, id, uint32Bytes(bytes)),
          abort,
        ),
        outgoing: new OutgoingBody((chunk) => connection.send(frameTypes.DATA, id, chunk)),
        answered: false,
        answer,
        refuse,
        release() {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
        },
      }
      streams.set(id, stream)
      connection.send(frameTypes.REQ, id, prefix, head)
      const sendEnd = (): void => {
        if (streams.has(id)) connection.send(frameTypes.END, id)
      }
      const pending = stream.outgoing.write(body)
      if (pending) pending.then(sendEnd, (error: Error) => cancel(id, stream, error))
      else sendEnd()
    })
  }

  function nextStream(): number {
    do last = (last + 1) >>> 0
    while (last === 0 || streams.has(last))
    return last
  }

  /** Waits for a free stream. */
  function freeStream(timeoutMs: number, signal: CancelSignal | undefined): Promise<void> {
    if (waiting.length >= maxWaiting) {
      throw new ChannelError('TOO_MANY_REQUESTS', 'too many requests wait for the enclave')
    }
    return new Promise((resolve, reject) => {
      const leave = (error: ChannelError): void => {
        const index = waiting.indexOf(entry)
        if (index !== -1) waiting.splice(index, 1)
        release()
        reject(error)
      }
      const abort = (): void => leave(new ChannelError('CANCELLED', 'the request was cancelled'))
      const timer = setTimeout(
        () => leave(new ChannelError('TIMEOUT', 'no stream to the enclave became free in time')),
        timeoutMs,
      )
      signal?.addEventListener('abort', abort, { once: true })
      const release = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const entry = {
        start() {
          release()
          resolve()
        },
        refuse: leave,
      }
      waiting.push(entry)
    })
  }

  return {
    async request(operation, head, body = noPayload, options = {}) {
      const { signal } = options
      const timeoutMs = Math.min(Math.max(options.timeoutMs ?? defaultTimeoutMs, 1), maxTimeoutMs)
      const start = {
        prefix: requestPrefix(operation, timeoutMs),
        head: encodeHead(operation, head),
      }
      if (streams.size >= maxStreams) await freeStream(timeoutMs, signal)
      if (connection.closedBy) throw connection.closedBy
      if (signal?.aborted) throw new ChannelError('CANCELLED', 'the request was cancelled')
      return open(start, body, timeoutMs, signal)
    },
    ping(timeoutMs) {
      if (connection.closedBy) return Promise.reject(connection.closedBy)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(
        () => reject(new ChannelError('TIMEOUT', 'the other side does not answer')),
        timeoutMs,
      )
      pings.push({ resolve, reject })
      connection.send(frameTypes.PING, 0)
      return promise.finally(() => clearTimeout(timer))
    },
    get isClosed() {
      return connection.closedBy !== undefined
    },
    closed,
    close: () => connection.close(new ChannelError('CHANNEL_CLOSED', 'the channel was closed')),
  }
}

/** Marks a stream that ended well. */
const streamOver = new ChannelError('CHANNEL_CLOSED', 'the answer is complete')

function requireAnswered(stream: ClientStream): void {
  if (!stream.answered) throw new ChannelError('PROTOCOL_VIOLATION', 'a body before its head')
}

const isEnclaveErrorCode = (code: unknown): code is EnclaveErrorCode =>
  (enclaveErrorCodes as readonly unknown[]).includes(code)

function toEnclaveError(value: unknown): EnclaveError {
  const {
    code,
    message,
    retry_after_ms: pause,
    may_have_run: mayHaveRun = false,
  } = (value ?? {}) as Partial<EnclaveFailure>
  const retryAfterMs = Number.isSafeInteger(pause) ? pause : undefined
  return isEnclaveErrorCode(code) && typeof message === 'string'
    ? new EnclaveError(code, message, { retryAfterMs, mayHaveRun })
    : new EnclaveError('INTERNAL', 'the enclave reported a failure without a known code', {
        mayHaveRun: true,
      })
}
