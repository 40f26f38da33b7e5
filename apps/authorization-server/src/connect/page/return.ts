import { loadCatalog } from '@holdfast/providers'
import type { PendingAuthorization } from '@holdfast/storage'
import type { AppContext } from '../../context.ts'
import type { KoaContext } from '../../interaction/parts.ts'
import { consentPath, ticketPagePath } from '../tickets.ts'
import { completeTicket, identifyForTicket } from './complete.ts'

/**
 * Leads a sign-in at a provider back to the page that it began on, which only storage names.
 *
 * @returns false when it began on none
 */
export async function returnToTicket(
  ctx: AppContext,
  koa: KoaContext,
  { connectTicket, handle }: PendingAuthorization,
): Promise<boolean> {
  const ticket =
    connectTicket === undefined ? undefined : await ctx.storage.connectTickets.find(connectTicket)
  if (ticket === undefined) return false
  const { requestId } = koa.state
  await identifyForTicket(ctx, loadCatalog(ctx.config.providers), ticket, handle, requestId)
  await completeTicket(ctx, ticket, handle, requestId)
  koa.redirect(consentPath(ticket) ?? `${ticketPagePath}/${ticket.id}`)
  koa.status = 303
  return true
}
