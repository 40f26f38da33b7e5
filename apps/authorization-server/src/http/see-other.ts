import type { Context } from 'koa'

/**
 * Sends a browser on, by GET whatever it did here.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.4.4}
 */
export function seeOther(koa: Pick<Context, 'redirect' | 'status'>, to: string): void {
  koa.redirect(to)
  koa.status = 303
}
