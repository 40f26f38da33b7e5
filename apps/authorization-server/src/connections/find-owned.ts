import { isConnectionHandle } from '@holdfast/protocol'
import type { Connection } from '@holdfast/storage'
import { ConnectionError } from './errors.ts'
import type { Actor, ConnectionParts } from './parts.ts'

/**
 * The caller's own connection. Somebody else's is answered exactly like one that does not exist.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`
 */
export async function findOwned(
  { storage }: Pick<ConnectionParts, 'storage'>,
  actor: Pick<Actor, 'sub'>,
  handle: string,
): Promise<Connection> {
  const connection = isConnectionHandle(handle) ? await storage.connections.find(handle) : undefined
  if (connection?.owner === actor.sub) return connection
  throw new ConnectionError('CONNECTION_NOT_FOUND', 'you have no connection with this handle')
}
