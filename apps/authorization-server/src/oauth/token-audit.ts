import type Koa from 'koa'
import { type AdapterPayload, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { grantTypes } from './grant-types.ts'
import { routes } from './routes.ts'

type Audit = Pick<AppContext['storage']['audit'], 'append'>

/**
 * Records the tokens of a code redemption or refresh. Called together with the saving of the refresh
 * token that these grants issue, so that token and record lie in one commit.
 */
export async function recordRefreshToken(audit: Audit, payload: AdapterPayload): Promise<void> {
  const koa = Provider.ctx
  await audit.append({
    type: 'token.issued',
    outcome: 'success',
    actor: payload.accountId ?? 'system',
    client: payload.clientId,
    resource: [payload.resource].flat()[0],
    grant: payload.grantId,
    request_id: (koa?.state as Partial<RequestState> | undefined)?.requestId,
    detail: {
      grant_type: grantTypeOf(koa?.oidc.params),
      proof: koa !== undefined && koa.get('DPoP') !== '',
    },
  })
}

/** Writes the other issued tokens down before the answer leaves. */
export function auditTokenRequests({
  storage: { audit },
  clock,
}: Pick<AppContext, 'storage' | 'clock'>): Koa.Middleware<RequestState> {
  const machineTokens = createCounter(clock)
  return async (koa, next) => {
    await next()
    if (koa.path !== routes.token || koa.method !== 'POST') return
    const { oidc } = koa as unknown as Partial<KoaContextWithOIDC>
    const client = oidc?.client
    if (!oidc || !client) return
    const {
      AccessToken: token,
      ClientCredentials: machineToken,
      RefreshToken,
      Grant,
    } = oidc.entities
    const issued = koa.status === 200
    // Refusals are recorded with the library's events.
    if (!issued || RefreshToken) return
    const resource = token?.aud ?? machineToken?.aud
    const counted = machineToken
      ? machineTokens(`${client.clientId} ${String(resource)}`)
      : undefined
    if (counted === 0) return
    await audit.append({
      type: 'token.issued',
      outcome: 'success',
      actor: token?.accountId ?? oidc.entities.Account?.accountId ?? client.clientId,
      client: client.clientId,
      resource: typeof resource === 'string' ? resource : undefined,
      grant: token?.grantId ?? Grant?.jti,
      request_id: koa.state.requestId,
      detail: {
        grant_type: grantTypeOf(oidc.params),
        proof: koa.get('DPoP') !== '',
        ...(counted !== undefined && { count: counted }),
      },
    })
  }
}

/** The grant that was asked for; anything else could be as long as the sender likes. */
export function grantTypeOf(params: Readonly<Record<string, unknown>> | undefined): string {
  const asked = params?.['grant_type']
  return Object.values<unknown>(grantTypes).includes(asked) ? String(asked) : 'unknown'
}

const recordEveryMs = 60_000
const counterLimit = 10_000

/**
 * Machine clients ask for tokens as fast as they like: their first one at a resource is recorded, and
 * then one record a minute that counts those since. Returns the number to record, 0 = not now.
 */
function createCounter(clock: () => number): (name: string) => number {
  const seen = new Map<string, { recordedAtMs: number; since: number }>()
  return (name) => {
    const nowMs = clock()
    const entry = seen.get(name)
    const since = (entry?.since ?? 0) + 1
    if (entry && nowMs - entry.recordedAtMs < recordEveryMs) {
      entry.since = since
      return 0
    }
    if (seen.size >= counterLimit) seen.clear()
    seen.set(name, { recordedAtMs: nowMs, since: 0 })
    return since
  }
}
