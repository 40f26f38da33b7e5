import {
  type DispatchResponse,
  dispatchResponseSchema,
  type HttpRequest,
  parseConnectionHandle,
} from '@holdfast/protocol'
import { type Api, longestUpstreamMs } from './api.ts'
import { ClientError } from './errors.ts'

/** Calls an upstream API through a connection, with a token of the dispatch resource. */
export type Dispatch = (handle: string, request: HttpRequest) => Promise<DispatchResponse>

export function createDispatch(api: Api): Dispatch {
  return async (handle, request) => {
    const answer = await api<unknown>({
      method: 'POST',
      path: '/dispatch',
      resource: 'dispatch',
      upstreamMs: request.timeout_ms ?? longestUpstreamMs,
      body: { connection_handle: parseConnectionHandle(handle), request },
    })
    const parsed = dispatchResponseSchema.safeParse(answer)
    if (parsed.success) return parsed.data
    throw new ClientError('SERVER_ERROR', 'the server’s answer to the dispatch is malformed')
  }
}
