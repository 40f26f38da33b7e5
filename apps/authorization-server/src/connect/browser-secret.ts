import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.ts'
import type { KoaContext } from '../interaction/parts.ts'

const form = /^[A-Za-z0-9_-]{43}$/

/** A secret that only one browser holds, which no other host of the same domain can give it. */
export interface BrowserSecret {
  /** The one that the request brought, or was given. */
  read(koa: KoaContext): string | undefined
  /** The same, or a new one, which the answer gives the browser to keep. */
  ensure(koa: KoaContext): string
}

/** Secrets that the answer to a request gives away, by cookie. */
const given = new WeakMap<IncomingMessage, Map<string, string>>()

export function createBrowserSecret(
  { issuer }: Pick<Config, 'issuer'>,
  cookie: { readonly name: string; readonly path: string },
): BrowserSecret {
  const secure = issuer.startsWith('https:')
  // A name that browsers take only from this very host, and only with the path /.
  const { name, path } = secure ? { name: `__Host-${cookie.name}`, path: '/' } : cookie
  const read = (koa: KoaContext): string | undefined => {
    const value = given.get(koa.req)?.get(name) ?? koa.cookies.get(name, { signed: false })
    return value !== undefined && form.test(value) ? value : undefined
  }
  return {
    read,
    ensure(koa) {
      const known = read(koa)
      if (known !== undefined) return known
      const secret = randomBytes(32).toString('base64url')
      given.set(koa.req, (given.get(koa.req) ?? new Map<string, string>()).set(name, secret))
      koa.cookies.set(name, secret, {
        httpOnly: true,
        // The way back is a navigation from the provider's site.
        sameSite: 'lax',
        path,
        secure,
        signed: false,
        overwrite: true,
      })
      return secret
    },
  }
}
