import { type CancelSignal, Cancellation } from './cancellation.ts'
import { ChannelConnection, type ChannelSocket, isOldStream, unref } from './channel-connection.ts'
import { type BodyReader, type BodySource, IncomingBody, OutgoingBody } from './channel-body.ts'
import { ChannelError, EnclaveError } from './channel-errors.ts'
import { decodeRequest, maxStreams } from './channel-request.ts'
import { readDispatchHead } from './dispatch-head.ts'
import {
  enclaveHeadSchemas,
  type EnclaveFailure,
  type EnclaveOperation,
  type EnclaveOperations,
} from './enclave.ts'
import { type FrameType, frameTypes, noPayload, readUint32, uint32Bytes } from './frame.ts'

/** What a handler gets beside the head. */
export interface ChannelRequestContext {
  readonly body: BodyReader
  /** Fires when the client cancels, its time is over or the channel closes. */
  readonly signal: CancelSignal
}

/** Does an operation. It rejects with an `EnclaveError` to refuse; anything else becomes `INTERNAL`. */
export type ChannelHandler<Operation extends EnclaveOperation> = (
  head: EnclaveOperations[Operation]['head'],
  context: ChannelRequestContext,
) => Promise<{
  readonly head: EnclaveOperations[Operation]['result']
  readonly body?: BodySource | undefined
}>

/** One handler for each operation. */
export type ChannelHandlers = {
  readonly [Operation in EnclaveOperation]: ChannelHandler<Operation>
}

/** Options of {@link serveChannel}. */
export interface ServeChannelOptions {
  /** Told of failures that are no `EnclaveError`; must not log what the error holds without care. */
  readonly onInternalError?: ((operation: EnclaveOperation, error: unknown) => void) | undefined
}

/** The answering side of a channel. */
export interface ChannelServer {
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<ChannelError>
  close(): void
}

interface ServerStream {
  readonly incoming: IncomingBody
  readonly outgoing: OutgoingBody
  readonly context: ChannelRequestContext
  abort(): void
  release(): void
}

// Handlers that are told to stop may take a moment; a client that cancels faster than they can
// stop is abusing us.
const maxRunning = maxStreams * 4

/** Answers the requests that arrive on a socket until it closes. */
export function serveChannel(
  socket: ChannelSocket,
  handlers: ChannelHandlers,
  options: ServeChannelOptions = {},
): ChannelServer {
  const streams = new Map<number, ServerStream>()
  let last = 0
  let running = 0
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<ChannelError>()

  const connection = new ChannelConnection(socket, receive, (reason) => {
    for (const [id, stream] of streams) stop(id, stream, reason)
    resolveClosed(reason)
  })

  function receive(type: FrameType, id: number, payload: Uint8Array): void {
    if (type === frameTypes.REQ) return open(id, payload)
    const stream = streams.get(id)
    if (!stream) {
      if (isOldStream(id, last)) return
      throw new ChannelError('PROTOCOL_VIOLATION', 'a frame for a stream that was never opened')
    }
    switch (type) {
      case frameTypes.DATA:
        return stream.incoming.push(payload)
      case frameTypes.END:
        return stream.incoming.end()
      case frameTypes.CREDIT:
        return stream.outgoing.addCredit(readUint32(payload, 0))
      case frameTypes.CANCEL:
        return stop(id, stream, new ChannelError('CANCELLED', 'the client gave the request up'))
      default:
        throw new ChannelError('PROTOCOL_VIOLATION', 'a frame that only a server may send')
    }
  }

  function open(id: number, payload: Uint8Array): void {
    if (isOldStream(id, last)) throw new ChannelError('PROTOCOL_VIOLATION', 'a stream used twice')
    if (streams.size >= maxStreams || running >= maxRunning) {
      throw new ChannelError('PROTOCOL_VIOLATION', 'too many streams at once')
    }
    last = id
    const { operation, timeoutMs, head } = decodeRequest(payload)
    const stream = createStream(id, timeoutMs)
    streams.set(id, stream)
    running++
    void run(id, stream, operation, head).finally(() => running--)
  }

  function createStream(id: number, timeoutMs: number): ServerStream {
    const cancellation = new Cancellation()
    const timer = setTimeout(
      () => stop(id, stream, new ChannelError('TIMEOUT', 'the time for the request is over')),
      Math.min(timeoutMs, 2 ** 31 - 1),
    )
    unref(timer)
    const incoming = new IncomingBody(
      (bytes) => streams.has(id) && connection.send(frameTypes.CREDIT, id, uint32Bytes(bytes)),
      () => undefined,
    )
    const stream: ServerStream = {
      incoming,
      outgoing: new OutgoingBody((chunk) => connection.send(frameTypes.DATA, id, chunk)),
      context: {
        body: incoming,
        signal: cancellation,
      },
      abort: () => cancellation.abort(),
      release: () => clearTimeout(timer),
    }
    return stream
  }

  /** Ends a stream whose answer nobody waits for any more. */
  function stop(id: number, stream: ServerStream, error: ChannelError): void {
    if (!streams.delete(id)) return
    stream.release()
    stream.incoming.fail(error)
    stream.outgoing.fail(error)
    stream.abort()
  }

  async function run(
    id: number,
    stream: ServerStream,
    operation: string,
    head: unknown,
  ): Promise<void> {
    try {
      const reply = await call(operation, head, stream.context)
      if (!streams.has(id)) return discard(reply.body)
      connection.send(frameTypes.RES, id, noPayload, JSON.stringify(reply.head))
      if (reply.body) await stream.outgoing.write(reply.body)
      finish(id, stream, frameTypes.END)
    } catch (error) {
      const failure = failureOf(error)
      if (failure.code === 'INTERNAL' && !(error instanceof EnclaveError) && streams.has(id)) {
        options.onInternalError?.(operation as EnclaveOperation, error)
      }
      finish(id, stream, frameTypes.ERR, JSON.stringify(failure))
    }
  }

  async function call(
    operation: string,
    value: unknown,
    context: ChannelRequestContext,
  ): Promise<{ readonly head: unknown; readonly body?: BodySource | undefined }> {
    if (!Object.hasOwn(enclaveHeadSchemas, operation)) {
      throw new EnclaveError('INVALID_REQUEST', 'the enclave does not know this operation')
    }
    const name = operation as EnclaveOperation
    return (handlers[name] as ChannelHandler<EnclaveOperation>)(readHead(name, value), context)
  }

  function finish(id: number, stream: ServerStream, type: FrameType, text?: string): void {
    if (!streams.delete(id)) return
    stream.release()
    stream.incoming.fail(requestOver)
    connection.send(type, id, noPayload, text)
  }

  return {
    closed,
    close: () => connection.close(new ChannelError('CHANNEL_CLOSED', 'the channel was closed')),
  }
}

function readHead<Operation extends EnclaveOperation>(
  name: Operation,
  value: unknown,
): EnclaveOperations[Operation]['head'] {
  const usual = name === 'dispatch' ? readDispatchHead(value) : undefined
  if (usual) return usual
  const head = enclaveHeadSchemas[name].safeParse(value)
  if (head.success) return head.data
  const path = head.error.issues[0]?.path.join('.') ?? ''
  throw new EnclaveError('INVALID_REQUEST', `the head of ${name} is wrong at "${path}"`)
}

/** What late readers of a request's body meet; made once, because every request ends with it. */
const requestOver = new ChannelError('CANCELLED', 'the request was answered')

/** Lets go of a body that nobody will read. */
async function discard(body: BodySource | undefined): Promise<void> {
  if (body && Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.()
}

function failureOf(error: unknown): EnclaveFailure {
  if (error instanceof EnclaveError) {
    const { code, message, retryAfterMs, mayHaveRun } = error
    return {
      ...{ code, message },
      ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
      ...(mayHaveRun && { may_have_run: true }),
    }
  }
  if (error instanceof ChannelError && error.code === 'BODY_TOO_LARGE') {
    return { code: 'INVALID_REQUEST', message: error.message }
  }
  return {
    ...{ code: 'INTERNAL', message: 'the enclave failed; its log has the kind of failure' },
    // Nobody can tell how far the operation had come.
    may_have_run: true,
  }
}
