import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { readFormText } from '../http/form-body.ts'
import type { PushedLimit } from './request-limits.ts'
import { routes } from './routes.ts'
import { type ResourceDirectory, resourceScopesOf } from './resource-directory.ts'

/** Endpoints to which a program posts the parameters of an authorization. */
const posted: ReadonlySet<string> = new Set([
  routes.pushed_authorization_request,
  routes.device_authorization,
])

/**
 * Fills in what clients leave out of an authorization request, before the library reads it: the
 * canonical spelling of the resource, and the resource's scopes when none is asked for.
 */
export function completeAuthorizationRequest(
  directory: ResourceDirectory,
  limitPushed: PushedLimit,
): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    if (koa.path === routes.authorization && koa.method === 'GET') {
      const parameters = new URLSearchParams(koa.querystring)
      // A pushed request was completed when it was pushed, and counts as it is.
      if (!parameters.has('request_uri')) {
        await complete(directory, parameters, parameters.get('client_id') ?? undefined)
        koa.querystring = parameters.toString()
      }
    } else if (posted.has(koa.path) && koa.method === 'POST') {
      const form = new URLSearchParams(await readFormText(koa.req))
      await limitPushed(koa, form)
      await complete(directory, form, form.get('client_id') ?? undefined)
      Object.assign(koa.req, { body: form.toString() })
    }
    return next()
  }
}

// What clients of OpenID Connect ask for wherever they sign in: alone, it says nothing of the resource.
const habits = new Set(['profile', 'email', 'address', 'phone'])
const isNoHabit = (name: string): boolean => !habits.has(name)

/** Leaves alone what is there more than once: to refuse that is the library's part. */
async function complete(
  directory: ResourceDirectory,
  parameters: URLSearchParams,
  clientId: string | undefined,
): Promise<void> {
  const [resource, ...furtherResources] = parameters.getAll('resource')
  const [scope = '', ...furtherScopes] = parameters.getAll('scope')
  if (furtherResources.length > 0) return
  const asked = resourceScopesOf(scope)
  const known =
    resource === undefined
      ? await directory.guess(asked.filter(isNoHabit), clientId)
      : await directory.resolve(resource)
  if (!known) return
  parameters.set('resource', known.resource)
  const isOwn = (name: string): boolean => known.scopes.some((own) => own.name === name)
  if (furtherScopes.length > 0 || asked.some((name) => isNoHabit(name) || isOwn(name))) return
  const all = known.scopes.map(({ name }) => name)
  parameters.set('scope', [...scope.split(' ').filter(Boolean), ...all].join(' '))
}
