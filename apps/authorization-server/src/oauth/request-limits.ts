import type Koa from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../config.ts'
import type { RequestState } from '../context.ts'
import { addressGroup } from '../http/address-group.ts'
import { HttpProblem } from '../http/problem.ts'
import { spend, tooMany } from '../http/rate-limits.ts'
import { basicClientId } from './client-authentication.ts'
import { expectedErrors } from './error-reasons.ts'
import { routes } from './routes.ts'

const minute = 60

const pushed: ReadonlySet<string> = new Set([
  routes.pushed_authorization_request,
  routes.device_authorization,
])

/**
 * Limits what strangers can make this server store or compute. Whole companies and hosted agents
 * stand behind one address, so at the token endpoint only refused requests count against it; what
 * succeeds counts for the user alone (see {@link createAccountLimit}).
 */
export function limitRequests(limits: Config['rateLimits']): Koa.Middleware<RequestState> {
  const limiter = (keyPrefix: string, points: number): RateLimiterMemory =>
    new RateLimiterMemory({ keyPrefix, points, duration: minute })
  const authorize = limiter('authorize', limits.authorizePerAddress)
  const stored = limiter('stored', limits.authorizeGlobal)
  const failures = limiter('failed', limits.tokenFailuresPerAddress)
  const clientFailures = limiter('failed-client', limits.tokenFailuresPerClient)

  const requireBudget = async (limit: RateLimiterMemory, name: string): Promise<void> => {
    const used = await limit.get(name)
    if (used && used.remainingPoints <= 0) throw tooMany(used)
  }

  async function tokenRequest(koa: Koa.ParameterizedContext<RequestState>, next: Koa.Next) {
    const from = addressGroup(koa.state.remoteAddress)
    await requireBudget(failures, from)
    // A body is read further in; a client that names itself there is counted once that is known.
    const early = basicClientId(koa.req)
    if (early !== undefined) await requireBudget(clientFailures, `${early} ${from}`)
    const failed = async (): Promise<void> => {
      // One user without a connection must not use up what there is for all users of a server.
      if (koa.state.isUserKnown === true) return
      const { oidc } = koa as { oidc?: { params?: Record<string, unknown> } }
      const client = early ?? oidc?.params?.['client_id']
      await failures.penalty(from)
      if (typeof client === 'string') {
        await clientFailures.penalty(`${client.slice(0, 256)} ${from}`)
      }
    }
    try {
      await next()
    } catch (error) {
      if (error instanceof HttpProblem && error.status < 500) await failed()
      throw error
    }
    const { error } = (koa.body ?? {}) as { error?: unknown }
    if (koa.status >= 400 && koa.status < 500 && !expectedErrors.has(error)) await failed()
  }

  return async (koa, next) => {
    if (koa.path === routes.authorization && koa.method === 'GET') {
      await spend(authorize, addressGroup(koa.state.remoteAddress))
      await spend(stored, 'all')
    } else if (koa.method === 'POST' && pushed.has(koa.path)) {
      // By client as well, once the body says which: see createPushedLimit.
      await spend(authorize, addressGroup(koa.state.remoteAddress))
      await spend(stored, 'all')
    } else if (koa.method === 'POST' && /^\/(?:oauth2\/)?token$/.test(koa.path)) {
      return tokenRequest(koa, next)
    }
    return next()
  }
}

/** Counts a pushed or device authorization request of a client. @throws HttpProblem 429 */
export type PushedLimit = (
  koa: Koa.ParameterizedContext<RequestState>,
  form: URLSearchParams,
) => Promise<void>

/** Makes the limit of what one client at one address can have stored, public clients included. */
export function createPushedLimit({
  pushedPerClient,
}: Pick<Config['rateLimits'], 'pushedPerClient'>): PushedLimit {
  const limit = new RateLimiterMemory({
    keyPrefix: 'pushed',
    points: pushedPerClient,
    duration: minute,
  })
  return (koa, form) => {
    const client = basicClientId(koa.req) ?? form.get('client_id')?.slice(0, 256) ?? ''
    return spend(limit, `${client} ${addressGroup(koa.state.remoteAddress)}`)
  }
}

/** Counts the tokens of one user. Resolves to the seconds to wait, 0 = go on. */
export type AccountLimit = (accountId: string) => Promise<number>

/** Makes the limit that a client in a loop meets, and nobody else. */
export function createAccountLimit({
  tokensPerAccount,
}: Pick<Config['rateLimits'], 'tokensPerAccount'>): AccountLimit {
  const limit = new RateLimiterMemory({
    keyPrefix: 'account',
    points: tokensPerAccount,
    duration: minute,
  })
  return async (accountId) => {
    try {
      await limit.consume(accountId)
      return 0
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
    }
  }
}
