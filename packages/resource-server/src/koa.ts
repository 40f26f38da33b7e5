/**
 * Binding for Koa.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import { nodeResourceRequest } from './node-exchange.ts'
import type { ProtectedResource } from './protected-resource.ts'

export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'

/** The parts of a Koa context that the binding uses. */
export interface KoaContext {
  readonly req: IncomingMessage & { auth?: AuthInfo }
  readonly originalUrl: string
  readonly state: { auth?: unknown }
  status: number
  body: unknown
  readonly set: (headers: Record<string, string>) => void
}

/**
 * Middleware that guards everything after it. The checked request is `ctx.state.auth`; `ctx.req.auth`
 * is what the MCP SDKs' Node transports read.
 *
 * @example
 * ```ts
 * app.use(koaProtection(guard))
 * ```
 */
export function koaProtection(
  resource: ProtectedResource,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  return async (context, next) => {
    const decision = await resource.check(nodeResourceRequest(context.req, context.originalUrl))
    if (decision.answer !== undefined) {
      // Koa answers 204 for a null body, and guesses a type for the others.
      context.body = decision.answer.body ?? ''
      context.status = decision.answer.status
      context.set({ ...decision.answer.headers })
      return
    }
    context.set({ ...decision.headers })
    if (decision.request !== undefined) {
      context.state.auth = decision.request
      context.req.auth = decision.request.authInfo
    }
    await next()
  }
}
