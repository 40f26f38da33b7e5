import type { PendingAuthorization, User } from '@holdfast/storage'
import type { RequestState } from '../context.ts'
import type { KoaContext } from '../interaction/parts.ts'
import { requireTurn } from '../interaction/passwords.ts'
import type { ConnectParts } from './router.ts'

/** A user of this server, as far as a page needs to know. */
export type BrowserUser = Pick<User, 'id' | 'email'>

/** Who is signed in to this server in this browser. */
export async function signedInUser(
  { ctx, provider }: Pick<ConnectParts, 'ctx' | 'provider'>,
  koa: KoaContext,
): Promise<BrowserUser | undefined> {
  const session = await provider().Session.get(koa)
  if (session.accountId === undefined) return undefined
  const user = await ctx.storage.users.find(session.accountId)
  return user?.status === 'active' ? user : undefined
}

/** A refused attempt, in words for the person. */
export interface RefusedSignIn {
  readonly status: 401 | 403 | 429
  readonly error: string
  readonly waitSeconds?: number
}

/**
 * Checks e-mail address and password of the one for whom an authorization was begun. Unknown addresses,
 * wrong passwords and other people's accounts cost the same.
 *
 * @throws HttpProblem 503 when too many passwords wait to be checked
 */
export async function signIn(
  { ctx, checkPassword, signInLimits }: ConnectParts,
  { remoteAddress, requestId }: RequestState,
  { owner }: Pick<PendingAuthorization, 'owner'>,
  form: URLSearchParams,
): Promise<BrowserUser | RefusedSignIn> {
  const { storage } = ctx
  const email = (form.get('email') ?? '').slice(0, 254)
  requireTurn()
  const waitSeconds = await signInLimits.attempt(email, remoteAddress)
  if (waitSeconds > 0) {
    return { status: 429, error: 'Too many attempts. Wait a few minutes.', waitSeconds }
  }
  const user = await storage.users.findByEmail(email)
  const matches = await checkPassword(user?.passwordHash, form.get('password') ?? '')
  const isRight = matches && user?.status === 'active'
  await storage.audit.append({
    type: 'sign_in',
    outcome: isRight ? 'success' : 'denied',
    ...(isRight && { actor: user.id }),
    subject: user?.id,
    request_id: requestId,
    detail: { address: remoteAddress, via: 'connect' },
  })
  if (!isRight) return { status: 401, error: 'The e-mail address or the password is wrong.' }
  await signInLimits.succeeded(email, remoteAddress)
  if (user.id === owner) return user
  return { status: 403, error: 'This link is for another account.' }
}
