import { EnclaveError } from '@holdfast/protocol/channel'
import type { Connection, Storage } from '@holdfast/storage'
import type { BoundRecord } from '../enclave-client/client.ts'
import { ConnectionError } from './errors.ts'
import { recordContext } from './record-context.ts'

/** A connection's record with what it is bound to; `undefined` without a record. */
export const boundRecord = (connection: Connection): BoundRecord | undefined =>
  connection.record && { context: recordContext(connection), record: connection.record }

/**
 * The OAuth app that a connection is authorized with, ready for the enclave.
 *
 * @throws EnclaveError `NEEDS_RECONNECT` when the app is gone
 */
export async function appOf(
  connections: Pick<Storage['connections'], 'find'>,
  { appHandle }: Pick<Connection, 'appHandle'>,
): Promise<BoundRecord | undefined> {
  if (appHandle === undefined) return undefined
  const app = await connections.find(appHandle)
  const bound = app?.purpose === 'oauth_app' ? boundRecord(app) : undefined
  if (bound) return bound
  throw new EnclaveError('NEEDS_RECONNECT', 'the OAuth app of this connection was revoked')
}

/** A usable OAuth app. @throws ConnectionError `OAUTH_APP_NOT_FOUND` */
export async function requireApp(
  connections: Pick<Storage['connections'], 'find'>,
  handle: string,
): Promise<Connection & { readonly record: Uint8Array }> {
  const app = await connections.find(handle)
  if (app?.purpose === 'oauth_app' && app.status === 'active' && app.record) {
    return { ...app, record: app.record }
  }
  throw new ConnectionError('OAUTH_APP_NOT_FOUND', 'there is no OAuth app with this handle')
}
