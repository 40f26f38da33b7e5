import type { Storage } from '@holdfast/storage'
import type { FindAccount } from 'oidc-provider'

/**
 * The library's way to a user. Also called on refresh and on resume, so that a disabled user loses
 * sign-in, refresh and code redemption at once.
 */
export function createFindAccount(storage: Pick<Storage, 'users'>): FindAccount {
  return async (_ctx, sub) => {
    const user = await storage.users.find(sub)
    if (user?.status !== 'active') return undefined
    return { accountId: user.id, claims: () => ({ sub: user.id }) }
  }
}
