import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import { createClientAuthentication } from './client-authentication.ts'

/**
 * Serves the deny list to the clients of registered resources, so that an unexpired JWT dies at
 * every resource server as soon as it asks again. The epoch is the ETag.
 */
export function serveDenyList(ctx: AppContext): Koa.Middleware<RequestState> {
  const authenticate = createClientAuthentication(ctx)
  return async (koa, next) => {
    if (koa.method !== 'GET') return next()
    const { client, method } = await authenticate(koa.req)
    if (method === 'none' || !(await ctx.storage.resources.findByClientId(client.clientId))) {
      throw new HttpProblem(403, "only a registered resource's own client may read the deny list", {
        error: 'unauthorized_client',
      })
    }
    const { epoch, entries } = await ctx.revocation.denyList()
    koa.set('Cache-Control', 'private, no-cache')
    const etag = `"${epoch}"`
    koa.set('ETag', etag)
    // Not `koa.fresh`: fetch adds `Cache-Control: no-cache` to a conditional request.
    if (koa.get('If-None-Match') === etag) {
      koa.status = 304
      return undefined
    }
    koa.body = {
      epoch,
      entries: entries.map(({ kind, value, expiresAtMs }) => ({
        kind,
        value,
        expires_at: Math.ceil(expiresAtMs / 1000),
      })),
    }
    return undefined
  }
}
