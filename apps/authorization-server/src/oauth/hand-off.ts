import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { handOffPage } from '../views/hand-off.ts'
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
    await sendPage(ctx, 200, handOffPage(target))
  }
}
