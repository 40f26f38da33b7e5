import {
  type ConnectionPolicy,
  formatConnectionHandle,
  parseBaseUrl,
  ProtocolError,
  type UpstreamOrigin,
} from '@holdfast/protocol'
import {
  type ConnectionInfo,
  type ConnectionPurpose,
  newUlid,
  type UploadNonce,
} from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { requireApp } from './bound-record.ts'
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
  /** Default `credential`. */
  readonly purpose?: ConnectionPurpose
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
    purpose: reservation.purpose,
  })
  const isApp = reservation.purpose === 'oauth_app'
  await record(
    storage,
    actor,
    isApp ? 'oauth_app.reserved' : 'connection.reserved',
    connection.handle,
  )
  return { connection, upload }
}

/** A connection that gets its credential by a sign-in at the provider. */
export interface OAuthReservation extends Omit<Reservation, 'baseUrl' | 'provider' | 'purpose'> {
  /** Handle of the OAuth app, which says provider and hosts. */
  readonly appHandle: string
}

/**
 * Reserves a handle for a connection that is authorized with an OAuth app. Nobody uploads anything.
 *
 * @throws ConnectionError `OAUTH_APP_NOT_FOUND`
 */
export async function reserveOAuthConnection(
  { storage, clock }: ConnectionParts,
  actor: Actor,
  { appHandle, name, label, policy }: OAuthReservation,
): Promise<ConnectionInfo> {
  const app = await requireApp(storage.connections, appHandle)
  const connection = await storage.connections.reserve({
    handle: formatConnectionHandle(newUlid(clock()), app.provider),
    owner: actor.sub,
    provider: app.provider,
    name,
    label,
    baseUrl: app.baseUrl,
    allowedHosts: app.allowedHosts,
    policy: policyJson(await canonicalPolicy(storage.resources, policy)),
    appHandle,
  })
  await record(storage, actor, 'connection.reserved', connection.handle)
  return connection
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
  type: 'connection.reserved' | 'oauth_app.reserved' | 'connection.upload_opened',
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
