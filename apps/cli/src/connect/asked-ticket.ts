import type { Client, ConnectTicketView } from '@holdfast/client'
import { usage } from '../errors.ts'
import type { AddOptions } from './plan.ts'

/** The link that a connection is made for, while it is of use. @throws CliError */
export async function findTicket(
  client: Client,
  id: string,
  provider: string,
): Promise<ConnectTicketView> {
  const ticket = await client.connectTickets.get(id)
  if (ticket.status !== 'pending') {
    throw usage(
      ticket.status === 'connected' ? 'this link was used already' : 'this link has expired',
      'Start again where you got it; a link works for ten minutes.',
    )
  }
  if (ticket.provider !== null && ticket.provider !== provider) {
    throw usage(
      `this link is for an account at ${ticket.provider}`,
      `holdfast connections add ${ticket.provider} --ticket ${id}`,
    )
  }
  return ticket
}

/**
 * The options of a connection that answers a link: what they allow, they allow to the server that asked,
 * where they name no other.
 *
 * @throws CliError when they allow it nothing
 */
export function optionsFor<Options extends AddOptions>(
  { resource }: ConnectTicketView,
  options: Options,
): Options {
  if (resource === null) return options
  const { allow, operations, methods, paths, resources = [resource] } = options
  const said = [allow, operations, methods, paths].filter((one) => one !== undefined)
  const isNothing = allow === 'none' || said.length === 0
  if (!isNothing) return { ...options, resources }
  throw usage(
    `${resource} could do nothing with this connection`,
    'Say what it may be used for: --allow read, --operations, or --methods and --paths.',
  )
}
