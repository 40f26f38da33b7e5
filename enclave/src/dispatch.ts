import { type EnvelopeHeader, parseBaseUrl, type UpstreamOrigin } from '@holdfast/protocol'
import { type CancelSignal, EnclaveError } from '@holdfast/protocol/channel'
import type { DispatchHead, DispatchResult } from '@holdfast/protocol/enclave'
import { carryOut, leaseClient } from './carry-out.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import type { DpopPins } from './dpop-pins.ts'
import type { Keyring } from './keyring.ts'
import { planInjection } from './kinds/kinds.ts'
import { type FinishedRequest, OutgoingRequest } from './outgoing-request.ts'
import { requireAllowed } from './policy.ts'
import { cleanBody } from './response-body.ts'
import { callerHeaders, contentEncoding } from './response-head.ts'
import type { Scrubber } from './scrub.ts'
import type { Upstream, UpstreamRequest, UpstreamResponse } from './upstream.ts'
import { requestFailure } from './upstream-errors.ts'
import { upstreamPath } from './upstream-path.ts'
import { openRecord } from './vault-record.ts'

/** What a dispatch needs of the rest of the enclave. */
export interface DispatchParts {
  readonly keyring: Keyring
  readonly upstream: Upstream
  readonly dpopPins: DpopPins
}

/** A dispatch that the enclave allowed, with the secret where only the TLS socket finds it. */
interface PreparedCall {
  readonly request: FinishedRequest
  readonly send: Pick<UpstreamRequest, 'origin' | 'method' | 'client' | 'owner'>
  readonly host: string
  readonly scrubber: Scrubber
}

/** Answer of {@link dispatch}. */
export interface DispatchAnswer {
  readonly head: DispatchResult
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/**
 * Makes a call with a stored credential: opens its record, decides by policy and pins, injects, calls,
 * scrubs. The plaintext is wiped before the call starts; what the scrub needs, when the answer ends.
 *
 * @throws EnclaveError when the enclave refuses or the upstream cannot be asked
 */
export async function dispatch(
  parts: DispatchParts,
  head: DispatchHead,
  payload: Uint8Array,
  signal: CancelSignal,
): Promise<DispatchAnswer> {
  const record = payload.subarray(0, head.record_bytes)
  const body = head.request.has_body ? payload.subarray(head.record_bytes) : undefined
  const deadline = startDeadline(head.timeout_ms, signal)
  try {
    const call = await prepare(parts, head, record, body)
    const { target, headers, body: sent } = call.request
    try {
      const response = await parts.upstream.send({
        ...call.send,
        ...{ target, headers, body: sent, signal: deadline.signal },
      })
      return answer(call, response, head.max_response_bytes, deadline)
    } catch (error) {
      endCall(call)
      throw error
    } finally {
      call.request.release()
    }
  } catch (error) {
    deadline.clear()
    throw deadline.explain(error)
  }
}

async function prepare(
  { keyring, dpopPins, upstream }: DispatchParts,
  head: DispatchHead,
  record: Uint8Array,
  body: Uint8Array | undefined,
): Promise<PreparedCall> {
  const opened = openRecord(keyring, head.context, record)
  try {
    const { header } = opened.envelope
    const { pins } = header.binding
    const base = allowedOrigin(header, head)
    const path = upstreamPath(base, head.request.path)
    requireAllowed(head.context.policy, pins, head, path.pathname)
    if (pins.dpop_jkts) await dpopPins.require(pins.dpop_jkts, head.caller)
    const { method, headers } = head.request
    const outgoing = new OutgoingRequest({ method, base, path, headers, body })
    const plan = planInjection(opened.envelope)
    const { request, scrubber } = carryOut(plan, outgoing, opened.envelope.secrets)
    try {
      const client = leaseClient(upstream, head, record, plan)
      const origin = `https://${base.authority}`
      const send = { origin, method, client, owner: head.context.handle }
      return { request, send, host: base.authority, scrubber }
    } catch (error) {
      scrubber.wipe()
      request.release()
      request.wipeBody()
      throw error
    }
  } finally {
    opened.wipe()
  }
}

const origins = new WeakMap<EnvelopeHeader, UpstreamOrigin>()

/** The origin to call: sealed with the credential, never named by the request. */
function allowedOrigin(header: EnvelopeHeader, { context }: DispatchHead): UpstreamOrigin {
  // The header of a record in use is one object.
  let base = origins.get(header)
  if (!base) origins.set(header, (base = parseBaseUrl(header.base_url)))
  if (context.allowed_hosts.includes(base.authority)) return base
  throw new EnclaveError('HOST_NOT_ALLOWED', 'the credential does not allow its own host')
}

function answer(
  call: PreparedCall,
  response: UpstreamResponse,
  maxBytes: number,
  deadline: Deadline,
): DispatchAnswer {
  const { host, scrubber } = call
  let encoding
  try {
    encoding = contentEncoding(response.headers)
  } catch (error) {
    response.body.destroy()
    throw error
  }
  const release = (): void => {
    response.body.destroy()
    endCall(call)
    deadline.clear()
  }
  const head = {
    status: response.statusCode,
    headers: callerHeaders(response.headers, scrubber),
    host,
  }
  const body = cleanBody(response.body, { encoding, scrubber, maxBytes })
  if (body instanceof Uint8Array) {
    release()
    return { head, body }
  }
  // An answer that nobody starts to read never ends by itself.
  deadline.signal.addEventListener('abort', release, { once: true })
  if (deadline.signal.aborted) release()
  return { head, body: untilEnd(body, release, deadline) }
}

/** Wipes what a call needed to its end. */
function endCall({ request, scrubber, send }: PreparedCall): void {
  request.wipeBody()
  scrubber.wipe()
  send.client?.release()
}

async function* untilEnd(
  body: AsyncIterable<Uint8Array>,
  release: () => void,
  deadline: Deadline,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body
  } catch (error) {
    throw deadline.explain(requestFailure(error))
  } finally {
    release()
  }
}
