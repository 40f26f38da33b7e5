import { type Grant, isOfApiKey, type Storage } from '@holdfast/storage'
import type { AccessTokenClaims } from '../tokens.ts'

/** Name that a resource uses → connection handle. */
export type NamedConnections = Readonly<Record<string, string>>

/**
 * The connections that an exchanged token names. The resource of the grant gets what the grant holds now,
 * so that what its user connects is of use at once. A server that it calls gets what the user let the
 * first one use; and a key's tokens share a grant, but not what each of them was limited to.
 */
export function heldConnections(
  { act, authorization_details: details, ...subject }: AccessTokenClaims,
  grant: Grant,
  ownResource: string,
): NamedConnections {
  const isTheirs = grant.resource === ownResource && act === undefined && !isOfApiKey(grant.grantId)
  return connectionsWithin(isTheirs ? grant.connections : subject['ddls:connections'], details)
}

/** Only those that a token's authorization details name, where it has any. */
export function connectionsWithin(
  connections: NamedConnections = {},
  details: readonly Readonly<Record<string, unknown>>[] | undefined,
): NamedConnections {
  if (details === undefined) return connections
  const named = new Set(details.map(({ identifier }) => identifier))
  return Object.fromEntries(Object.entries(connections).filter(([, handle]) => named.has(handle)))
}

/** Those that were not revoked: a name without one is free for another connection. */
export async function liveConnections(
  { connections }: Pick<Storage, 'connections'>,
  named: NamedConnections = {},
): Promise<NamedConnections> {
  const entries = Object.entries(named)
  const found = await Promise.all(entries.map(([, handle]) => connections.find(handle)))
  return Object.fromEntries(entries.filter((_entry, at) => found[at]?.status !== 'revoked'))
}
