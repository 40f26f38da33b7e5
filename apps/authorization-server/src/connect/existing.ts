import type { ConnectionInfo, ConnectTicket } from '@holdfast/storage'
import { findOwned } from '../connections/find-owned.ts'
import type { Actor } from '../connections/parts.ts'
import { allowsResource } from '../connections/policy.ts'
import { revokeConnection } from '../connections/revoke.ts'
import type { AppContext } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import { finishTicket } from './tickets.ts'

/** What its owner has already and the asking resource could use. Links for nobody's sake want a new one. */
export async function existingFor(
  { storage }: Pick<AppContext, 'storage'>,
  ticket: ConnectTicket,
  provider: string,
): Promise<readonly ConnectionInfo[]> {
  if (ticket.isRenewal || ticket.resource === undefined) return []
  const own = await storage.connections.list({ owner: ticket.owner, limit: 1000 })
  return own.filter((one) => one.provider === provider && isFit(ticket, one))
}

/**
 * Uses a ticket up for a connection that its owner has already, in place of one that was reserved on the
 * page and never filled.
 *
 * @throws HttpProblem 409
 * @throws ConnectionError `CONNECTION_NOT_FOUND`
 */
export async function useExisting(
  ctx: AppContext,
  actor: Actor,
  ticket: ConnectTicket,
  handle: string,
): Promise<void> {
  const connection = await findOwned(ctx, actor, handle)
  if (ticket.isRenewal) throw refused('this link renews a connection: it takes no other one')
  if (!isFit(ticket, connection)) {
    throw refused(
      `this link needs an active connection${of(ticket.provider)}${by(ticket.resource)}; \`holdfast connections allow\` changes what one may be used for`,
    )
  }
  const former = ticket.handle
  if (!(await finishTicket(ctx, ticket, handle, actor.requestId, former ?? null))) {
    throw refused('this link expired meanwhile, or was used elsewhere')
  }
  if (former !== undefined && former !== handle) await revokeConnection(ctx, actor, former)
}

const refused = (why: string): HttpProblem => new HttpProblem(409, why)
const of = (provider: string | undefined): string =>
  provider === undefined ? '' : ` at ${provider}`
const by = (resource: string | undefined): string =>
  resource === undefined ? '' : ` that ${resource} may use`

const isFit = ({ provider, resource }: ConnectTicket, connection: ConnectionInfo): boolean =>
  connection.status === 'active' &&
  connection.purpose === 'credential' &&
  (provider === undefined || connection.provider === provider) &&
  (resource === undefined || allowsResource(connection, resource))
