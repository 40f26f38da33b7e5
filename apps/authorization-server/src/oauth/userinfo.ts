import { authorizeRequest, formatChallenge, TokenError } from '@holdfast/protocol/token'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { createProofVerifier } from '../dispatch/proof-verifier.ts'
import { createOwnTokenVerifier } from '../dispatch/token-verifier.ts'
import { HttpProblem } from '../http/problem.ts'
import { routes } from './routes.ts'

/**
 * Tells a client about the token that it holds: whose it is, for what, until when. Takes any access
 * token of ours; a bound one needs its proof.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#UserInfo}
 */
export function serveUserinfo(
  ctx: Pick<AppContext, 'config' | 'verifyToken' | 'clock' | 'processStart' | 'proofNonces'>,
): Koa.Middleware<RequestState> {
  const tokens = createOwnTokenVerifier(ctx.verifyToken)
  const proofs = createProofVerifier(ctx)
  const url = ctx.config.issuer + routes.userinfo
  const { proofNonces } = ctx

  return async (koa, next) => {
    if (koa.method !== 'GET' && koa.method !== 'POST') return next()
    const { headersDistinct, method = 'GET' } = koa.req
    const token = await authorizeRequest(
      {
        method,
        url,
        authorization: headersDistinct['authorization'] ?? [],
        dpop: headersDistinct['dpop'] ?? [],
      },
      { tokens, proofs, dpop: 'preferred', ...(proofNonces && { nonce: proofNonces.accepts }) },
    ).catch((error: unknown) => {
      if (!(error instanceof TokenError)) throw error
      const nonce = error.nonce ?? proofNonces?.current()
      const headers = {
        'WWW-Authenticate': formatChallenge(error, { dpop: 'preferred' }),
        ...(nonce !== undefined && { 'DPoP-Nonce': nonce }),
      }
      throw new HttpProblem(401, error.reason, { error: 'invalid_token', headers })
    })
    koa.set('Access-Control-Allow-Origin', '*')
    koa.body = {
      sub: token.subject,
      iss: token.issuer,
      aud: token.audience[0],
      client_id: token.clientId,
      scope: token.scopes.join(' '),
      exp: token.expiresAt,
    }
    return undefined
  }
}
