import type { ServerResponse } from 'node:http'
import { sendAnswer } from './node-exchange.ts'

const departures = ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']

/** Whether the failure is only that the client did not wait. */
function hasLeft(error: unknown, response: ServerResponse): boolean {
  if (!response.destroyed || !(error instanceof Error)) return false
  return error.name === 'AbortError' || departures.includes(String(Reflect.get(error, 'code')))
}

/** Ends a request that failed: 500, or the end of the connection when the answer has begun. */
export function endFailed(
  error: unknown,
  response: ServerResponse,
  onFailure: (error: unknown) => void,
): void {
  if (hasLeft(error, response)) return
  onFailure(error)
  if (response.headersSent) response.destroy()
  else sendAnswer(response, { status: 500, headers: {}, body: null })
}
