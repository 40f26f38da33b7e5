import { randomBytes } from 'node:crypto'
import { recordEvent } from '../audit/recorder.ts'
import { boundRecord, requireApp } from '../connections/bound-record.ts'
import { ConnectionError } from '../connections/errors.ts'
import { findOwned } from '../connections/find-owned.ts'
import type { Actor } from '../connections/parts.ts'
import { recordContext } from '../connections/record-context.ts'
import type { AppContext } from '../context.ts'

/** Where the provider sends the browser back to. */
export const callbackPath = '/oauth/callback'

/** Where a person starts. */
export const connectPath = '/oauth/connect'

/** How long a person may take at the provider. */
const pendingMs = 600_000

/** A link for the owner's browser. */
export interface AuthorizationLink {
  readonly url: string
  readonly expiresAtMs: number
  /** Names the sign-in in the link. */
  readonly ticket: string
  /** The provider's page. */
  readonly providerUrl: string
}

/**
 * Begins to authorize a connection at its provider, for the first time or anew. The link works only in a
 * browser where the owner is, or signs, in.
 *
 * @param connectTicket - the page to which it leads back
 * @throws ConnectionError `CONNECTION_NOT_FOUND`, `CONNECTION_REVOKED`, `NOT_AN_OAUTH_CONNECTION`,
 *   `OAUTH_APP_NOT_FOUND`
 * @throws EnclaveError `ENCLAVE_UNAVAILABLE`, `HOST_NOT_ALLOWED`, `DECRYPTION_FAILED`
 */
export async function beginAuthorization(
  { storage, enclave, config, clock }: Pick<AppContext, 'storage' | 'enclave' | 'config' | 'clock'>,
  actor: Actor,
  handle: string,
  scopes: readonly string[] | undefined,
  connectTicket?: string,
): Promise<AuthorizationLink> {
  const connection = await findOwned({ storage }, actor, handle)
  if (connection.status === 'revoked') {
    throw new ConnectionError('CONNECTION_REVOKED', 'this connection was revoked for good')
  }
  if (connection.appHandle === undefined) {
    throw new ConnectionError(
      'NOT_AN_OAUTH_CONNECTION',
      'this connection has no OAuth app; upload its credential instead',
    )
  }
  const app = await requireApp(storage.connections, connection.appHandle)
  const { result, pending } = await enclave.beginAuthorization(
    {
      context: recordContext(connection, connection.recordVersion + 1),
      redirect_uri: `${config.issuer}${callbackPath}`,
      ...(scopes && { scopes }),
    },
    boundRecord(app)!,
  )
  const ticket = randomBytes(32).toString('base64url')
  const expiresAtMs = clock() + pendingMs
  await storage.pendingAuthorizations.add({
    ticket,
    state: result.state,
    handle,
    owner: actor.sub,
    appHandle: app.handle,
    url: result.authorization_url,
    pending,
    expiresAtMs,
    connectTicket,
  })
  await recordEvent(storage.audit, {
    type: 'connection.authorization_begun',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
    detail: { app: app.handle },
  })
  return {
    url: `${config.issuer}${connectPath}?ticket=${ticket}`,
    expiresAtMs,
    ticket,
    providerUrl: result.authorization_url,
  }
}
