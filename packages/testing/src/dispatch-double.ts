import {
  dispatchFailure,
  type DispatchResponse,
  dispatchRequestSchema,
  type HttpRequest,
} from '@holdfast/protocol/dispatch'
import { type ConnectionPolicy, parseRequestPath, policyRefusal } from '@holdfast/protocol'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import type { TestConnection, TestConnections } from './connections.ts'
import { callUpstream, UpstreamFailure } from './upstream-call.ts'

/** Headers by which a caller would speak for somebody else. */
const reservedHeaders = new Set(['authorization', 'cookie', 'dpop', 'host', 'proxy-authorization'])

/**
 * What `POST /dispatch` answers: the real wire contract, with a real call over TLS. A test double all
 * the same: credentials lie in the memory of this process, nothing is sealed and nothing is isolated.
 */
export async function dispatchDouble(
  connections: TestConnections,
  token: VerifiedAccessToken,
  body: unknown,
): Promise<DispatchResponse> {
  const parsed = dispatchRequestSchema.safeParse(body)
  if (!parsed.success) return dispatchFailure('INVALID_REQUEST', 'the request is malformed')
  const { connection_handle: handle, request } = parsed.data
  const connection = connections.find(handle)
  if (connection === undefined || !Object.values(token.connections).includes(handle)) {
    return dispatchFailure('CONNECTION_NOT_FOUND', 'the token names no such connection')
  }
  const refusal = refusalOf(connection, request, token.resource ?? '')
  if (refusal !== undefined) return dispatchFailure('BAD_REQUEST', refusal)
  try {
    return { success: true, response: await callUpstream(connection, request) }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    return dispatchFailure(error.code, error.message)
  }
}

function refusalOf(
  { policy, credential }: TestConnection,
  request: HttpRequest,
  resource: string,
): string | undefined {
  for (const name of Object.keys(request.headers ?? {})) {
    const lower = name.toLowerCase()
    if (reservedHeaders.has(lower) || lower === credential.header.toLowerCase()) {
      return `the caller must not send the header ${lower}`
    }
  }
  try {
    const { pathname } = parseRequestPath(request.path)
    return policy && policyText(policy, { method: request.method, pathname, resource })
  } catch (error) {
    return error instanceof Error ? error.message : 'the path is not allowed'
  }
}

function policyText(
  policy: ConnectionPolicy,
  question: Parameters<typeof policyRefusal>[1],
): string | undefined {
  const refused = policyRefusal(policy, question)
  return refused && `the connection’s policy does not allow this ${refused}`
}
