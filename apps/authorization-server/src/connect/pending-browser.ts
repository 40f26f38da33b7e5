import type { AppContext } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import type { KoaContext } from '../interaction/parts.ts'
import { type BrowserSecret, createBrowserSecret } from './browser-secret.ts'

/** What somebody is told whose sign-in at a provider is not, or no longer, under way here. */
export const expired = (): HttpProblem =>
  new HttpProblem(
    400,
    'This link has expired, was used already, or was opened in another browser. Start again where you got it.',
  )

/**
 * Ties the sign-in to this browser, so that an answer which somebody else brings here, or from here, is
 * refused.
 *
 * @throws HttpProblem 400 when another browser was first
 */
export async function bindBrowser(
  { ctx }: { readonly ctx: AppContext },
  koa: KoaContext,
  ticket: string,
): Promise<void> {
  const browser = browserOf(ctx).ensure(koa)
  if (!(await ctx.storage.pendingAuthorizations.bindBrowser(ticket, browser))) throw expired()
}

/** The cookie of the browser in which a sign-in at a provider is under way. */
export const browserOf = ({ config }: Pick<AppContext, 'config'>): BrowserSecret =>
  createBrowserSecret(config, { name: 'holdfast_connect', path: '/oauth' })
