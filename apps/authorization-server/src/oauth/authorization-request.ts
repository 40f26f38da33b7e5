import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { routes } from './routes.ts'
import { type ResourceDirectory, resourceScopesOf } from './resource-directory.ts'

/**
 * Fills in what clients leave out of an authorization request, before the library reads it: the
 * canonical spelling of the resource, and the resource's scopes when none is asked for.
 */
export function completeAuthorizationRequest(
  directory: ResourceDirectory,
): Koa.Middleware<RequestState> {
  return async (ctx, next) => {
    if (ctx.path !== routes.authorization || ctx.method !== 'GET') return next()
    const { resource, scope, client_id: clientId } = ctx.query
    const query = { ...ctx.query }
    const scopes = typeof scope === 'string' ? scope : ''
    const known =
      typeof resource === 'string'
        ? await directory.resolve(resource)
        : resource === undefined
          ? await directory.guess(
              resourceScopesOf(scopes),
              typeof clientId === 'string' ? clientId : undefined,
            )
          : undefined
    if (known) {
      query['resource'] = known.resource
      if (!Array.isArray(scope) && resourceScopesOf(scopes).length === 0) {
        const all = known.scopes.map(({ name }) => name)
        query['scope'] = [...scopes.split(' ').filter(Boolean), ...all].join(' ')
      }
    }
    ctx.query = query
    return next()
  }
}
