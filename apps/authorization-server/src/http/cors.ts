import type Koa from 'koa'
import type { RequestState } from '../context.ts'

/** What a browser client must be able to read beside the body. */
const exposed = 'DPoP-Nonce, Retry-After, WWW-Authenticate'

/** The request headers that clients are known to send, for a preflight that names none. */
const usual = 'Authorization, Content-Type, DPoP, MCP-Protocol-Version, Mcp-Method, Mcp-Name'

/**
 * Lets browser clients use the endpoints that programs post to. Cookies play no part there, so any
 * origin may; a preflight is answered for everyone, because it names no client and carries no token.
 *
 * @param paths - the endpoints, each with the methods that it takes
 * @see {@link https://fetch.spec.whatwg.org/#http-cors-protocol}
 */
export function serveCors(paths: ReadonlyMap<string, string>): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    const methods = paths.get(koa.path)
    if (methods === undefined) return next()
    koa.vary('Origin')
    if (koa.method === 'OPTIONS') {
      koa.set('Access-Control-Allow-Origin', '*')
      koa.set('Access-Control-Allow-Methods', methods)
      koa.set('Access-Control-Allow-Headers', koa.get('Access-Control-Request-Headers') || usual)
      koa.set('Access-Control-Max-Age', '3600')
      koa.status = 204
      return undefined
    }
    try {
      await next()
    } catch (error) {
      // Refused before the client was known: the reason is no secret to its browser.
      koa.set('Access-Control-Allow-Origin', koa.get('Origin') || '*')
      koa.set('Access-Control-Expose-Headers', exposed)
      throw error
    }
    if (koa.response.get('Access-Control-Allow-Origin') !== '') {
      koa.set('Access-Control-Expose-Headers', exposed)
    }
    return undefined
  }
}
