import type Koa from 'koa'
import type { Logger } from 'pino'
import type { RequestState } from '../context.ts'

/** Paths that hold an identifier of one sign-in or connect link. */
const interactionPath =
  /^(\/interaction|\/oauth2\/auth|\/device|\/connect|\/v1\/connect-tickets)\/[^/]+/

/** One line per request: method, path without query, status, duration, id. Nothing the caller sent besides. */
export function logRequests(logger: Logger): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    const begin = performance.now()
    await next()
    const level = koa.status >= 500 ? 'error' : 'info'
    if (!logger.isLevelEnabled(level)) return
    logger[level](
      {
        request_id: koa.state.requestId,
        method: koa.method,
        path: koa.path.replace(interactionPath, '$1/:uid').slice(0, 200),
        status: koa.status,
        ms: Math.round(performance.now() - begin),
      },
      'request',
    )
  }
}
