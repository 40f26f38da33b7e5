import { type DispatchErrorCode, dispatchErrors, type HttpRequest } from '@holdfast/protocol'
import { type CancelSignal, EnclaveError } from '@holdfast/protocol/channel'
import type { DispatchResult, EnclaveErrorCode } from '@holdfast/protocol/enclave'
import type { Config } from '../config.ts'
import type { EnclaveClient } from '../enclave-client/client.ts'
import { dispatchPath } from '../oauth/built-in-resources.ts'
import type { Caller } from './caller.ts'
import type { UsableConnection } from './load-connection.ts'
import type { ParsedDispatch } from './parse-request.ts'
import { DispatchRefusal } from './refusal.ts'
import { outgoingParts } from './request-body.ts'

/** A call that has been decided and only has to be made. */
export interface DecidedCall {
  readonly connection: UsableConnection
  readonly call: ParsedDispatch
  readonly caller: Pick<Caller, 'sub' | 'clientId' | 'resource' | 'proof'>
  readonly signal?: CancelSignal | undefined
}

export interface CallLimits {
  readonly defaultTimeoutMs: number
  readonly maxResponseBytes: number
  /** What a proof's `htu` must be, where the credential pins keys. */
  readonly dispatchUrl: string
}

/** The limits that the settings name. */
export const callLimits = ({ issuer, dispatch }: Config): CallLimits => ({
  defaultTimeoutMs: dispatch.defaultTimeoutMs,
  maxResponseBytes: dispatch.maxResponseBytes,
  dispatchUrl: issuer + dispatchPath,
})

/** What the upstream answered. */
export interface UpstreamAnswer {
  readonly result: DispatchResult
  readonly body: Uint8Array
}

/**
 * Has the enclave make the call.
 *
 * @throws DispatchRefusal with the code that the enclave gave, or the nearest one
 */
export async function callEnclave(
  enclave: Pick<EnclaveClient, 'dispatch'>,
  { connection, call, caller, signal }: DecidedCall,
  limits: CallLimits,
): Promise<UpstreamAnswer> {
  const { headers, body } = outgoingParts(call)
  const proof = connection.pinsKeys ? caller.proof : undefined
  try {
    return await enclave.dispatch({
      head: {
        context: connection.context,
        request: {
          method: call.request.method,
          path: call.request.path,
          headers,
          has_body: body !== undefined,
        },
        caller: {
          sub: caller.sub,
          resource: caller.resource,
          client_id: caller.clientId,
          dispatch_url: limits.dispatchUrl,
          ...(proof && { proof: proof.proof, access_token: proof.token }),
        },
        timeout_ms: call.request.timeout_ms ?? limits.defaultTimeoutMs,
        max_response_bytes: limits.maxResponseBytes,
      },
      record: connection.record,
      body,
      signal,
    })
  } catch (error) {
    if (!(error instanceof EnclaveError)) throw error
    throw error.mayHaveRun && !idempotent.has(call.request.method)
      ? toRefusal(error, { retryable: false })
      : toRefusal(error)
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2} */
const idempotent: ReadonlySet<HttpRequest['method']> = new Set(['GET', 'PUT', 'DELETE'])

// Codes of the enclave that are none of the wire's.
const wireCodes: Partial<Record<EnclaveErrorCode, DispatchErrorCode>> = {
  POLICY_REFUSED: 'BAD_REQUEST',
  PIN_REFUSED: 'BAD_REQUEST',
  HOST_NOT_ALLOWED: 'BAD_REQUEST',
  BINDING_MISMATCH: 'DECRYPTION_FAILED',
  INVALID_ENVELOPE: 'DECRYPTION_FAILED',
  WRONG_KEY: 'DECRYPTION_FAILED',
  NEEDS_RECONNECT: 'DOWNSTREAM_AUTH_FAILURE',
  TOKEN_REFUSED: 'DOWNSTREAM_AUTH_FAILURE',
}

/** The wire's code for a failure of the enclave, or the nearest one. */
export function toRefusal(
  error: EnclaveError,
  options: { readonly retryable?: boolean } = {},
): DispatchRefusal {
  const own = Object.hasOwn(dispatchErrors, error.code)
  const code = own ? (error.code as DispatchErrorCode) : wireCodes[error.code]
  return new DispatchRefusal(code ?? 'ENCLAVE_UNAVAILABLE', error.message, {
    ...options,
    cause: error,
  })
}
