import type { IncomingMessage } from 'node:http'
import type { CancelSignal } from '@holdfast/protocol/channel'
import type { AppContext } from '../context.ts'
import { type Answer, failure, refused, success } from './answer.ts'
import { createAuthenticate } from './authenticate.ts'
import { requireDetails, requireNamed, requirePolicy } from './authorize-connection.ts'
import { callLimits, type UpstreamAnswer } from './call-enclave.ts'
import { callWithToken } from './call-with-token.ts'
import type { Caller } from './caller.ts'
import { createInFlight } from './in-flight.ts'
import { repairLinks } from './repair-links.ts'
import { loadConnection } from './load-connection.ts'
import { type ParsedDispatch, parseDispatch } from './parse-request.ts'
import { BodyError, readBody } from './read-body.ts'
import { recordDispatch } from './record-dispatch.ts'
import { CallerRefusal, DispatchRefusal } from './refusal.ts'
import { createRefusalLog } from './refusal-log.ts'

/** What the dispatch endpoint needs of the process. */
export type DispatchContext = Pick<
  AppContext,
  | 'config'
  | 'clock'
  | 'processStart'
  | 'storage'
  | 'enclave'
  | 'verifyToken'
  | 'proofNonces'
  | 'tokens'
>

/** One request on its way. */
export interface Incoming {
  readonly request: IncomingMessage
  readonly requestId: string
  /** Fires when the caller goes away. */
  readonly signal: CancelSignal
}

/** What became known of a call before it ended. */
interface Facts {
  call?: ParsedDispatch
  answer?: UpstreamAnswer
}

/**
 * Makes the decision table of `POST /dispatch`. Each step takes what those before it made sure of, and
 * the first that refuses ends the call with its code.
 */
export function createDispatchRoute(
  context: DispatchContext,
): (incoming: Incoming) => Promise<Answer> {
  const { config, clock, storage, enclave, tokens } = context
  const { maxBodyBytes } = config.dispatch
  const limits = callLimits(config)
  const authenticate = createAuthenticate(context, limits.dispatchUrl)
  const inFlight = createInFlight()
  const refusals = createRefusalLog(storage.audit, clock)

  async function steps(
    { request, signal }: Incoming,
    body: Uint8Array,
    caller: Caller,
    facts: Facts,
  ) {
    const call = (facts.call = parseDispatch(request.headers['content-type'], body)) // INVALID_REQUEST, BAD_REQUEST
    requireNamed(caller, call.handle) // CONNECTION_NOT_FOUND
    requireDetails(caller, call) // CONNECTION_NOT_FOUND, BAD_REQUEST
    const reload = () => loadConnection(storage.connections, call.handle, caller.sub)
    const connection = await reload() // ORG_MISMATCH, CONNECTION_*, DOWNSTREAM_AUTH_FAILURE
    requirePolicy(connection, call, caller.resource) // BAD_REQUEST
    const leave = inFlight.enter(call.handle) // DOWNSTREAM_RATE_LIMITED
    try {
      facts.answer = await callWithToken(
        { enclave, tokens, clock, reload },
        { connection, call, caller, signal },
        limits,
      ) // DECRYPTION_FAILED, DOWNSTREAM_*, ENCLAVE_UNAVAILABLE
    } finally {
      leave()
    }
    storage.connections.touch(call.handle)
    return success(facts.answer)
  }

  async function recorded(incoming: Incoming, body: Uint8Array, caller: Caller): Promise<Answer> {
    const startedAt = performance.now()
    const facts: Facts = {}
    const settled = await steps(incoming, body, caller, facts).catch((error: unknown) => {
      if (error instanceof DispatchRefusal) return error
      throw error
    })
    await recordDispatch(storage.audit, {
      caller,
      requestId: incoming.requestId,
      call: facts.call,
      result: facts.answer?.result,
      code: settled instanceof DispatchRefusal ? settled.code : undefined,
      durationMs: Math.round(performance.now() - startedAt),
    })
    if (!(settled instanceof DispatchRefusal)) return settled
    return failure(settled, await repairLinks(context, incoming.requestId, caller, facts, settled))
  }

  return async (incoming) => {
    try {
      const body = await readBody(incoming.request, { maxBytes: maxBodyBytes }) // INVALID_REQUEST
      const caller = await authenticate(incoming.request, body) // 401, 403, DOWNSTREAM_RATE_LIMITED
      return await recorded(incoming, body, caller)
    } catch (error) {
      if (error instanceof BodyError) {
        return failure(new DispatchRefusal('INVALID_REQUEST', error.message))
      }
      if (!(error instanceof CallerRefusal || error instanceof DispatchRefusal)) throw error
      await refusals.record(error, incoming.requestId)
      return error instanceof DispatchRefusal ? failure(error) : refused(error)
    }
  }
}
