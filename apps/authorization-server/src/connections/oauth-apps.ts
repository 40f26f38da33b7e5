import { denyAllPolicy, isConnectionHandle } from '@holdfast/protocol'
import type { ConnectionInfo } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { ConnectionError } from './errors.ts'
import type { Actor, ConnectionParts } from './parts.ts'
import { type OpenUpload, reserveConnection } from './reserve.ts'

/** What an OAuth app will be, before its client is sealed. */
export interface AppReservation {
  readonly provider: string
  readonly label?: string | undefined
  readonly baseUrl: string
}

/** Reserves a handle for an OAuth client. @throws ConnectionError `INVALID_BASE_URL` */
export const reserveOAuthApp = (
  parts: ConnectionParts,
  actor: Actor,
  reservation: AppReservation,
): Promise<OpenUpload> =>
  reserveConnection(parts, actor, { ...reservation, policy: denyAllPolicy, purpose: 'oauth_app' })

/**
 * Revokes an OAuth app; a second time changes nothing. One that connections still use stays: without it
 * nobody could renew or end their tokens.
 *
 * @throws ConnectionError `OAUTH_APP_NOT_FOUND`, `OAUTH_APP_IN_USE`
 */
export async function revokeOAuthApp(
  { storage }: ConnectionParts,
  actor: Actor,
  handle: string,
): Promise<ConnectionInfo> {
  const { connections } = storage
  const app = isConnectionHandle(handle) ? await connections.find(handle) : undefined
  if (app?.purpose !== 'oauth_app') {
    throw new ConnectionError('OAUTH_APP_NOT_FOUND', 'there is no OAuth app with this handle')
  }
  if (app.status === 'revoked') return app
  const users = await connections.countOfApp(handle)
  if (users > 0) {
    throw new ConnectionError('OAUTH_APP_IN_USE', `${users} connections are made with this app`)
  }
  const revoked = await connections.revoke(handle)
  await recordEvent(storage.audit, {
    type: 'oauth_app.revoked',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
  })
  return revoked
}
