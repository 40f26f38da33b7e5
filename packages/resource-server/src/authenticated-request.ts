import type { HttpResponse } from '@holdfast/protocol/dispatch'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import type { Connection } from './connection.ts'
import type { DispatchCall, Gateway } from './dispatch.ts'
import { dispatchByName } from './dispatch-by-name.ts'
import { DispatchError } from './dispatch-error.ts'
import type { MissingScopes } from './scopes.ts'
import { type BodySchema, type TypedResponse, typedResponse } from './typed-response.ts'

/** Calls an upstream through the vault. */
export interface Dispatch {
  /**
   * @param connection - the granted connection or its name; undefined when the token grants only one
   * @returns whatever the upstream answered, also 4xx and 5xx
   * @throws DispatchError when the upstream did not answer
   */
  (connection: Connection | string | undefined, call: DispatchCall): Promise<HttpResponse>
  /**
   * The same with a schema for the body of a 2xx answer; `ok` tells the two kinds of answers apart.
   *
   * @throws DispatchError also `UNEXPECTED_RESPONSE` for a 2xx body that does not fit
   */
  <Body>(
    connection: Connection | string | undefined,
    call: DispatchCall & { readonly schema: BodySchema<Body> },
  ): Promise<TypedResponse<Body>>
}

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
  /**
   * Waits, for two minutes at most, until the user has made or repaired the connection for want of which
   * a dispatch failed; false when that did not happen. Without a `pollUrl` nobody can tell: false at once.
   */
  readonly untilConnected: (error: DispatchError, signal?: AbortSignal) => Promise<boolean>
  /** Which of the scopes the token does not cover, by the guard's hierarchy. */
  readonly missingScopes: (needed: readonly string[]) => readonly string[]
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
  resource: {
    readonly resource: string
    readonly metadataUrl: string
    readonly missingScopes: MissingScopes
  },
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
  const dispatch = async (
    connection: Connection | string | undefined,
    call: DispatchCall & { readonly schema?: BodySchema<unknown> },
  ): Promise<HttpResponse | TypedResponse<unknown>> => {
    if (gateway === undefined) {
      throw new DispatchError('NOT_CONFIGURED', 'protectedResource needs client for dispatch')
    }
    const name = typeof connection === 'object' ? connection.name : connection
    const subject = { token, hash: auth.hash }
    const response = await dispatchByName(gateway, subject, auth.connections, name, call)
    return call.schema === undefined ? response : typedResponse(response, call.schema)
  }
  const request = Object.freeze({
    auth,
    dispatch: dispatch as Dispatch,
    untilConnected: async ({ pollUrl }: DispatchError, signal?: AbortSignal) =>
      pollUrl !== undefined && gateway !== undefined && gateway.waitFor(pollUrl, signal),
    missingScopes: (needed: readonly string[]) => resource.missingScopes(auth.scopes, needed),
    authInfo,
  })
  requests.set(authInfo, request)
  return request
}
