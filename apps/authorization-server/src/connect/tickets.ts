import { randomBytes } from 'node:crypto'
import type { ConnectionPolicy } from '@holdfast/protocol'
import type { Connection, ConnectTicket } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { ConnectionError } from '../connections/errors.ts'
import { findOwned } from '../connections/find-owned.ts'
import type { Actor } from '../connections/parts.ts'
import { canonicalPolicy, policyJson } from '../connections/policy.ts'
import type { AppContext } from '../context.ts'

/** Below it lies the page of each ticket. */
export const ticketPagePath = '/connect'

/** How long a ticket can be used. */
export const ticketTtlMs = 600_000

/** Open tickets of one person; whoever asks for more is not a person. */
const maxOpenTickets = 20

/** How many credentials or sign-ins may be tried on one ticket. */
export const maxAttempts = 10

type Parts = Pick<AppContext, 'storage' | 'clock'>

/** What a link is for. */
export interface TicketRequest {
  /** Catalog name. Default: the person chooses. */
  readonly provider?: string | undefined
  readonly name?: string | undefined
  readonly label?: string | undefined
  /** Default: the person chooses. */
  readonly policy?: ConnectionPolicy | undefined
  /** The resource that needs it. */
  readonly resource?: string | undefined
  /** An own connection that gets a new value. */
  readonly handle?: string | undefined
  /** The grant that gets the connection. */
  readonly grantId?: string | undefined
  /** The client for which the actor asks. */
  readonly agentId?: string | undefined
  /** The consent to which the page leads back. */
  readonly interaction?: string | undefined
}

/**
 * Makes a link on which the actor connects an account.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`, `CONNECTION_REVOKED`, `TOO_MANY_TICKETS`
 */
export async function createTicket(
  { storage, clock }: Parts,
  actor: Actor,
  { policy, handle, ...request }: TicketRequest,
): Promise<ConnectTicket> {
  const renewed = handle === undefined ? undefined : await findOwned({ storage }, actor, handle)
  if (renewed?.status === 'revoked') {
    throw new ConnectionError('CONNECTION_REVOKED', 'this connection was revoked for good')
  }
  if ((await storage.connectTickets.countOpen(actor.sub)) >= maxOpenTickets) {
    throw new ConnectionError('TOO_MANY_TICKETS', 'too many connect links are open for this user')
  }
  const ticket = await storage.connectTickets.add({
    ...request,
    ...(renewed && describe(renewed)),
    id: randomBytes(24).toString('base64url'),
    owner: actor.sub,
    clientId: actor.clientId,
    handle,
    policy: policy && policyJson(await canonicalPolicy(storage.resources, policy)),
    usableUntilMs: clock() + ticketTtlMs,
  })
  await recordEvent(storage.audit, {
    type: 'connect_ticket.created',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    ...(request.resource !== undefined && { resource: request.resource }),
    ...(handle !== undefined && { connection: handle }),
    request_id: actor.requestId,
  })
  return ticket
}

const describe = ({ provider, name, label }: Connection) => ({ provider, name, label })

/** Where its owner opens it. */
const connectUrl = (issuer: string, { id }: Pick<ConnectTicket, 'id'>): string =>
  `${issuer}${ticketPagePath}/${id}`

/** Where programs ask what became of it. */
const pollUrl = (issuer: string, { id }: Pick<ConnectTicket, 'id'>): string =>
  `${issuer}/v1/connect-tickets/${id}`

/** The same as answers name them. */
export interface ConnectLinks {
  readonly connect_url: string
  readonly poll_url: string
}

export const connectLinks = (issuer: string, ticket: Pick<ConnectTicket, 'id'>): ConnectLinks => ({
  connect_url: connectUrl(issuer, ticket),
  poll_url: pollUrl(issuer, ticket),
})

/** Where its owner goes on who connected an account for a consent; undefined for any other ticket. */
export const consentPath = ({
  interaction,
}: Pick<ConnectTicket, 'interaction'>): string | undefined =>
  interaction === undefined ? undefined : `/interaction/${interaction}`

export type TicketStatus = 'pending' | 'connected' | 'expired'

/** What became of a ticket. */
export function ticketStatus(
  { connectedAtMs, usableUntilMs }: ConnectTicket,
  nowMs: number,
): TicketStatus {
  if (connectedAtMs !== undefined) return 'connected'
  return usableUntilMs > nowMs ? 'pending' : 'expired'
}

/**
 * Uses a ticket up: its connection has what it needs. Where a resource asked for the sake of a grant,
 * the grant names the connection from now on: the page said so, and its owner went on.
 *
 * @param from - what the ticket had reserved before
 * @returns false when the ticket is no longer open
 */
export async function finishTicket(
  { storage }: Parts,
  { id, owner, clientId, grantId, name }: ConnectTicket,
  handle: string,
  requestId: string,
  from: string | null = handle,
): Promise<boolean> {
  if (!(await storage.connectTickets.finish(id, handle, from))) return false
  const granted =
    grantId !== undefined &&
    name !== undefined &&
    (await storage.grants.addConnection(grantId, owner, name, handle))
  await recordEvent(storage.audit, {
    type: 'connect_ticket.used',
    outcome: 'success',
    actor: owner,
    connection: handle,
    ...(clientId !== undefined && { client: clientId }),
    ...(granted && { grant: grantId }),
    request_id: requestId,
  })
  return true
}
