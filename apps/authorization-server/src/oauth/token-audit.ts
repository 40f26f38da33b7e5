import type Koa from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { routes } from './routes.ts'

/**
 * Writes every issued or refused token down before the answer leaves. Requests of unknown clients
 * are left out: they concern nobody, and anyone could fill the log with them.
 */
export function auditTokenRequests({
  storage,
}: Pick<AppContext, 'storage'>): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    await next()
    if (koa.path !== routes.token || koa.method !== 'POST') return
    const { oidc } = koa as unknown as Partial<KoaContextWithOIDC>
    const client = oidc?.client
    if (!oidc || !client) return
    const token = oidc.entities.AccessToken ?? oidc.entities.ClientCredentials
    const issued = koa.status === 200
    const error = (koa.body as { error?: unknown } | undefined)?.error
    await storage.audit.append({
      type: issued ? 'token.issued' : 'token.refused',
      outcome: issued ? 'success' : 'denied',
      actor:
        oidc.entities.AccessToken?.accountId ?? oidc.entities.Account?.accountId ?? client.clientId,
      client: client.clientId,
      resource: typeof token?.aud === 'string' ? token.aud : undefined,
      grant: oidc.entities.AccessToken?.grantId ?? oidc.entities.Grant?.jti,
      request_id: koa.state.requestId,
      detail: {
        grant_type: String(oidc.params?.['grant_type']).slice(0, 100),
        ...(issued && { bound: token?.isSenderConstrained() === true }),
        ...(typeof error === 'string' && { error }),
      },
    })
  }
}
