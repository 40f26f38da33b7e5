import { Router } from '@koa/router'
import { EnclaveError } from '@holdfast/protocol/channel'
import { type Catalog, loadCatalog } from '@holdfast/providers'
import type { PendingAuthorization } from '@holdfast/storage'
import { z } from 'zod'
import { accountOf } from '../connections/account.ts'
import { ConnectionError } from '../connections/errors.ts'
import type { RequestState } from '../context.ts'
import { readForm } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { seeOther } from '../http/see-other.ts'
import type { InteractionParts, KoaContext } from '../interaction/parts.ts'
import { requireSameOrigin } from '../interaction/same-origin.ts'
import { startSession } from '../oauth/browser-session.ts'
import { connectedPage, connectSignInPage, toProviderPage } from '../views/connect.ts'
import { sendPage } from '../views/page.ts'
import { callbackPath, connectPath } from './begin.ts'
import { requireToken, tokenFor } from './form-token.ts'
import { bindBrowser, browserOf, expired } from './pending-browser.ts'
import { completeAuthorization } from './complete.ts'
import { signedInUser, signIn } from './sign-in.ts'
import { actorOf } from './page/access.ts'
import { identify } from './page/complete.ts'
import { createTicketPages } from './page/router.ts'
import { returnToTicket } from './page/return.ts'

/** What the pages of a sign-in at a provider need. */
export type ConnectParts = Pick<
  InteractionParts,
  'ctx' | 'provider' | 'csrf' | 'checkPassword' | 'signInLimits'
>

const secret = /^[A-Za-z0-9_-]{43}$/

/** The pages between a person and a provider: `/oauth/connect` leads there, `/oauth/callback` back. */
export function createConnectRouter(parts: ConnectParts): Router<RequestState> {
  const router = new Router<RequestState>()
  const catalog = loadCatalog(parts.ctx.config.providers)
  createTicketPages(router, parts, catalog)
  router.get(connectPath, (koa) => showConnect(parts, koa))
  router.post(connectPath, (koa) => submitSignIn(parts, koa))
  router.get(callbackPath, (koa) => showCallback(parts, catalog, koa))
  return router
}

/** The pending authorization of the request's ticket. @throws HttpProblem 400 */
async function findPending(
  { ctx }: ConnectParts,
  ticket: unknown,
): Promise<{ ticket: string; pending: PendingAuthorization }> {
  if (typeof ticket !== 'string' || !secret.test(ticket)) throw expired()
  const pending = await ctx.storage.pendingAuthorizations.find(ticket)
  if (!pending) throw expired()
  return { ticket, pending }
}

async function showConnect(parts: ConnectParts, koa: KoaContext): Promise<void> {
  const { ticket, pending } = await findPending(parts, koa.query['ticket'])
  const user = await signedInUser(parts, koa)
  if (user?.id !== pending.owner) return askToSignIn(parts, koa, ticket, user)
  await bindBrowser(parts, koa, ticket)
  koa.set('Referrer-Policy', 'no-referrer')
  seeOther(koa, pending.url)
  return undefined
}

async function submitSignIn(parts: ConnectParts, koa: KoaContext): Promise<void> {
  requireSameOrigin(koa.req, parts.ctx.config.issuer)
  const form = await readForm(koa.req)
  const { ticket, pending } = await findPending(parts, form.get('ticket'))
  requireToken(parts.csrf, browserOf(parts.ctx).read(koa), ticket, form)
  const result = await signIn(parts, koa.state, pending, form)
  if ('error' in result) {
    if (result.waitSeconds !== undefined) koa.set('Retry-After', String(result.waitSeconds))
    return showSignIn(parts, koa, result.status, { ticket, error: result.error })
  }
  await startSession(parts.provider(), koa, result.id)
  await bindBrowser(parts, koa, ticket)
  // Under `form-action 'self'` a form post may not be redirected to another origin.
  return sendPage(koa, 200, toProviderPage(pending.url))
}

const askToSignIn = (
  parts: ConnectParts,
  koa: KoaContext,
  ticket: string,
  user: { readonly id: string } | undefined,
): Promise<void> =>
  showSignIn(parts, koa, user ? 403 : 401, {
    ticket,
    error: user && 'You are signed in as somebody else. This link is for another account.',
  })

const showSignIn = (
  { ctx, csrf }: ConnectParts,
  koa: KoaContext,
  status: number,
  { ticket, error }: { readonly ticket: string; readonly error: string | undefined },
): Promise<void> => {
  const token = tokenFor(csrf, browserOf(ctx).ensure(koa), ticket)
  return sendPage(
    koa,
    status,
    connectSignInPage({ action: connectPath, ticket, csrf: token, error }),
  )
}

const one = (max: number) => z.string().min(1).max(max)

/** Each once; what else a provider adds is of no interest. */
const answerSchema = z.object({
  state: one(512),
  code: one(8192).optional(),
  iss: one(2048).optional(),
  error: one(512).optional(),
})

async function showCallback(parts: ConnectParts, catalog: Catalog, koa: KoaContext): Promise<void> {
  koa.set('Referrer-Policy', 'no-referrer')
  const answer = answerSchema.safeParse({ ...koa.query })
  const browser = browserOf(parts.ctx).read(koa)
  if (!answer.success || browser === undefined) throw expired()
  const { ctx } = parts
  const pending = await ctx.storage.pendingAuthorizations.take(answer.data.state, browser)
  if (!pending) throw expired()
  if ((await signedInUser(parts, koa))?.id !== pending.owner) {
    throw new HttpProblem(
      403,
      'You have signed out meanwhile. Nothing was connected: start again where you got the link.',
    )
  }
  try {
    const { handle } = pending
    const { requestId } = koa.state
    const before = await ctx.storage.connections.find(handle)
    const former = before && accountOf(before)
    const connection = await completeAuthorization(ctx, pending, answer.data, requestId)
    const actor = actorOf(pending, requestId)
    const { account } = await identify(ctx, catalog, actor, handle)
    const next = await returnToTicket(ctx, koa.state, pending)
    const isOther = former !== undefined && account !== undefined && account !== former
    if (next === undefined || isOther) {
      const change = isOther ? { former, next } : undefined
      return await sendPage(koa, 200, connectedPage(connection, account, change))
    }
    seeOther(koa, next)
    return undefined
  } catch (error) {
    throw asPage(error)
  }
}

function asPage(error: unknown): unknown {
  if (error instanceof ConnectionError) return new HttpProblem(409, `${error.message}.`)
  if (!(error instanceof EnclaveError)) return error
  const status = error.code === 'AUTHORIZATION_REFUSED' ? 400 : 502
  return new HttpProblem(status, `Not connected: ${error.message}.`)
}
