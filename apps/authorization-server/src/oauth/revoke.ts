import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { readFormText } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { TokenError } from '../tokens.ts'
import { createClientAuthentication } from './client-authentication.ts'

/** What a JWT looks like; refresh tokens are opaque and have no dot. */
const isJwt = (token: string): boolean => token.split('.').length === 3

/**
 * Token revocation. The library cannot revoke a JWT: this one goes on the deny list. A refresh token
 * goes on to the library, which ends its grant and with it every token of the grant.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009}
 */
export function serveRevocation(ctx: AppContext): Koa.Middleware<RequestState> {
  const authenticate = createClientAuthentication(ctx)
  return async (koa, next) => {
    if (koa.method !== 'POST') return next()
    const text = await readFormText(koa.req)
    const form = new URLSearchParams(text)
    const token = form.get('token')
    if (token === null) throw new HttpProblem(400, 'the parameter token is missing')
    if (!isJwt(token)) {
      Object.assign(koa.req, { body: text === '' ? {} : text })
      return next()
    }
    const { client } = await authenticate(koa.req, form)
    koa.set('Access-Control-Allow-Origin', '*')
    koa.status = 200
    koa.body = ''
    try {
      const claims = await ctx.verifyToken(token, {})
      // RFC 7009 wants 200 also for a token that is not the client's, which then stays as it is.
      if (claims.client_id !== client.clientId) return undefined
      await ctx.revocation.revokeToken(claims.jti, claims.exp * 1000)
      await ctx.storage.audit.append({
        type: 'token.revoked',
        outcome: 'success',
        actor: client.clientId,
        subject: claims.sub,
        client: client.clientId,
        resource: claims.aud,
        grant: claims['ddls:grant'],
        request_id: koa.state.requestId,
      })
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
    }
    return undefined
  }
}
