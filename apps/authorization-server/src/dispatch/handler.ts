import type { IncomingMessage, ServerResponse } from 'node:http'
import { Cancellation } from '@holdfast/protocol/channel'
import type { AppContext } from '../context.ts'
import { endOnDisk } from '../http/held-response.ts'
import { newRequestId } from '../http/request-context.ts'
import { type Answer, notRecorded } from './answer.ts'
import { createDispatchRoute, type DispatchContext } from './route.ts'

/**
 * Makes the node:http handler of `POST /dispatch`.
 *
 * A failed call is HTTP 200 with `success: false`; 401 is a bad token or proof, 403 a bad runner
 * signature, 500 a call that could not be recorded.
 */
export function createDispatchHandler(
  context: DispatchContext & Pick<AppContext, 'logger'>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const route = createDispatchRoute(context)
  return async (request, response) => {
    const requestId = newRequestId()
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST')
      return send(response, requestId, { status: 405, text: '{"error":"method_not_allowed"}' })
    }
    const gone = new Cancellation()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    try {
      send(response, requestId, await route({ request, requestId, signal: gone }))
    } catch (error) {
      context.logger.error({ err: error, requestId }, 'a dispatch was not completed')
      send(response, requestId, notRecorded)
    }
  }
}

function send(response: ServerResponse, requestId: string, answer: Answer): void {
  if (response.destroyed) return
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer.text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  }
  if (answer.challenge !== undefined) headers['www-authenticate'] = answer.challenge
  if (answer.nonce !== undefined) headers['dpop-nonce'] = answer.nonce
  // What is left of a refused body is not worth reading.
  if (!response.req.complete) headers['connection'] = 'close'
  response.writeHead(answer.status, headers)
  if (answer.isOnDisk) endOnDisk(response, answer.text)
  else response.end(answer.text)
}
