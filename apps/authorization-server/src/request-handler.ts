import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppContext } from './context.ts'
import { createDispatchHandler } from './dispatch/handler.ts'
import { createHostCheck } from './http/host-pin.ts'
import type { RequestHandler } from './http/listener.ts'
import { newRequestId } from './http/request-context.ts'
import { setSecurityHeaders } from './http/security-headers.ts'
import { dispatchPath } from './oauth/built-in-resources.ts'

/** The first decisions on every request: own host, own headers, then the fast path or the app. */
export function createRequestHandler(ctx: AppContext, app: RequestHandler): RequestHandler {
  const isOwnHost = createHostCheck(ctx.config.issuer)
  const isHttps = ctx.config.issuer.startsWith('https:')
  const dispatch = createDispatchHandler(ctx)
  return (request, response) => {
    if (!isOwnHost(request)) return refuseHost(request, response, ctx.config.issuer)
    // Sets its own few headers: no page is answered there, and it is the busiest path.
    if (request.url === dispatchPath) {
      void dispatch(request, response)
      return undefined
    }
    response.setHeader('X-Request-Id', newRequestId())
    setSecurityHeaders(response, isHttps)
    app(request, response)
    return undefined
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20} */
function refuseHost(request: IncomingMessage, response: ServerResponse, issuer: string): void {
  request.resume()
  response.writeHead(421, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end(`This server answers only under ${issuer}\n`)
}
