import type { ConnectTicket, Grant } from '@holdfast/storage'
import { ConnectionError } from '../connections/errors.ts'
import type { Actor } from '../connections/parts.ts'
import type { AppContext } from '../context.ts'
import { createTicket, type TicketRequest, ticketTtlMs } from './tickets.ts'

type Parts = Pick<AppContext, 'storage' | 'clock'>

/** What a call, or a consent, lacks. */
export interface Missing {
  /** Who asks, for the user. */
  readonly actor: Actor
  /** The client for which it asks. */
  readonly agentId: string
  /** Undefined for the user's own calls. */
  readonly resource: string | undefined
  /** The grant that gets it, where there is one. */
  readonly grantId?: string
  /** Name under which the resource asks for it; undefined when any will do. */
  readonly name: string | undefined
  /** Whose account it must be; undefined when the user chooses. */
  readonly provider: string | undefined
  /** The consent that goes on with it. */
  readonly interaction?: string
}

/** An open link is handed out again while there is this much time left on it. */
const reusableMs = ticketTtlMs / 2

/** The link on which a user makes a connection that a resource lacks; undefined when too many are open. */
export async function askForConnection(
  parts: Parts,
  { actor, ...request }: Missing,
): Promise<ConnectTicket | undefined> {
  const open = await parts.storage.connectTickets.findOpen(
    { ...request, owner: actor.sub, clientId: actor.clientId },
    parts.clock() + reusableMs,
  )
  return open ?? make(parts, actor, request)
}

/** A connection that the resource of a grant is registered with, and that the grant lacks. */
export interface Lacking {
  readonly grant: Grant
  readonly name: string
  /** The resource's own client. */
  readonly clientId: string
  readonly requestId: string
}

/** The link for it; undefined when the resource asks for no such connection, or too many are open. */
export async function askForGranted(
  parts: Parts,
  { grant, name, clientId, requestId }: Lacking,
): Promise<ConnectTicket | undefined> {
  const { grantId, userId: sub, clientId: agentId, resource } = grant
  const known = await parts.storage.resources.find(resource)
  const wanted = known?.connections.find((one) => one.name === name)
  if (!wanted) return undefined
  const actor = { sub, clientId, requestId }
  const { provider } = wanted
  return askForConnection(parts, { actor, agentId, resource, grantId, name, provider })
}

/** A connection that no longer works. */
export interface Broken extends Pick<Missing, 'actor' | 'resource'> {
  /** The client for whose call it was needed, where that is known. */
  readonly agentId: string | undefined
  readonly handle: string
}

/** The link on which a user repairs a connection; undefined when too many are open. */
export async function askForRenewal(
  parts: Parts,
  { actor, ...request }: Broken,
): Promise<ConnectTicket | undefined> {
  const open = await parts.storage.connectTickets.findRenewal(
    { ...request, owner: actor.sub, clientId: actor.clientId },
    parts.clock() + reusableMs,
  )
  return open ?? make(parts, actor, request)
}

async function make(
  parts: Parts,
  actor: Actor,
  request: TicketRequest,
): Promise<ConnectTicket | undefined> {
  try {
    return await createTicket(parts, actor, request)
  } catch (error) {
    if (error instanceof ConnectionError) return undefined
    throw error
  }
}
