import type { ConnectTicket } from '@holdfast/storage'
import type { Actor } from '../../connections/parts.ts'
import type { AppContext } from '../../context.ts'
import { readForm } from '../../http/form-body.ts'
import { HttpProblem } from '../../http/problem.ts'
import type { KoaContext } from '../../interaction/parts.ts'
import { requireSameOrigin } from '../../interaction/same-origin.ts'
import { type BrowserSecret, createBrowserSecret } from '../browser-secret.ts'
import { requireToken, tokenFor } from '../form-token.ts'
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

type Parts = Pick<ConnectParts, 'ctx' | 'provider' | 'csrf'>

/** The token of a ticket's forms in this browser. */
export const ticketToken = ({ ctx, csrf }: Parts, koa: KoaContext, id: string): string =>
  tokenFor(csrf, browserOf(ctx).ensure(koa), id)

/** The form of a ticket's page, after the cross-site checks. @throws HttpProblem 403, 413, 415 */
export async function readTicketForm(
  { ctx, csrf }: Parts,
  koa: KoaContext,
  id: string,
): Promise<URLSearchParams> {
  requireSameOrigin(koa.req, ctx.config.issuer)
  const form = await readForm(koa.req)
  requireToken(csrf, browserOf(ctx).read(koa), id, form)
  return form
}

/** Ties a ticket to this browser, where its owner is signed in. */
export const admit = (
  { ctx }: Parts,
  koa: KoaContext,
  { id }: Pick<ConnectTicket, 'id'>,
): Promise<boolean> => ctx.storage.connectTickets.bindBrowser(id, browserOf(ctx).ensure(koa))

/** Who looks at a ticket: its owner, somebody else who is signed in, or nobody who is known. */
export async function visitorOf(
  parts: Parts,
  koa: KoaContext,
  ticket: ConnectTicket,
): Promise<'owner' | 'other' | 'nobody'> {
  const user = await signedInUser(parts, koa)
  if (user === undefined) return 'nobody'
  if (user.id !== ticket.owner) return 'other'
  await admit(parts, koa, ticket)
  return 'owner'
}

/**
 * The ticket of a request that its page makes: its owner is signed in now, and opened it in this browser.
 *
 * @throws HttpProblem 403
 */
export async function requireAdmitted(
  parts: Parts,
  koa: KoaContext,
  ticket: ConnectTicket,
): Promise<void> {
  const browser = browserOf(parts.ctx).read(koa)
  const isAdmitted =
    browser !== undefined &&
    (await parts.ctx.storage.connectTickets.isBrowser(ticket.id, browser)) &&
    (await signedInUser(parts, koa))?.id === ticket.owner
  if (!isAdmitted) {
    throw new HttpProblem(403, 'You are no longer signed in here. Load the page again.')
  }
}

/** The open ticket of a request that its page makes. @throws HttpProblem 403, 404, 409, 410 */
export async function requireOpen(
  parts: Parts,
  koa: KoaContext,
  id: unknown,
): Promise<ConnectTicket> {
  const ticket = await findTicket(parts.ctx, id)
  await requireAdmitted(parts, koa, ticket)
  if (ticket.connectedAtMs !== undefined) {
    throw new HttpProblem(409, 'This link was used already.')
  }
  return ticket
}

/** Whoever works on a page acts as the owner of what led there. */
export const actorOf = (
  { owner, clientId }: Pick<ConnectTicket, 'owner'> & Partial<Pick<ConnectTicket, 'clientId'>>,
  requestId: string,
): Actor => ({
  sub: owner,
  clientId: clientId ?? 'holdfast-connect',
  requestId,
})
