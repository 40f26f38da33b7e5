import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import type { KoaContext } from '../interaction/parts.ts'

const form = /^[A-Za-z0-9_-]{43}$/

/** A secret that only one browser holds, which no other host of the same domain can give it. */
export interface BrowserSecret {
  /** The one that the request brought. */
  read(koa: KoaContext): string | undefined
  /** The one that the request brought, or a new one. */
  readOrMake(koa: KoaContext): string
  keep(koa: KoaContext, secret: string): void
}

export function createBrowserSecret(
  { issuer }: Pick<Config, 'issuer'>,
  cookie: { readonly name: string; readonly path: string },
): BrowserSecret {
  const secure = issuer.startsWith('https:')
  // A name that browsers take only from this very host, and only with the path /.
  const { name, path } = secure ? { name: `__Host-${cookie.name}`, path: '/' } : cookie
  const read = (koa: KoaContext): string | undefined => {
    const value = koa.cookies.get(name, { signed: false })
    return value !== undefined && form.test(value) ? value : undefined
  }
  return {
    read,
    readOrMake: (koa) => read(koa) ?? randomBytes(32).toString('base64url'),
    keep: (koa, secret) =>
      void koa.cookies.set(name, secret, {
        httpOnly: true,
        // The way back is a navigation from the provider's site.
        sameSite: 'lax',
        path,
        secure,
        signed: false,
        overwrite: true,
      }),
  }
}
