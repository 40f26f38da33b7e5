/**
 * Binding for Hono on any runtime. On Node make the guard with `protectedResource` of `./node`.
 *
 * @module
 */
import { addHeaders, fetchAnswer, fetchResourceRequest } from './protect-fetch.ts'
import type { ProtectedResource } from './protected-resource.ts'

export { protectedResource } from './protected-resource.ts'

/** The parts of a Hono context that the binding uses. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
  readonly set: (key: never, value: never) => void
  readonly res: Response
}

/**
 * Middleware that guards everything after it. The checked request is `c.get('auth')`; give the
 * application the variable `{ Variables: { auth: AuthenticatedRequest } }`.
 *
 * @example
 * ```ts
 * app.use(honoProtection(guard))
 * app.all('/mcp', (c) => mcp.fetch(c.req.raw, { authInfo: c.get('auth').authInfo }))
 * ```
 */
export function honoProtection(
  resource: ProtectedResource,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const decision = await resource.check(fetchResourceRequest(context.req.raw))
    if (decision.answer !== undefined) return fetchAnswer(decision.answer)
    context.set('auth' as never, decision.request as never)
    await next()
    addHeaders(context.res.headers, decision.headers)
    return undefined
  }
}
