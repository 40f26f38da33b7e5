import type { ConnectTicket } from '@holdfast/storage'
import type { Actor } from '../../connections/parts.ts'
import type { AppContext } from '../../context.ts'
import { HttpProblem } from '../../http/problem.ts'
import type { KoaContext } from '../../interaction/parts.ts'
import { type BrowserSecret, createBrowserSecret } from '../browser-secret.ts'
import { signedInUser } from '../sign-in.ts'
import type { ConnectParts } from '../router.ts'
import { ticketPagePath, ticketStatus } from '../tickets.ts'

const idForm = /^[A-Za-z0-9_-]{32}$/

/** What somebody is told whose link leads nowhere. */
const goneText =
  'This link has expired or never existed. Start again where you got it; a link works for ten minutes.'

/** The ticket of a page, open or not. @throws HttpProblem 404, 410 */
export async function findTicket(
  { storage, clock }: AppContext,
  id: unknown,
): Promise<ConnectTicket> {
  const ticket =
    typeof id === 'string' && idForm.test(id) ? await storage.connectTickets.find(id) : undefined
  if (!ticket) throw new HttpProblem(404, goneText)
  if (ticketStatus(ticket, clock()) === 'expired') throw new HttpProblem(410, goneText)
  return ticket
}

/** The cookie of the browser in which a ticket's owner is signed in. */
const browserOf = (ctx: AppContext): BrowserSecret =>
  createBrowserSecret(ctx.config, { name: 'holdfast_connect_page', path: ticketPagePath })

/** Remembers that the ticket's owner has signed in here. */
export async function admit(
  ctx: AppContext,
  koa: KoaContext,
  { id }: Pick<ConnectTicket, 'id'>,
): Promise<void> {
  const cookie = browserOf(ctx)
  const browser = cookie.readOrMake(koa)
  if (await ctx.storage.connectTickets.bindBrowser(id, browser)) cookie.keep(koa, browser)
}

/** Who looks at a ticket: its owner, somebody else who is signed in, or nobody who is known. */
export async function visitorOf(
  parts: Pick<ConnectParts, 'ctx' | 'provider'>,
  koa: KoaContext,
  ticket: ConnectTicket,
): Promise<'owner' | 'other' | 'nobody'> {
  if (await isAdmitted(parts.ctx, koa, ticket)) return 'owner'
  const user = await signedInUser(parts, koa)
  if (user === undefined) return 'nobody'
  if (user.id !== ticket.owner) return 'other'
  await admit(parts.ctx, koa, ticket)
  return 'owner'
}

async function isAdmitted(
  ctx: AppContext,
  koa: KoaContext,
  { id, owner }: ConnectTicket,
): Promise<boolean> {
  const browser = browserOf(ctx).read(koa)
  if (browser === undefined || !(await ctx.storage.connectTickets.isBrowser(id, browser))) {
    return false
  }
  return (await ctx.storage.users.find(owner))?.status === 'active'
}

/** The open ticket of a request that its page makes. @throws HttpProblem 403, 404, 409, 410 */
export async function requireOpen(
  ctx: AppContext,
  koa: KoaContext,
  id: unknown,
): Promise<ConnectTicket> {
  const ticket = await findTicket(ctx, id)
  if (!(await isAdmitted(ctx, koa, ticket))) {
    throw new HttpProblem(403, 'You are no longer signed in here. Load the page again.')
  }
  if (ticket.connectedAtMs !== undefined) {
    throw new HttpProblem(409, 'This link was used already.')
  }
  return ticket
}

/** Whoever works on a page acts as the ticket's owner. */
export const actorOf = ({ owner, clientId }: ConnectTicket, requestId: string): Actor => ({
  sub: owner,
  clientId: clientId ?? 'holdfast-connect',
  requestId,
})
