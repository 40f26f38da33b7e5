import { importDpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { discover } from './discovery.ts'
import { ClientError } from './errors.ts'
import { keepTokens, type LoginParts, startSession } from './login.ts'
import type { DetailedRequest } from './oauth/authorization-details.ts'
import { type DevicePrompt, deviceGrant } from './oauth/device.ts'
import { asGrantError } from './oauth/token-request.ts'
import { defaultScopes, type ResourceName, resourceUri } from './resource-names.ts'
import type { StoredTokens } from './session.ts'

/** How to sign in with a browser on another device. */
export interface DeviceLoginOptions extends DetailedRequest {
  /** What the tokens are for. Default `management`. */
  readonly resource?: ResourceName
  /** Default: everything that the resource offers. */
  readonly scopes?: readonly string[]
  /** Shows the person where to go and what to enter. */
  readonly onPrompt: (prompt: DevicePrompt) => void | Promise<void>
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

/**
 * Signs in by the device flow; the tokens are bound to this device's DPoP key.
 *
 * @throws ClientError `LOGIN_FAILED`, `FORBIDDEN`, `ISSUER_MISMATCH`, `SERVER_UNREACHABLE`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628}
 */
export async function loginWithDevice(
  parts: LoginParts,
  options: DeviceLoginOptions,
): Promise<StoredTokens> {
  const { issuer, clientId, fetch } = parts
  const name = options.resource ?? 'management'
  const resource = resourceUri(issuer, name)
  const server = await discover(issuer, fetch)
  if (server.device_authorization_endpoint === undefined) {
    throw new ClientError('LOGIN_FAILED', 'this server offers no sign-in by another device', {
      fix: 'sign in with a browser, or paste the address to which it leads',
    })
  }
  const session = await startSession(parts)
  const client: oauth.Client = { client_id: clientId }
  const key = await importDpopKey(session.dpopKey)
  try {
    const tokens = await deviceGrant(
      {
        server,
        client,
        authentication: oauth.None(),
        resource,
        scope: (options.scopes ?? defaultScopes[name]).join(' '),
        dpopJkt: key.jkt,
        fetch,
        options: { DPoP: oauth.DPoP(client, key) },
      },
      options,
    )
    return await keepTokens(parts, session, resource, tokens)
  } catch (error) {
    throw asGrantError(error)
  }
}
