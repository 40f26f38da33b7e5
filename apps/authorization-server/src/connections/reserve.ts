import {
  type ConnectionPolicy,
  formatConnectionHandle,
  parseBaseUrl,
  ProtocolError,
  type UpstreamOrigin,
} from '@holdfast/protocol'
import { type ConnectionInfo, newUlid, type UploadNonce } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { ConnectionError } from './errors.ts'
import { findOwned } from './find-owned.ts'
import type { Actor, ConnectionParts } from './parts.ts'
import { canonicalPolicy, policyJson } from './policy.ts'
import { newUploadNonce } from './upload-nonce.ts'

/** What a connection will be, before it has a credential. */
export interface Reservation {
  /** Provider's catalog name. */
  readonly provider: string
  /** Name under which a resource asks for it. */
  readonly name?: string | undefined
  readonly label?: string | undefined
  readonly baseUrl: string
  readonly policy: ConnectionPolicy
}

/** A connection with an open upload; the nonce cannot be read again. */
export interface OpenUpload {
  readonly connection: ConnectionInfo
  readonly upload: UploadNonce
}

/**
 * Reserves a handle, so that a credential can be sealed to it.
 *
 * @throws ConnectionError `INVALID_BASE_URL`
 */
export async function reserveConnection(
  { storage, clock }: ConnectionParts,
  actor: Actor,
  reservation: Reservation,
): Promise<OpenUpload> {
  const origin = parseOrigin(reservation.baseUrl)
  const policy = await canonicalPolicy(storage.resources, reservation.policy)
  const upload = newUploadNonce(clock())
  const connection = await storage.connections.reserve({
    handle: formatConnectionHandle(newUlid(clock()), reservation.provider),
    owner: actor.sub,
    provider: reservation.provider,
    name: reservation.name,
    label: reservation.label,
    baseUrl: `https://${origin.authority}${origin.basePath}`,
    allowedHosts: [origin.authority],
    policy: policyJson(policy),
    upload,
  })
  await record(storage, actor, 'connection.reserved', connection.handle)
  return { connection, upload }
}

/**
 * Opens a new upload for a connection that has a credential; the old one stays in use until then.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`, `CONNECTION_REVOKED`
 */
export async function reopenUpload(
  parts: ConnectionParts,
  actor: Actor,
  handle: string,
): Promise<OpenUpload> {
  const { storage, clock } = parts
  if ((await findOwned(parts, actor, handle)).status === 'revoked') {
    throw new ConnectionError('CONNECTION_REVOKED', 'this connection was revoked for good')
  }
  const upload = newUploadNonce(clock())
  await storage.connections.openUpload(handle, upload)
  await record(storage, actor, 'connection.upload_opened', handle)
  return { connection: await findOwned(parts, actor, handle), upload }
}

function parseOrigin(baseUrl: string): UpstreamOrigin {
  try {
    return parseBaseUrl(baseUrl)
  } catch (error) {
    if (error instanceof ProtocolError) {
      throw new ConnectionError('INVALID_BASE_URL', error.message, { cause: error })
    }
    throw error
  }
}

const record = (
  storage: ConnectionParts['storage'],
  actor: Actor,
  type: 'connection.reserved' | 'connection.upload_opened',
  handle: string,
) =>
  recordEvent(storage.audit, {
    type,
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
  })
