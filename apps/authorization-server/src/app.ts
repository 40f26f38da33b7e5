import Koa from 'koa'
import { createApiRouter } from './api/router.ts'
import type { AppSecrets } from './app-secrets.ts'
import { createConnectRouter } from './connect/router.ts'
import type { AppContext, RequestState } from './context.ts'
import { answerErrors } from './http/error-handler.ts'
import type { RequestHandler } from './http/listener.ts'
import { logRequests } from './http/request-log.ts'
import { createProxies } from './http/proxies.ts'
import { pinOrigin } from './http/request-context.ts'
import { createPasswordCheck } from './interaction/passwords.ts'
import { createInteractionRouter } from './interaction/router.ts'
import { createCsrfTokens } from './interaction/same-origin.ts'
import { createSignInLimits } from './interaction/sign-in-limits.ts'
import { createOAuthServer } from './oauth/oauth-server.ts'
import { createResourceDirectory } from './oauth/resource-directory.ts'
import { serveStatic } from './views/static.ts'

/** Everything but dispatch, as an ordered table: who answers what, first match wins. */
export async function createApp(ctx: AppContext, secrets: AppSecrets): Promise<RequestHandler> {
  const { config, storage } = ctx
  const cookieKeys = [Buffer.from(secrets.cookieKey).toString('base64url')]
  const directory = createResourceDirectory(storage.resources, config.issuer)
  const oauth = createOAuthServer({ ctx, directory, cookieKeys, nonceSecret: secrets.nonceSecret })
  const pageParts = {
    ctx,
    provider: oauth.provider,
    directory,
    csrf: createCsrfTokens(secrets.cookieKey),
    checkPassword: await createPasswordCheck(),
    signInLimits: createSignInLimits(storage),
  }
  const pages = createInteractionRouter(pageParts)
  const connect = createConnectRouter(pageParts)

  const proxies = createProxies(config)
  const app = new Koa<RequestState>()
  app.keys = [...cookieKeys]
  pinOrigin(app, config.issuer)
  app.use(async (koa, next) => {
    koa.state.requestId = koa.response.get('X-Request-Id')
    koa.state.remoteAddress = proxies.clientAddress(koa.req)
    await next()
  })
  app.use(logRequests(ctx.logger))
  app.use(answerErrors(ctx.logger))
  app.use(serveStatic())
  app.use(createApiRouter(ctx))
  app.use(
    onlyFor(/^\/(interaction|setup|invite)\b/, pages.routes() as Koa.Middleware<RequestState>),
  )
  app.use(onlyFor(/^\/(oauth|connect)\//, connect.routes() as Koa.Middleware<RequestState>))
  for (const middleware of oauth.middleware) app.use(middleware)
  const handle = app.callback()
  return (request, response) => void handle(request, response)
}

/** Spares other requests the search through a router's patterns. */
const onlyFor =
  (paths: RegExp, middleware: Koa.Middleware<RequestState>): Koa.Middleware<RequestState> =>
  (koa, next) =>
    paths.test(koa.path) ? middleware(koa, next) : next()
