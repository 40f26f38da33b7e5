import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { isStaticClient, type SourcedClient } from '../registration/static-client.ts'
import { detourPage, handOffPage, isRefusal } from '../views/hand-off.ts'
import { sendPage } from '../views/page.ts'
import { routes } from './routes.ts'

/**
 * Ends an authorization with a page that leads back to the client, in place of the library's bare
 * redirect: under `form-action 'self'` browsers block a form post that is redirected to another
 * origin, and a redirect to a private-use scheme leaves a dead blank tab.
 */
export function handOff(issuer: string): Koa.Middleware<RequestState> {
  return async (ctx, next) => {
    await next()
    const isAuthorization =
      ctx.path === routes.authorization || ctx.path.startsWith(`${routes.authorization}/`)
    if (!isAuthorization || ctx.status !== 303) return
    const location = ctx.response.get('Location')
    const target = URL.parse(location, issuer)
    if (!target || target.origin === issuer) return
    ctx.remove('Location')
    await sendPage(
      ctx,
      200,
      isRefusal(target) && isUnasked(ctx) ? detourPage(target) : handOffPage(target),
    )
  }
}

/**
 * True when nobody has done anything here yet, and whoever registered the client need not be trusted:
 * a link to this server that fails at once must not carry a person to any address in the world.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700#section-4.11.2}
 */
function isUnasked(ctx: Koa.ParameterizedContext<RequestState>): boolean {
  const { oidc } = ctx as { oidc?: { client?: SourcedClient } }
  const hasActed = ctx.path !== routes.authorization
  return !hasActed && (oidc?.client === undefined || !isStaticClient(oidc.client))
}
