import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { readForm } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { type AccessTokenClaims, TokenError } from '../tokens.ts'
import { createClientAuthentication } from './client-authentication.ts'

/**
 * Token introspection, for the client of the resource that the token is meant for. To anyone else
 * the token does not exist.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7662}
 */
export function serveIntrospection(ctx: AppContext): Koa.Middleware<RequestState> {
  const authenticate = createClientAuthentication(ctx)
  return async (koa, next) => {
    if (koa.method !== 'POST') return next()
    const form = await readForm(koa.req)
    const { client, method } = await authenticate(koa.req, form)
    if (method === 'none') {
      throw new HttpProblem(401, 'introspection needs a client that proves who it is', {
        error: 'invalid_client',
      })
    }
    const token = form.get('token')
    if (token === null) throw new HttpProblem(400, 'the parameter token is missing')
    const resource = await ctx.storage.resources.findByClientId(client.clientId)
    const claims = await activeClaims(ctx, token, resource?.resource)
    koa.body = claims
      ? { active: true, token_type: claims.cnf ? 'DPoP' : 'Bearer', ...claims }
      : { active: false }
    return undefined
  }
}

async function activeClaims(
  { verifyToken }: AppContext,
  token: string,
  audience: string | undefined,
): Promise<AccessTokenClaims | undefined> {
  if (audience === undefined) return undefined
  try {
    return await verifyToken(token, { audience })
  } catch (error) {
    if (error instanceof TokenError) return undefined
    throw error
  }
}
