import type { HttpResponse } from '@holdfast/protocol/dispatch'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import { resolveConnection } from './connection-name.ts'
import type { DispatchCall, Gateway } from './dispatch.ts'
import { DispatchError } from './dispatch-error.ts'

/**
 * Calls an upstream through the vault.
 *
 * @param connection - the granted connection's name; leave out when the token grants only one
 * @returns whatever the upstream answered, also 4xx and 5xx
 * @throws DispatchError when the upstream did not answer
 */
export type Dispatch = (connection: string | undefined, call: DispatchCall) => Promise<HttpResponse>

/** What the official MCP SDKs, v1 and v2, carry from the HTTP layer to a handler. */
export interface AuthInfo {
  /** Always empty: handlers have no use for the token, and a leaked one would be. */
  readonly token: string
  readonly clientId: string
  scopes: string[]
  readonly expiresAt: number
  readonly resource: URL
  readonly resourceMetadataUrl: string
  readonly extra: Record<string, unknown>
}

/** A request whose token was checked. */
export interface AuthenticatedRequest {
  readonly auth: VerifiedAccessToken
  readonly dispatch: Dispatch
  /** The same for the official MCP SDKs: pass it as `authInfo`. */
  readonly authInfo: AuthInfo
}

// Keyed by identity, so that nothing but a checked request can ever be taken for one.
const requests = new WeakMap<object, AuthenticatedRequest>()

/** The checked request that an SDK's `authInfo` belongs to; undefined for any other value. */
export function requestOfAuthInfo(authInfo: unknown): AuthenticatedRequest | undefined {
  return typeof authInfo === 'object' && authInfo !== null ? requests.get(authInfo) : undefined
}

/** Puts together what an application sees of a checked request. */
export function createAuthenticatedRequest(
  auth: VerifiedAccessToken,
  token: string,
  gateway: Gateway | undefined,
  resource: { readonly resource: string; readonly metadataUrl: string },
): AuthenticatedRequest {
  const authInfo: AuthInfo = {
    token: '',
    clientId: auth.clientId,
    scopes: [...auth.scopes],
    expiresAt: auth.expiresAt,
    resource: new URL(resource.resource),
    resourceMetadataUrl: resource.metadataUrl,
    extra: { subject: auth.subject },
  }
  const dispatch: Dispatch = async (connection, call) => {
    if (gateway === undefined) {
      throw new DispatchError('NOT_CONFIGURED', 'protectedResource needs client for dispatch')
    }
    const handle = resolveConnection(auth.connections, connection)
    return gateway({ token, hash: auth.hash }, handle, call)
  }
  const request = Object.freeze({ auth, dispatch, authInfo })
  requests.set(authInfo, request)
  return request
}
