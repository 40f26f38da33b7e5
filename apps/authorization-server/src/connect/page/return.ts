import type { PendingAuthorization } from '@holdfast/storage'
import type { AppContext, RequestState } from '../../context.ts'
import { consentPath, ticketPagePath } from '../tickets.ts'
import { completeTicket } from './complete.ts'

/**
 * Ends the page that a sign-in at a provider began on, which only storage names.
 *
 * @returns where it goes on; undefined when it began on none
 */
export async function returnToTicket(
  ctx: AppContext,
  { requestId }: RequestState,
  { connectTicket, handle }: PendingAuthorization,
): Promise<string | undefined> {
  const ticket =
    connectTicket === undefined ? undefined : await ctx.storage.connectTickets.find(connectTicket)
  if (ticket === undefined) return undefined
  await completeTicket(ctx, ticket, handle, requestId)
  return consentPath(ticket) ?? `${ticketPagePath}/${ticket.id}`
}
