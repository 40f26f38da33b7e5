import { askForRenewal } from '../connect/ask.ts'
import { connectUrl } from '../connect/tickets.ts'
import type { AppContext } from '../context.ts'
import type { Caller } from './caller.ts'
import type { ParsedDispatch } from './parse-request.ts'
import type { DispatchRefusal } from './refusal.ts'

/** Where the user renews the connection of a call that failed for want of that, if it did. */
export async function repairUrl(
  parts: Pick<AppContext, 'config' | 'storage' | 'clock'>,
  requestId: string,
  { sub, clientId, resource, grant }: Caller,
  { call }: { readonly call?: ParsedDispatch },
  { code }: DispatchRefusal,
): Promise<string | undefined> {
  if (code !== 'DOWNSTREAM_AUTH_FAILURE' || call === undefined) return undefined
  const connection = await parts.storage.connections.find(call.handle)
  if (connection?.status !== 'needs_reconnect' || connection.owner !== sub) return undefined
  const granted = grant === undefined ? undefined : await parts.storage.grants.find(grant)
  const ticket = await askForRenewal(parts, {
    actor: { sub, clientId, requestId },
    agentId: granted?.clientId,
    resource,
    handle: call.handle,
  })
  return ticket && connectUrl(parts.config.issuer, ticket)
}
