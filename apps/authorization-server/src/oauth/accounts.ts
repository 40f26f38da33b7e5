import type { Storage } from '@holdfast/storage'
import { errors, type FindAccount } from 'oidc-provider'
import type { AccountLimit } from './request-limits.ts'

/**
 * The library's way to a user. Also called on refresh and on resume, so that a disabled user loses
 * sign-in, refresh and code redemption at once, and that one user's tokens are counted.
 */
export function createFindAccount(
  storage: Pick<Storage, 'users'>,
  limit: AccountLimit,
): FindAccount {
  return async (koa, sub) => {
    const user = await storage.users.find(sub)
    if (user?.status !== 'active') return undefined
    if (koa.oidc.route === 'token') {
      const seconds = await limit(user.id)
      if (seconds > 0) {
        koa.set('Retry-After', String(seconds))
        throw Object.assign(
          new errors.TemporarilyUnavailable(
            `too many tokens for this user: try again in ${seconds} seconds`,
          ),
          { status: 429, statusCode: 429 },
        )
      }
    }
    return { accountId: user.id, claims: () => ({ sub: user.id }) }
  }
}
