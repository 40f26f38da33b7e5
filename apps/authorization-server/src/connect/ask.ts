import { findProvider, loadCatalog } from '@holdfast/providers'
import type { ConnectTicket } from '@holdfast/storage'
import { ConnectionError } from '../connections/errors.ts'
import type { Actor } from '../connections/parts.ts'
import type { AppContext } from '../context.ts'
import { createTicket, type TicketRequest, ticketTtlMs } from './tickets.ts'

type Parts = Pick<AppContext, 'storage' | 'clock' | 'config'>

/** What a call lacks. */
export interface Missing {
  /** Who called, for the user. */
  readonly actor: Actor
  readonly resource: string
  readonly grantId: string
  /** Name under which the resource asks for it. */
  readonly name: string
}

/** An open link is handed out again while there is this much time left on it. */
const reusableMs = ticketTtlMs / 2

/** The link on which a user makes a connection that a resource lacks; undefined when too many are open. */
export async function askForConnection(
  parts: Parts,
  { actor, resource, grantId, name }: Missing,
): Promise<ConnectTicket | undefined> {
  const open = await parts.storage.connectTickets.findOpen(
    { owner: actor.sub, grantId, name },
    parts.clock() + reusableMs,
  )
  if (open) return open
  const provider = findProvider(loadCatalog(parts.config.providers), name)?.name
  return make(parts, actor, { provider, name, resource, grantId })
}

/** The link on which a user repairs a connection; undefined when too many are open. */
export async function askForRenewal(
  parts: Parts,
  actor: Actor,
  handle: string,
): Promise<ConnectTicket | undefined> {
  const untilMs = parts.clock() + reusableMs
  const open = await parts.storage.connectTickets.findRenewal(actor.sub, handle, untilMs)
  return open ?? make(parts, actor, { handle })
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
