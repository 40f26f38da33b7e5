import type Koa from 'koa'
import type { Provider } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { serveRegistration } from '../registration/dynamic/endpoint.ts'
import { completeAuthorizationRequest } from './authorization-request.ts'
import { guardDevicePages } from './device/device-pages.ts'
import { paceDevices } from './device/device-polling.ts'
import { serveDenyList } from './deny-list.ts'
import { handOff } from './hand-off.ts'
import { serveIntrospection } from './introspect.ts'
import { serveJwks } from './jwks.ts'
import { allowMethods } from '../http/allow-methods.ts'
import { serveCors } from '../http/cors.ts'
import { auditLibraryEvents } from './library-events.ts'
import { isLibraryPath } from './library-paths.ts'
import { completeMetadata } from './metadata.ts'
import { createProvider } from './provider.ts'
import type { ResourceDirectory } from './resource-directory.ts'
import { denyListPath, routes } from './routes.ts'
import { serveRevocation } from './revoke.ts'
import { tokenAliasPath } from './token-alias.ts'
import { auditTokenRequests } from './token-audit.ts'
import { createAccountLimit, createPushedLimit, limitRequests } from './request-limits.ts'
import { completeTokenRequest } from './token-request.ts'
import { serveUserinfo } from './userinfo.ts'

export interface OAuthServerOptions {
  readonly ctx: AppContext
  readonly directory: ResourceDirectory
  readonly cookieKeys: readonly string[]
  /** 32 bytes, from which DPoP nonces are derived. */
  readonly nonceSecret: Uint8Array
}

export interface OAuthServer {
  /** The library instance of this moment. */
  readonly provider: () => Provider
  /** In the order in which they run. */
  readonly middleware: readonly Koa.Middleware<RequestState>[]
}

/**
 * The OAuth endpoints as a table of steps around the library. The library builds its key store once:
 * after a rotation a new instance takes over, while requests under way end on the old one.
 */
export function createOAuthServer(options: OAuthServerOptions): OAuthServer {
  const { ctx, directory } = options
  const accountLimit = createAccountLimit(ctx.config.rateLimits)
  let provider = createProvider({ ...options, accountLimit })
  ctx.keystore.onChange(() => {
    provider = createProvider({ ...options, accountLimit })
  })

  const resourceScopes = async (): Promise<string[]> =>
    (await ctx.storage.resources.list({ limit: 1000 })).flatMap(({ scopes }) =>
      scopes.map(({ name }) => name),
    )

  return {
    provider: () => provider,
    middleware: [
      serveCors(corsPaths),
      allowMethods(methods),
      auditLibraryEvents(ctx),
      limitRequests(ctx.config.rateLimits),
      byPath(
        new Map([
          [routes.jwks, serveJwks(ctx)],
          [denyListPath, serveDenyList(ctx)],
          [routes.introspection, serveIntrospection(ctx)],
          [routes.revocation, serveRevocation(ctx)],
          [routes.userinfo, serveUserinfo(ctx)],
        ]),
      ),
      serveRegistration(ctx),
      completeMetadata(ctx.config, resourceScopes),
      handOff(ctx.config.issuer),
      auditTokenRequests(ctx),
      guardDevicePages(ctx, () => provider),
      paceDevices(ctx),
      completeAuthorizationRequest(directory, createPushedLimit(ctx.config.rateLimits)),
      completeTokenRequest(ctx, directory),
      (koa, next) => runProvider(provider, koa, next),
    ],
  }
}

/** The endpoints that programs use, browsers among them, with their methods. */
const corsPaths: ReadonlyMap<string, string> = new Map([
  [routes.token, 'POST'],
  [tokenAliasPath, 'POST'],
  [routes.revocation, 'POST'],
  [routes.pushed_authorization_request, 'POST'],
  [routes.device_authorization, 'POST'],
  [routes.userinfo, 'GET, POST'],
])

const methods: ReadonlyMap<string, string> = new Map([
  ...corsPaths,
  [routes.authorization, 'GET'],
  [routes.introspection, 'POST'],
  [routes.jwks, 'GET, HEAD'],
  [denyListPath, 'GET'],
])

/** The endpoints beside the library's, in one look-up instead of one step each. */
const byPath =
  (endpoints: ReadonlyMap<string, Koa.Middleware<RequestState>>): Koa.Middleware<RequestState> =>
  (koa, next) =>
    endpoints.get(koa.path)?.(koa, next) ?? next()

/** The library is a Koa app whose only middleware is its router. */
function runProvider(provider: Provider, koa: Koa.Context, next: Koa.Next): Promise<unknown> {
  const [router] = provider.middleware
  return router && isLibraryPath(koa.path) ? Promise.resolve(router(koa, next)) : next()
}
