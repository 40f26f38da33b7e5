import type { ConnectionInfo } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import type { AppContext } from '../context.ts'
import { ConnectionError } from './errors.ts'
import { findOwned } from './find-owned.ts'
import type { Actor, ConnectionParts } from './parts.ts'

type Parts = Pick<ConnectionParts, 'storage' | 'tokenMaintenance'>

/**
 * Revokes a connection for good, and its tokens at the provider; a second time changes nothing.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`
 */
export async function revokeConnection(
  parts: Parts,
  actor: Actor,
  handle: string,
): Promise<ConnectionInfo> {
  const before = await findOwned(parts, actor, handle)
  if (before.purpose !== 'credential') {
    throw new ConnectionError('CONNECTION_NOT_FOUND', 'this is an OAuth app, not a connection')
  }
  if (before.status === 'revoked') return before
  const revoked = await parts.storage.connections.revoke(handle)
  await ended(parts, actor, [handle])
  return revoked
}

/**
 * Disables a user with all that they granted and connected. Asked again of a disabled user it ends what
 * is left of them.
 *
 * @throws StorageError `NOT_FOUND`
 */
export async function disableUser(
  parts: Parts & Pick<AppContext, 'revocation'>,
  actor: Actor,
  userId: string,
): Promise<void> {
  const handles = await parts.revocation.revokeUser(userId)
  await recordEvent(parts.storage.audit, {
    type: 'user.disabled',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    subject: userId,
    request_id: actor.requestId,
  })
  await ended(parts, actor, handles, userId)
}

/** Records it, and has the queue of providers worked off at once. */
async function ended(
  { storage, tokenMaintenance }: Parts,
  actor: Actor,
  handles: readonly string[],
  subject?: string,
): Promise<void> {
  tokenMaintenance.kick()
  const records = handles.map((handle) =>
    recordEvent(storage.audit, {
      type: 'connection.revoked',
      outcome: 'success',
      actor: actor.sub,
      client: actor.clientId,
      subject,
      connection: handle,
      request_id: actor.requestId,
    }),
  )
  await Promise.all(records)
}
