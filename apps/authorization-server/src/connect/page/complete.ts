import type { Catalog } from '@holdfast/providers'
import type { ConnectTicket } from '@holdfast/storage'
import type { Actor } from '../../connections/parts.ts'
import type { AppContext } from '../../context.ts'
import { callLimits } from '../../dispatch/call-enclave.ts'
import { type Identified, identifyConnection } from '../../dispatch/identify-connection.ts'
import { HttpProblem } from '../../http/problem.ts'
import { finishTicket } from '../tickets.ts'

/** Asks the provider whose account a connection is. */
export const identify = (
  ctx: AppContext,
  catalog: Catalog,
  actor: Actor,
  handle: string,
): Promise<Identified> => identifyConnection(ctx, catalog, actor, handle, callLimits(ctx.config))

/** Uses the ticket up for a connection that has its credential. @throws HttpProblem 409, 410 */
export async function completeTicket(
  ctx: AppContext,
  ticket: ConnectTicket,
  handle: string,
  requestId: string,
): Promise<void> {
  const connection = await ctx.storage.connections.find(handle)
  if (connection?.status !== 'active') throw new HttpProblem(409, 'Nothing was connected yet.')
  if (await finishTicket(ctx, ticket, handle, requestId)) return
  throw new HttpProblem(410, 'The link expired meanwhile, or was used in another tab.')
}
