import type * as oauth from 'oauth4webapi'
import type { Fetch } from '../http.ts'
import type { ClientIdentity } from './client-identity.ts'

/** What a grant is obtained with. */
export interface GrantRequest extends ClientIdentity {
  readonly server: oauth.AuthorizationServer
  readonly resource: string
  readonly scope: string | undefined
  /** Thumbprint of the key that the tokens will be bound to. */
  readonly dpopJkt: string | undefined
  readonly fetch: Fetch
  /** Part of every options object of oauth4webapi: sending, and the proof of the key. */
  readonly options: Pick<oauth.TokenEndpointRequestOptions, 'DPoP'>
}

/** One way to obtain tokens: an OAuth grant type with what precedes it. */
export interface Grant {
  /** Grant types to register for. */
  readonly grantTypes: readonly string[]
  /** Present when a person is sent to the authorization server and comes back here. */
  readonly redirectUri?: string | undefined
  /** Whether asking for `offline_access` makes sense. */
  readonly wantsRefresh: boolean
  readonly obtain: (request: GrantRequest) => Promise<oauth.TokenEndpointResponse>
}

/** The parameters that every token request of MCP carries. */
export const targetParameters = ({
  resource,
  scope,
}: Pick<GrantRequest, 'resource' | 'scope'>): Record<string, string> => ({
  resource,
  ...(scope !== undefined && { scope }),
})
