/* oxlint-disable unicorn/prefer-add-event-listener -- transports have handlers, no events */
import {
  isInitializeRequest,
  isInitializedNotification,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  type RequestId,
  SdkHttpError,
  type StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import type { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { type BridgeFailure, errorResponse, failureOf, serversOwnAnswer } from './failure.ts'
import type { BridgeLog } from './log.ts'
import { paramHeaders } from './param-headers.ts'

/** The two ends that are glued together, both not yet started. */
export interface RelayOptions {
  readonly client: StdioServerTransport
  readonly server: StreamableHTTPClientTransport
  readonly origin: string
  readonly log: BridgeLog
  /** Aborted when the bridge ends: what fails from then on was given up, and nobody waits for it. */
  readonly ending: AbortSignal
}

interface Pending {
  readonly method: string
  /** Ends the HTTP request, which is how 2026-07-28 cancels; older versions send a notification. */
  readonly cancel: AbortController
  readonly isModern: boolean
  /** Set when the bridge itself asked: the answer is not the client's. */
  readonly own?: (answer: JSONRPCMessage) => void
}

/**
 * Passes every message on as it is, in both directions. What it adds is what Streamable HTTP needs
 * and stdio does not have: the negotiated version as a header, cancelling by closing a stream, a new
 * session when the server has lost the old one, and an answer to every request.
 */
export async function relay({ client, server, origin, log, ending }: RelayOptions): Promise<void> {
  const pending = new Map<RequestId, Pending>()
  const headers = paramHeaders()
  let opening: JSONRPCRequest | undefined
  let renewal: Promise<void> | undefined
  /** Nothing overtakes the opening of a session. */
  let gate: Promise<void> = Promise.resolve()

  const toClient = (message: JSONRPCMessage): void => {
    client.send(message).catch(() => undefined)
  }
  const fail = (id: RequestId, failure: BridgeFailure): void => {
    if (!pending.delete(id) || ending.aborted) return
    log.warn(failure.code.toLowerCase(), failure.message, failure.fix)
    toClient(errorResponse(id, failure))
  }

  const post = async (request: JSONRPCRequest): Promise<void> => {
    const entry = pending.get(request.id)
    if (entry === undefined) return
    const added = entry.isModern ? headers.of(request) : undefined
    await server.send(request, {
      requestSignal: entry.cancel.signal,
      onRequestStreamEnd: () => streamEnded(request.id),
      ...(added !== undefined && { headers: added }),
    })
  }

  const streamEnded = (id: RequestId): void => {
    const entry = pending.get(id)
    if (entry?.method === 'subscriptions/listen') {
      pending.delete(id)
      // What a server on stdio says when it ends a subscription.
      return toClient({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: 'the server ended the subscription' },
      })
    }
    fail(id, {
      code: 'CONNECTION_LOST',
      message: `${origin} closed the connection before it answered`,
      fix: 'try again; if it stays, read the log of that server',
    })
  }

  /** Opens a session again as the client opened the first one, which knows nothing of it. */
  const renew = async (lost: string | undefined): Promise<void> => {
    if (opening === undefined || server.sessionId !== lost) return
    const request = { ...opening, id: `holdfast-${crypto.randomUUID()}` }
    const { promise, resolve, reject } = Promise.withResolvers<JSONRPCMessage>()
    pending.set(request.id, {
      method: request.method,
      cancel: new AbortController(),
      isModern: false,
      own: resolve,
    })
    try {
      server.send(request).catch(reject)
      const answer = await promise
      if (!isJSONRPCResultResponse(answer)) throw new Error('the session was refused')
      adoptVersion(answer.result)
      await server.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
      log.info('session_renewed', `${origin} had lost the session; a new one is open`)
    } finally {
      pending.delete(request.id)
    }
  }

  const adoptVersion = (result: unknown): void => {
    const { protocolVersion } = result as { protocolVersion?: unknown }
    if (typeof protocolVersion === 'string') server.setProtocolVersion(protocolVersion)
  }

  const forward = async (request: JSONRPCRequest): Promise<void> => {
    const session = server.sessionId
    try {
      return await post(request)
    } catch (error) {
      if (!isLostSession(error) || session === undefined || isInitializeRequest(request))
        throw error
      renewal ??= renew(session).finally(() => (renewal = undefined))
      await renewal
      await post(request)
    }
  }

  const fromClient = async (message: JSONRPCMessage): Promise<void> => {
    if (isJSONRPCRequest(message)) {
      try {
        return await forward(message)
      } catch (error) {
        const own = serversOwnAnswer(error, message.id)
        if (own === undefined) return fail(message.id, failureOf(error, origin))
        if (pending.delete(message.id)) toClient(own)
        return
      }
    }
    try {
      await server.send(message)
    } catch (error) {
      if (ending.aborted) return
      const { message: what, fix } = failureOf(error, origin)
      log.warn('not_delivered', what, fix)
    }
  }

  client.onmessage = (message) => {
    if (isJSONRPCRequest(message)) {
      const isModern = typeof metaOf(message)?.[PROTOCOL_VERSION_META_KEY] === 'string'
      pending.set(message.id, { method: message.method, cancel: new AbortController(), isModern })
      if (isInitializeRequest(message)) opening = message
    } else if ('method' in message && message.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'] as RequestId
      const entry = pending.get(id)
      if (entry?.isModern === true) {
        pending.delete(id)
        return entry.cancel.abort()
      }
    }
    const sent = gate.then(() => fromClient(message))
    if (isInitializeRequest(message) || isInitializedNotification(message)) gate = sent
  }

  server.onmessage = (message) => {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      const entry = message.id === undefined ? undefined : pending.get(message.id)
      // An answer that came twice, after a stream was resumed, or to what was given up.
      if (entry === undefined || message.id === undefined) return
      pending.delete(message.id)
      if (entry.own !== undefined) return entry.own(message)
      if (isJSONRPCResultResponse(message)) {
        if (entry.method === 'initialize') adoptVersion(message.result)
        if (entry.method === 'tools/list') headers.learn(message.result)
      }
    }
    toClient(message)
  }
  // Each failure reaches the request that it belongs to; this is the rest, such as a lost stream.
  server.onerror = (error) => {
    if (error instanceof SdkHttpError || pending.size > 0 || ending.aborted) return
    log.warn('stream', `the stream of server messages from ${origin} was interrupted`)
  }
  client.onerror = () => log.warn('protocol', 'the client sent a line that is not JSON-RPC')

  await server.start()
  await client.start()
}

const metaOf = (message: JSONRPCRequest): Record<string, unknown> | undefined =>
  message.params?.['_meta']

const isLostSession = (error: unknown): boolean =>
  error instanceof SdkHttpError && error.status === 404
