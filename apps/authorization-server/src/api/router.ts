import { Router } from '@koa/router'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { adminRoutes } from './admin-routes.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { clientDetailRoutes } from './client-detail-routes.ts'
import { clientDocumentRoutes } from './client-document-routes.ts'
import { clientHostRoutes } from './client-host-routes.ts'
import { clientPinRoutes } from './client-pin-routes.ts'
import { clientRoutes } from './client-routes.ts'
import {
  connectTicketPath,
  connectTicketRoutes,
  serveTicketStatus,
} from './connect-ticket-routes.ts'
import { connectionRoutes } from './connection-routes.ts'
import { grantRoutes } from './grant-routes.ts'
import { issuerRoutes } from './issuer-routes.ts'
import { manifestPath, manifestRoutes, serveManifest } from './manifest-routes.ts'
import { createIdentify } from './principal.ts'
import { ApiProblem, problemCodes, problemDocument, toProblem } from './problem.ts'
import { asMiddleware, publicRoutes } from './public-routes.ts'
import { registrationTokenRoutes } from './registration-token-routes.ts'
import { oauthAppRoutes } from './oauth-app-routes.ts'
import { resourceRoutes } from './resource-routes.ts'
import type { AnyRoute } from './route.ts'
import { runRoute } from './run-route.ts'
import { createSealingKeys, type SealingKeys } from './sealing-keys.ts'
import { userRoutes } from './user-routes.ts'

/** Every operation of the management API. */
export const apiRoutes = (context: AppContext, sealingKeys: SealingKeys): readonly AnyRoute[] => [
  ...connectionRoutes(context),
  ...oauthAppRoutes(context),
  ...connectTicketRoutes(context),
  ...grantRoutes(context),
  ...apiKeyRoutes(context),
  ...issuerRoutes(context),
  ...clientRoutes(context),
  ...clientDetailRoutes(context),
  ...clientDocumentRoutes(context),
  ...clientHostRoutes(context),
  ...clientPinRoutes(context),
  ...registrationTokenRoutes(context),
  ...resourceRoutes(context),
  ...manifestRoutes(context),
  ...userRoutes(context),
  ...auditRoutes(context),
  ...adminRoutes(context, sealingKeys),
]

/**
 * Makes the Koa middleware that answers `/v1/**`, `/healthz` and the sealing keys, and passes
 * everything else on.
 */
export function createApiRouter(context: AppContext): Koa.Middleware<RequestState> {
  const sealingKeys = createSealingKeys(context.enclave, context.clock)
  const identify = createIdentify(context)
  const router = new Router<RequestState>()
  router.get(connectTicketPath, serveTicketStatus(context) as Koa.Middleware)
  for (const route of apiRoutes(context, sealingKeys)) {
    router[route.method](route.path, async (koa) => {
      const { params, query, path, req: request, state } = koa
      const call = { request, path, params, query: { ...query }, requestId: state.requestId }
      const result = await runRoute(route, identify, call)
      koa.status = route.status ?? 200
      koa.set('Cache-Control', 'no-store')
      koa.body = result
    })
  }
  router.put(manifestPath, serveManifest(context) as Koa.Middleware)
  const publicRouter = publicRoutes(context, sealingKeys)
  const routed = asMiddleware(router)

  return async (koa, next) => {
    if (!koa.path.startsWith('/v1/') && koa.path !== '/v1') {
      await publicRouter(koa, next)
      return
    }
    try {
      await routed(koa, () => Promise.reject(unmatched(router, koa.path, koa.method)))
    } catch (error) {
      answerProblem(koa, error, context)
    }
  }
}

function unmatched(router: Router<RequestState>, path: string, method: string): ApiProblem {
  const allowed = router.match(path, method).path.flatMap((layer) => layer.methods)
  if (allowed.length === 0) return new ApiProblem('NOT_FOUND', 'there is nothing at this path')
  return new ApiProblem('METHOD_NOT_ALLOWED', 'this path does not take this method', {
    headers: { Allow: [...new Set(allowed)].join(', ') },
  })
}

function answerProblem(
  koa: Koa.ParameterizedContext<RequestState>,
  error: unknown,
  { logger }: Pick<AppContext, 'logger'>,
): void {
  const known = toProblem(error)
  const { requestId } = koa.state
  if (!known) logger.error({ err: error, requestId }, 'a management call failed')
  const problem = known ?? new ApiProblem('INTERNAL', 'something went wrong on this server')
  koa.status = problemCodes[problem.code][0]
  koa.set(problem.headers)
  koa.set('Cache-Control', 'no-store')
  koa.body = problemDocument(problem, requestId)
  koa.type = 'application/problem+json'
}
