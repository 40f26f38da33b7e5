/**
 * Binding for Express 4 and 5, and for Connect.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import { nodeResourceRequest, sendAnswer, setHeaders } from './node-exchange.ts'
import type { ProtectedResource } from './protected-resource.ts'

export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'

/** The parts of an Express request that the binding uses. */
export type ExpressRequest = IncomingMessage & { auth?: AuthInfo }

/**
 * Middleware that guards everything after it. Use it on the application and not below a path, or the
 * metadata cannot be found. Handlers find the checked request by `requestOfAuthInfo(req.auth)`.
 *
 * @example
 * ```ts
 * app.use(expressProtection(guard))
 * app.post('/mcp', express.json(), (req, res) => mcp(req, res, req.body))
 * ```
 */
export function expressProtection(
  resource: ProtectedResource,
): (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void> {
  return async (request, response, next) => {
    const decision = await resource.check(nodeResourceRequest(request))
    if (decision.answer !== undefined) {
      sendAnswer(response, decision.answer)
      return
    }
    setHeaders(response, decision.headers)
    if (decision.request !== undefined) request.auth = decision.request.authInfo
    next()
  }
}
