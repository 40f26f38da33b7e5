import { type ConnectTicket, type Grant, isOfApiKey } from '@holdfast/storage'
import { askForGranted, askForRenewal } from '../connect/ask.ts'
import { type ConnectLinks, connectLinks } from '../connect/tickets.ts'
import type { AppContext } from '../context.ts'
import type { Caller } from './caller.ts'
import type { ParsedDispatch } from './parse-request.ts'
import type { DispatchRefusal } from './refusal.ts'

type Parts = Pick<AppContext, 'config' | 'storage' | 'clock'>

/** A call that failed for want of a working connection. */
interface Failed {
  readonly caller: Caller
  readonly grant: Grant | undefined
  readonly handle: string
  readonly requestId: string
}

/**
 * Where the user renews the connection of a call that failed for want of that, or makes another in place
 * of one that is revoked; undefined where neither would help.
 */
export async function repairLinks(
  parts: Parts,
  requestId: string,
  caller: Caller,
  { call }: { readonly call?: ParsedDispatch },
  { code }: DispatchRefusal,
): Promise<ConnectLinks | undefined> {
  const ask = asks[code]
  if (ask === undefined || call === undefined) return undefined
  const { handle } = call
  const grant =
    caller.grant === undefined ? undefined : await parts.storage.grants.find(caller.grant)
  const ticket = await ask(parts, { caller, grant, handle, requestId })
  return ticket && connectLinks(parts.config.issuer, ticket)
}

async function askToRenew(
  parts: Parts,
  { caller: { sub, clientId, resource }, grant, handle, requestId }: Failed,
): Promise<ConnectTicket | undefined> {
  const connection = await parts.storage.connections.find(handle)
  if (connection?.status !== 'needs_reconnect' || connection.owner !== sub) return undefined
  const actor = { sub, clientId, requestId }
  return askForRenewal(parts, { actor, agentId: grant?.clientId, resource, handle })
}

/** As the exchange asks: by the resource of the grant, for the name under which the grant holds it. */
async function askToReplace(
  parts: Parts,
  { caller: { sub, clientId, resource }, grant, handle, requestId }: Failed,
): Promise<ConnectTicket | undefined> {
  if (grant?.resource !== resource || grant.userId !== sub) return undefined
  // A key says itself which connections it may use.
  if (isOfApiKey(grant.grantId)) return undefined
  const [name] = Object.entries(grant.connections).find(([, one]) => one === handle) ?? []
  return name === undefined ? undefined : askForGranted(parts, { grant, name, clientId, requestId })
}

const asks: Readonly<Partial<Record<DispatchRefusal['code'], typeof askToRenew>>> = {
  DOWNSTREAM_AUTH_FAILURE: askToRenew,
  CONNECTION_REVOKED: askToReplace,
}
