import { html } from 'hono/html'
import type Koa from 'koa'
import type { Provider } from 'oidc-provider'
import type { AppContext, RequestState } from '../../context.ts'
import { readFormText } from '../../http/form-body.ts'
import { seeOther } from '../../http/see-other.ts'
import { requireSameOrigin } from '../../interaction/same-origin.ts'
import { messagePage } from '../../views/message.ts'
import { sendPage } from '../../views/page.ts'
import { routes } from '../routes.ts'
import { createDeviceCodeLimits } from './device-limits.ts'

/** A code as a link may carry it; anything else is not shown. */
const userCodePattern = /^[A-Za-z]{4}[- ]?[A-Za-z]{4}$/

/**
 * Guards the page on which codes are typed: a code in a link is only filled in, a form from another
 * site is refused, and wrong codes run out.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628#section-5.1}
 */
export function guardDevicePages(
  { config, storage }: Pick<AppContext, 'config' | 'storage'>,
  provider: () => Provider,
): Koa.Middleware<RequestState> {
  const limits = createDeviceCodeLimits(storage.attempts, config.rateLimits)
  return async (koa, next) => {
    if (koa.path !== routes.code_verification) return next()
    if (koa.method === 'GET') {
      const { user_code: code } = koa.query
      if (typeof code === 'string' && userCodePattern.test(code)) koa.state.deviceCode = code
      // The library would post a code that comes in the link by itself.
      koa.query = {}
      return next()
    }
    if (koa.method !== 'POST') return next()
    requireSameOrigin(koa.req, config.issuer)
    Object.assign(koa.req, { body: await readFormText(koa.req) })
    const session = await provider().Session.get(koa)
    // The library cannot end a form of a browser that has no session, or lost it.
    if (session.exp === undefined) {
      seeOther(koa, routes.code_verification)
      return undefined
    }
    const guesser = { address: koa.state.remoteAddress, user: session.accountId }
    const waitSeconds = await limits.attempt(guesser)
    if (waitSeconds > 0) {
      koa.set('Retry-After', String(waitSeconds))
      return sendPage(
        koa,
        429,
        messagePage(
          'Too many attempts',
          html`<p role="alert">Wait ${Math.ceil(waitSeconds / 60)} minutes, then try again.</p>`,
        ),
      )
    }
    await next()
    if (koa.state.wrongDeviceCode !== true) await limits.wasRight(guesser)
    return undefined
  }
}
