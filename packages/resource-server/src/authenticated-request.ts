import type { ConnectionHandle } from '@holdfast/protocol'
import type { HttpResponse } from '@holdfast/protocol/dispatch'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import type { Connection } from './connection.ts'
import { resolveConnection } from './connection-name.ts'
import type { DispatchCall, Gateway } from './dispatch.ts'
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

/** A granted handle, or an error that says where to make the connection. */
async function resolveOrAsk(
  connections: VerifiedAccessToken['connections'],
  name: string | undefined,
  connectUrl: () => Promise<string | undefined>,
): Promise<ConnectionHandle> {
  try {
    return resolveConnection(connections, name)
  } catch (error) {
    const isMissing = error instanceof DispatchError && error.code !== 'CONNECTION_AMBIGUOUS'
    if (!isMissing) throw error
    throw new DispatchError(error.code, error.message, { connectUrl: await connectUrl() })
  }
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
    const handle = await resolveOrAsk(auth.connections, name, () =>
      gateway.connectUrl(subject, name),
    )
    const response = await gateway.dispatch(subject, handle, call)
    return call.schema === undefined ? response : typedResponse(response, call.schema)
  }
  const request = Object.freeze({
    auth,
    dispatch: dispatch as Dispatch,
    missingScopes: (needed: readonly string[]) => resource.missingScopes(auth.scopes, needed),
    authInfo,
  })
  requests.set(authInfo, request)
  return request
}
