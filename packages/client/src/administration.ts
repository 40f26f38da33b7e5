import type { ConnectionDetail } from '@holdfast/protocol'
import type { Api } from './api.ts'
import { all, segment } from './paging.ts'

/** A list that can be read, added to and taken from. */
export interface Collection<View, New, Created> {
  readonly list: () => Promise<readonly View[]>
  readonly create: (entry: New) => Promise<Created>
  /** Takes effect with the next request of whoever used it. */
  readonly revoke: (id: string) => Promise<View>
}

/** A registered OAuth client. */
export interface ClientView {
  readonly client_id: string
  readonly client_name: string | null
  readonly source: 'builtin' | 'manual' | 'dynamic'
  readonly redirect_uris: readonly string[]
  readonly grant_types: readonly string[]
  readonly token_endpoint_auth_method: string
  readonly jwks_uri: string | null
  readonly require_pushed_authorization_requests: boolean
  readonly dpop_bound_access_tokens: boolean
  readonly resource: string | null
  /** Resources that it may ask for as itself; null = every registered one. */
  readonly resources: readonly string[] | null
  readonly created_at: string
  readonly revoked_at: string | null
}

/** An OAuth client to register, with the names of RFC 7591. */
export interface NewClient {
  readonly client_name: string
  readonly redirect_uris?: readonly string[]
  /** Default: authorization code and refresh. */
  readonly grant_types?: readonly string[]
  /** Default `none`: a public client. */
  readonly token_endpoint_auth_method?:
    | 'none'
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'self_signed_tls_client_auth'
    | 'tls_client_auth'
  /** Public keys of `private_key_jwt` or `self_signed_tls_client_auth`, or the URL where they are. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  readonly jwks_uri?: string
  /** Subject of the certificate of `tls_client_auth`. */
  readonly tls_client_auth_subject_dn?: string
  readonly tls_client_auth_san_dns?: string
  /** Take only requests that were pushed (RFC 9126). */
  readonly require_pushed_authorization_requests?: boolean
  /** Issue only DPoP-bound tokens to it. */
  readonly dpop_bound_access_tokens?: boolean
  /** Resources that it may ask for as itself; default every registered one. */
  readonly resources?: readonly string[]
}

/** A client with its secret, which cannot be read again; null for a public client. */
export interface RegisteredClient {
  readonly client: ClientView
  readonly client_secret: string | null
}

/** A scope as people read it. */
export interface ScopeDescription {
  readonly name: string
  readonly description: string
  readonly optional?: boolean
}

/** A connection that a resource needs. */
export interface NeededConnection {
  readonly name: string
  readonly provider: string
  readonly description: string
  readonly optional?: boolean
}

/** A registered resource (MCP server); its URI is its identifier. */
export interface ResourceView {
  readonly resource: string
  readonly display_name: string
  readonly aliases: readonly string[]
  readonly scopes: readonly ScopeDescription[]
  readonly connections: readonly NeededConnection[]
  readonly dpop: 'off' | 'preferred' | 'required'
  readonly dpop_nonce: boolean
  readonly client_id: string | null
  readonly deployment_id: string | null
  readonly created_at: string
}

/** A resource to register. */
export interface NewResource {
  readonly resource: string
  readonly display_name: string
  readonly aliases?: readonly string[]
  /** Default: one scope for all tools. */
  readonly scopes?: readonly ScopeDescription[]
  readonly connections?: readonly NeededConnection[]
  /** Default `preferred`. */
  readonly dpop?: 'off' | 'preferred' | 'required'
  /** Proofs for its tokens must carry a nonce of the server. Default false. */
  readonly dpop_nonce?: boolean
  /** Resources that its server may call with its callers' tokens, exchanged. */
  readonly calls?: readonly string[]
  /** Also accept dispatches of a Dedalus runner. Default false. */
  readonly deployment?: boolean
}

/** What to change of a resource; what is left out stays. */
export type ResourceChanges = Partial<Omit<NewResource, 'resource' | 'deployment'>>

/** Resources that can also be changed. */
export interface Resources extends Collection<ResourceView, NewResource, RegisteredResource> {
  /** Takes effect with the next token. */
  readonly update: (uri: string, changes: ResourceChanges) => Promise<ResourceView>
}

/** A resource with the secrets of its own client and deployment, which cannot be read again. */
export interface RegisteredResource {
  readonly resource: ResourceView
  readonly client: { readonly id: string; readonly secret: string }
  readonly deployment: { readonly id: string; readonly secret: string } | null
}

/** A person who may sign in. */
export interface UserView {
  readonly id: string
  readonly email: string
  readonly role: 'admin' | 'member'
  readonly status: 'active' | 'disabled'
  readonly created_at: string
}

/** A user to invite. */
export interface NewUser {
  /** Without it the link is for whoever has it. */
  readonly email?: string
  /** Default `member`. */
  readonly role?: 'admin' | 'member'
}

/** An invitation with its one-time link, which cannot be read again. */
export interface Invitation {
  readonly id: string
  readonly email: string | null
  readonly role: 'admin' | 'member'
  readonly expires_at: string
  readonly url: string
}

/** What a user allowed a client. */
export interface GrantView {
  readonly id: string
  readonly client_id: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly connections: Readonly<Record<string, string>>
  /** What it may do with them, when the client asked in detail. */
  readonly authorization_details: readonly ConnectionDetail[] | null
  readonly created_at: string
  readonly revoked_at: string | null
}

/** The resources of the management API. */
export const resourcesApi = (api: Api): Resources => ({
  ...collection(api, '/v1/resources'),
  update: (uri, changes) =>
    api({ method: 'PATCH', path: `/v1/resources/${segment(uri)}`, body: changes }),
})

/** A collection of the management API at a path. */
export function collection<View, New, Created>(
  api: Api,
  path: string,
): Collection<View, New, Created> {
  return {
    list: () => all(api, path),
    create: (entry) => api({ method: 'POST', path, body: entry }),
    revoke: (id) => api({ method: 'DELETE', path: `${path}/${segment(id)}` }),
  }
}
