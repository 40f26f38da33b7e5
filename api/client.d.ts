// The public surface of @holdfast/client. Written by scripts/packages/api-report.mjs.
// . is index.d.ts
// ./node is node/index.d.ts
// ./mcp is mcp.d.ts

// ── access.d.ts
import { type LoginParts } from './login.ts'
import { type ResourceName } from './resource-names.ts'
import type { Session, StoredTokens } from './session.ts'
/** Valid access tokens by resource. */
export interface Access {
  /**
   * A token that is valid now, refreshed if need be: once at a time here, once at a time among all
   * processes that share the store.
   *
   * @param rejected - a token that the server refused although it looked valid
   * @throws ClientError `NOT_SIGNED_IN`, `SESSION_EXPIRED`
   */
  readonly tokenFor: (
    resource: ResourceName,
    rejected?: string,
  ) => Promise<{
    readonly session: Session
    readonly tokens: StoredTokens
  }>
}
export declare function createAccess(parts: LoginParts): Access

// ── administration.d.ts
import type { ConnectionDetail } from '@holdfast/protocol'
import type { Api } from './api.ts'
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
  readonly jwks?: {
    readonly keys: readonly Readonly<Record<string, unknown>>[]
  }
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
  readonly client: {
    readonly id: string
    readonly secret: string
  }
  readonly deployment: {
    readonly id: string
    readonly secret: string
  } | null
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
export declare const resourcesApi: (api: Api) => Resources
/** A collection of the management API at a path. */
export declare function collection<View, New, Created>(
  api: Api,
  path: string,
): Collection<View, New, Created>

// ── api-keys.d.ts
import type { Collection } from './administration.ts'
/** A key with which programs act for its owner, without the key. */
export interface ApiKeyView {
  readonly id: string
  readonly environment: 'live' | 'test'
  readonly label: string | null
  /** Null: every registered one. */
  readonly resources: readonly string[] | null
  /** Null: every scope of those resources. */
  readonly scopes: readonly string[] | null
  /** Name → handle; null: every connection of the owner. */
  readonly connections: Readonly<Record<string, string>> | null
  readonly created_at: string
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}
/** A key to make. */
export interface NewApiKey {
  /** Default `live`. */
  readonly environment?: 'live' | 'test'
  readonly label?: string
  readonly resources?: readonly string[]
  readonly scopes?: readonly string[]
  readonly connections?: Readonly<Record<string, string>>
  /** Seconds; default 90 days; null = until it is revoked. */
  readonly expires_in?: number | null
}
/** API keys of the caller. The key itself is part of the answer to `create` alone. */
export type ApiKeys = Collection<
  ApiKeyView,
  NewApiKey,
  {
    readonly properties: ApiKeyView
    readonly key: string
  }
>

// ── api.d.ts
import type { Access } from './access.ts'
import { type Fetch } from './http.ts'
import type { ResourceName } from './resource-names.ts'
import { type TimeLimit } from './time-limit.ts'
/** One call of the server's API. */
interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query below the issuer. */
  readonly path: string
  /** JSON body. */
  readonly body?: unknown
  /** Which token to use. Default `management`. */
  readonly resource?: ResourceName
  /** How long the server may wait for an upstream before it answers. Default 0: it calls none. */
  readonly upstreamMs?: number
}
/** Calls the server with a DPoP-bound token; answers the parsed JSON body. */
export type Api = <T>(request: ApiRequest) => Promise<T>
/** The longest that a server waits for an upstream: for calls that do not say how long it may. */
export declare const longestUpstreamMs = 300000
/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7} */
export declare function createApi(
  issuer: string,
  access: Access,
  unlimited: Fetch,
  limit: TimeLimit,
): Api
export {}

// ── audit.d.ts
import type { AuditPoint, AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'
import type { Api } from './api.ts'
/** The newest heads of the log. */
export interface AuditHead {
  /** Where the log stands now. */
  readonly latest: AuditPoint
  /** The newest head that the server stores; null before the first. */
  readonly stored: SignedAuditHead | null
  /** What the enclave remembers by itself; null also while it is away. */
  readonly enclave: SignedAuditHead | null
}
/** The record of what happened, for administrators and everybody's own part of it. */
export interface Audit {
  readonly list: (range?: {
    /** Only records behind this one. */
    readonly after?: number
    /** 1 to 200. */
    readonly limit?: number
  }) => Promise<readonly AuditRecord[]>
  /** The whole log, in stored order. */
  readonly records: () => AsyncIterable<AuditRecord>
  /** Every head that the server stores, oldest first. */
  readonly heads: () => Promise<readonly SignedAuditHead[]>
  readonly head: () => Promise<AuditHead>
}
export declare function auditApi(api: Api): Audit

// ── client-administration.d.ts
import type { Collection } from './administration.ts'
import type { Api } from './api.ts'
/** Everything that is known of one client, registered or described by a document. */
export interface ClientDetail {
  readonly client_id: string
  readonly source: 'builtin' | 'manual' | 'dynamic' | 'document'
  readonly metadata: Readonly<Record<string, unknown>>
  readonly host: string | null
  readonly host_decision: 'waiting' | 'approved' | 'denied' | null
  readonly document_from: 'pinned' | 'fetched' | 'stale' | 'bundled' | null
  readonly fetched_at: string | null
  readonly fresh_until: string | null
  readonly problem: string | null
  readonly active_grants: number
  readonly created_at: string | null
  readonly revoked_at: string | null
}
/** A client document that the server remembers. */
export interface ClientDocumentView {
  readonly client_id: string
  readonly host: string
  readonly client_name: string | null
  readonly fetched_at: string | null
  readonly fresh_until: string
  readonly problem: string | null
}
/** A host whose documents name clients, and what was decided about it. */
export interface ClientHostView {
  readonly host: string
  readonly decision: 'waiting' | 'approved' | 'denied'
  readonly client_id: string | null
  readonly first_seen_at: string
  readonly decided_by: string | null
  readonly decided_at: string | null
}
/** A document that an administrator put in place of what its host says. */
export interface ClientPin {
  readonly client_id: string
  readonly host: string
  readonly document: Readonly<Record<string, unknown>>
  readonly pinned_by: string
  readonly pinned_at: string
}
/** The documents of well-known clients that come with the server. */
export interface BundledDocuments {
  readonly enabled: boolean
  readonly documents: readonly {
    readonly client_id: string
    readonly name: string
    readonly as_of: string
    readonly source: string
    readonly document: Readonly<Record<string, unknown>>
  }[]
}
/** An initial access token (RFC 7591), without the token. */
export interface RegistrationTokenView {
  readonly id: string
  readonly label: string | null
  readonly uses_left: number | null
  readonly created_at: string
  readonly expires_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}
/** An initial access token to make. */
export interface NewRegistrationToken {
  readonly label?: string
  /** Default: as many as the time allows. */
  readonly uses?: number
  /** Seconds; default seven days. */
  readonly expires_in?: number
}
/** Whose documents are believed, and which are pinned. For administrators. */
export interface ClientDocumentAdministration {
  readonly show: (clientId: string) => Promise<ClientDetail>
  readonly listDocuments: () => Promise<readonly ClientDocumentView[]>
  readonly listHosts: () => Promise<readonly ClientHostView[]>
  readonly decideHost: (host: string, decision: 'approved' | 'denied') => Promise<ClientHostView>
  /** Forgets what was decided about a host, or that it waits. */
  readonly forgetHost: (host: string) => Promise<{
    readonly host: string
  }>
  readonly listPins: () => Promise<readonly ClientPin[]>
  /** Pins a document, or what the server now finds under a URL. */
  readonly pin: (
    what:
      | {
          readonly document: unknown
        }
      | {
          readonly client_id: string
        },
  ) => Promise<ClientPin>
  readonly unpin: (clientId: string) => Promise<{
    readonly client_id: string
  }>
  readonly listBundled: () => Promise<BundledDocuments>
}
/** The part of the management API that decides which clients are known. */
export declare function clientDocumentAdministration(api: Api): ClientDocumentAdministration
/** Initial access tokens. */
export type RegistrationTokens = Collection<
  RegistrationTokenView,
  NewRegistrationToken,
  {
    readonly registration: RegistrationTokenView
    readonly token: string
  }
>

// ── client.d.ts
import type { KeyRotation, SigningAlgorithm } from './key-rotation.ts'
import {
  type ClientView,
  type Collection,
  type GrantView,
  type Invitation,
  type NewClient,
  type NewUser,
  type RegisteredClient,
  type Resources,
  type UserView,
} from './administration.ts'
import type { ApiKeys } from './api-keys.ts'
import { type Audit } from './audit.ts'
import {
  type ClientDocumentAdministration,
  type RegistrationTokens,
} from './client-administration.ts'
import { type Connections } from './connections.ts'
import { type ConnectTickets } from './connect-tickets.ts'
import type { Issuers } from './issuers.ts'
import { type OAuthApps } from './oauth-apps.ts'
import { type DeviceLoginOptions } from './device-login.ts'
import { type Dispatch } from './dispatch.ts'
import { type Fetch } from './http.ts'
import { type LoginOptions } from './login.ts'
import type { ResourceName } from './resource-names.ts'
import { type TrustedSealingKey } from './sealing-keys.ts'
import type { StoredTokens, TokenStore } from './session.ts'
import { type SigningKeys } from './signing-keys.ts'
/** What a client is made of. */
export interface ClientOptions {
  /** The server's issuer URL, without a trailing slash. */
  readonly issuer: string
  /** Where tokens, the DPoP key and the enclave's pinned identity are kept. */
  readonly tokenStore: TokenStore
  /** The public client to sign in as. Default `holdfast-cli`, which every server knows. */
  readonly clientId?: string
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /**
   * How long one request may take: discovery, tokens, revocation, connections and all else. One for which
   * the server calls an upstream gets that time on top. Default 30000.
   */
  readonly requestTimeoutMs?: number
}
/** A signed-in (or not yet signed-in) caller of one server. */
export interface Client {
  readonly login: (options: LoginOptions) => Promise<StoredTokens>
  /** Signs in with a browser on another device. */
  readonly loginWithDevice: (options: DeviceLoginOptions) => Promise<StoredTokens>
  /** Revokes the tokens at the server, if it answers, and forgets them here. The pin stays. */
  readonly logout: () => Promise<void>
  /** A token that is valid now. @throws ClientError `NOT_SIGNED_IN`, `SESSION_EXPIRED` */
  readonly token: (resource: ResourceName) => Promise<StoredTokens>
  readonly connections: Connections
  /** OAuth clients at providers, and sign-ins with them. */
  readonly oauthApps: OAuthApps
  readonly connectTickets: ConnectTickets
  /** Keys with which programs act for the caller. */
  readonly apiKeys: ApiKeys
  readonly issuers: Issuers
  readonly clients: Collection<ClientView, NewClient, RegisteredClient>
  /** Clients that are described by a document on the web. */
  readonly clientDocuments: ClientDocumentAdministration
  readonly registrationTokens: RegistrationTokens
  readonly resources: Resources
  readonly users: Collection<UserView, NewUser, Invitation>
  readonly grants: Omit<Collection<GrantView, never, never>, 'create'>
  readonly audit: Audit
  readonly keys: {
    /** The sealing key to use, verified; pins the enclave's identity on first use. */
    readonly sealing: () => Promise<TrustedSealingKey>
    /** The keys that sign access tokens; for administrators. @throws ClientError `FORBIDDEN` */
    readonly signing: () => Promise<SigningKeys>
    /** Forgets the pinned identity: the next use trusts what it finds. */
    readonly forgetPin: () => Promise<void>
    /** With another algorithm than the next signing key's, one of that algorithm is published and signs a minute later. */
    readonly rotate: (
      what: 'signing' | 'sealing',
      options?: {
        readonly alg?: SigningAlgorithm
      },
    ) => Promise<KeyRotation>
  }
  readonly status: () => Promise<unknown>
  readonly dispatch: Dispatch
}
/**
 * A client of a Holdfast server.
 *
 * @throws ClientError `PLAINTEXT_REFUSED` when the issuer is not https: there is no way to send a
 *   credential or a token in plain text
 * @example
 * ```ts
 * const client = createClient({ issuer: 'http://localhost:4444', tokenStore })
 * const { handle } = await client.connections.create({ provider: 'github', … })
 * await client.dispatch(handle, { method: 'GET', path: '/user' })
 * ```
 */
export declare function createClient(options: ClientOptions): Client

// ── connect-tickets.d.ts
import type { ConnectionPolicy } from '@holdfast/protocol'
import type { Api } from './api.ts'
/** What a connect link is for. */
export interface NewConnectTicket {
  /** Catalog name. Default: chosen on the page. */
  readonly provider?: string | undefined
  /** Name under which a resource asks for it. Default: the provider. */
  readonly name?: string | undefined
  readonly label?: string | undefined
  /** Default: chosen on the page. */
  readonly policy?: ConnectionPolicy | undefined
  /** An own connection that gets a new value; nothing else may be given then. */
  readonly handle?: string | undefined
}
/** A page on which its owner connects one account, within ten minutes. */
export interface ConnectTicketView {
  readonly id: string
  readonly connect_url: string
  readonly expires_at: string
  readonly status: 'pending' | 'connected' | 'expired'
  /** The connection, once it is connected. */
  readonly handle: string | null
  /** Null where the person chooses. */
  readonly provider: string | null
  readonly name: string | null
  /** The server that asked for it. */
  readonly resource: string | null
}
/** One-time links to the page on which a person adds or repairs a connection. */
export interface ConnectTickets {
  readonly create: (ticket: NewConnectTicket) => Promise<ConnectTicketView>
  readonly get: (id: string) => Promise<ConnectTicketView>
  /**
   * Uses a link up for a connection that there is already.
   *
   * @throws ClientError `USER_REQUIRED` for a link that a server asked for, unless signed in as `holdfast-cli`
   */
  readonly answer: (id: string, handle: string) => Promise<ConnectTicketView>
}
/** Links on which accounts are connected in a browser. */
export declare const connectTicketsApi: (api: Api) => ConnectTickets

// ── connections.d.ts
import {
  type ConnectionHandle,
  type ConnectionPolicy,
  type CredentialKind,
  type CredentialPins,
  type DispatchResponse,
} from '@holdfast/protocol'
import { type SealParts } from './seal-upload.ts'
import type { IdentityPin } from './session.ts'
/** A connection as the server describes it: never with its credential. */
export interface ConnectionView {
  readonly handle: string
  readonly provider: string
  readonly status: string
  readonly base_url: string
  readonly policy: ConnectionPolicy
  readonly label?: string | null
  readonly name?: string | null
  /** The account at the provider, once it was asked. */
  readonly account?: string | null
  readonly [field: string]: unknown
}
/** What the one harmless request that the server's catalog has for a provider said. */
export interface ConnectionIdentity {
  /**
   * `refused` when the provider does not take the credential, `forbidden` when it may only lack the
   * right to ask this, `unavailable` when the catalog has no such request for this connection.
   */
  readonly result: 'ok' | 'refused' | 'forbidden' | 'failed' | 'unavailable'
  /** The account, as the provider names it. */
  readonly account: string | null
  /** Status of the provider's answer. */
  readonly status: number | null
  /** Why there was no answer. */
  readonly code: string | null
  /** The same in words. */
  readonly reason: string | null
  readonly connection: ConnectionView
}
/** A new connection and the credential to seal into it. */
export interface NewConnection {
  /** Catalog name, such as `github`. */
  readonly provider: string
  /** Name under which a resource asks for it. Default: the provider. */
  readonly name?: string
  readonly label?: string
  /** `https://host[:port][/path]`: the only place that will ever receive the credential. */
  readonly baseUrl: string
  /** How the credential is injected. */
  readonly credential: CredentialKind
  /** Secret bytes by field name (see `credentialFields` of the protocol). Wipe them after the call. */
  readonly secrets: Readonly<Record<string, Uint8Array>>
  /** What it may be used for. Default: nothing, until `setPolicy`. */
  readonly policy?: ConnectionPolicy
  /** Limits that only a new sealing can change. Default: none. */
  readonly pins?: CredentialPins
}
/** A new value for a connection that stays what it is: its handle, its policy, its host. */
export type Rotation = Pick<NewConnection, 'provider' | 'baseUrl' | 'credential' | 'secrets'> & {
  /** Limits to seal in. Default: those that the connection shows. */
  readonly pins?: CredentialPins
}
/** What was sealed, to which enclave. */
export interface SealReceipt {
  readonly connection: ConnectionView
  readonly handle: ConnectionHandle
  /** The enclave identity that it was sealed to. */
  readonly pin: IdentityPin
  readonly firstUse: boolean
}
/** Connections of the person who is signed in. Their credentials are sealed here and never read back. */
export interface Connections {
  /**
   * Reserves a handle, seals the credential here and uploads the ciphertext. Plaintext never leaves
   * this process.
   *
   * @throws ClientError `INVALID_REQUEST` when the secrets are not bytes
   * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE` before anything is reserved
   * @throws ClientError `IDENTITY_CHANGED`, `BINDING_REFUSED` before anything is sealed
   */
  readonly create: (connection: NewConnection) => Promise<SealReceipt>
  readonly list: () => Promise<readonly ConnectionView[]>
  readonly get: (handle: string) => Promise<ConnectionView>
  readonly setPolicy: (handle: string, policy: ConnectionPolicy) => Promise<ConnectionView>
  /**
   * Seals a new credential for the same handle. The old one stays in use until the new one is stored.
   *
   * @throws ClientError `INVALID_REQUEST` when the secrets are not bytes
   * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE` before anything is asked
   * @throws ClientError `IDENTITY_CHANGED`, `BINDING_REFUSED` before anything is sealed
   */
  readonly rotate: (handle: string, rotation: Rotation) => Promise<SealReceipt>
  readonly setLabel: (handle: string, label: string) => Promise<ConnectionView>
  readonly pause: (handle: string) => Promise<ConnectionView>
  readonly resume: (handle: string) => Promise<ConnectionView>
  /** Makes a harmless call; by default `GET` of the base URL's path. */
  readonly test: (
    handle: string,
    request?: {
      readonly path?: string
      readonly method?: string
    },
  ) => Promise<DispatchResponse>
  /** Asks the provider which account it is; its policy need not allow that. */
  readonly identify: (handle: string) => Promise<ConnectionIdentity>
  /** For good: the stored ciphertext is deleted. */
  readonly revoke: (handle: string) => Promise<ConnectionView>
}
export declare function connectionsApi(parts: SealParts): Connections

// ── device-login.d.ts
import { type LoginParts } from './login.ts'
import type { DetailedRequest } from './oauth/authorization-details.ts'
import { type DevicePrompt } from './oauth/device.ts'
import { type ResourceName } from './resource-names.ts'
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
export declare function loginWithDevice(
  parts: LoginParts,
  options: DeviceLoginOptions,
): Promise<StoredTokens>

// ── dispatch.d.ts
import { type DispatchResponse, type HttpRequest } from '@holdfast/protocol'
import { type Api } from './api.ts'
/** Calls an upstream API through a connection, with a token of the dispatch resource. */
export type Dispatch = (handle: string, request: HttpRequest) => Promise<DispatchResponse>
export declare function createDispatch(api: Api): Dispatch

// ── errors.d.ts
/** Every way in which a call of this SDK can fail. */
export type ClientErrorCode =
  /** No session is stored: call `login`. */
  | 'NOT_SIGNED_IN'
  /** The session was revoked or has run out: call `login` again. */
  | 'SESSION_EXPIRED'
  | 'LOGIN_FAILED'
  /** The server does not accept the token. */
  | 'UNAUTHORIZED'
  /** A scope or a role is missing. */
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'INVALID_REQUEST'
  | 'RATE_LIMITED'
  /** The server failed, or answered what it must not. */
  | 'SERVER_ERROR'
  | 'SERVER_UNREACHABLE'
  /** A token or a credential would travel in plain text. */
  | 'PLAINTEXT_REFUSED'
  /** The protected server's metadata describe another resource. */
  | 'RESOURCE_MISMATCH'
  /** No way to be known to the authorization server: it takes neither of those that are configured. */
  | 'NOT_REGISTERED'
  /** The server's metadata name another issuer. */
  | 'ISSUER_MISMATCH'
  /** The enclave's identity is not the pinned one. */
  | 'IDENTITY_CHANGED'
  /** The server's answer would bind the credential to somebody or something else. */
  | 'BINDING_REFUSED'
/** One wrong field of a refused request. */
export interface FieldError {
  /** RFC 6901 pointer into the body, or the name of a query parameter. */
  readonly pointer: string
  readonly detail: string
}
/** A failure of a call. `message` never holds a secret. */
export declare class ClientError extends Error {
  readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** The server's own code, from its problem document. */
  readonly problem: string | undefined
  /** What to do about it, in one sentence. */
  readonly fix: string | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  /** The fields that the server refused. */
  readonly fields: readonly FieldError[]
  constructor(
    code: ClientErrorCode,
    message: string,
    options?: {
      readonly problem?: string | undefined
      readonly fix?: string | undefined
      readonly status?: number | undefined
      readonly requestId?: string | undefined
      readonly fields?: readonly FieldError[] | undefined
      readonly cause?: unknown
    },
  )
}

// ── http.d.ts
import { ClientError } from './errors.ts'
/** The part of the platform's `fetch` that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>
/** The platform's `fetch`, looked up at each call so that it may be replaced. */
export declare const platformFetch: Fetch
/**
 * Sends a request and turns the absence of an answer into a typed error; a caller that gives up gets his
 * own reason back. Redirects are never followed.
 */
export declare function send(fetch: Fetch, url: string, init: RequestInit): Promise<Response>
/** The error that a refusal by the server stands for: RFC 9457 problem documents and OAuth errors. */
export declare function errorOf(response: Response): Promise<ClientError>
/** The JSON object of an answer; empty when it is none. */
export declare function readJson(response: Response): Promise<Record<string, unknown>>

// ── index.d.ts
/**
 * An OAuth client for agents and apps, and the SDK of a Holdfast server: sign in, seal credentials,
 * manage connections, call by handle. Runs in browsers, Workers and Node; what needs Node alone is in
 * `@holdfast/client/node`, the official MCP client in `@holdfast/client/mcp`.
 *
 * @module
 */
export type {
  ClientView,
  Collection,
  GrantView,
  Invitation,
  NeededConnection,
  NewClient,
  NewResource,
  NewUser,
  RegisteredClient,
  RegisteredResource,
  ResourceChanges,
  Resources,
  ResourceView,
  ScopeDescription,
  UserView,
} from './administration.ts'
export type { ApiKeys, ApiKeyView, NewApiKey } from './api-keys.ts'
export type { Audit, AuditHead } from './audit.ts'
export type {
  BundledDocuments,
  ClientDetail,
  ClientDocumentAdministration,
  ClientDocumentView,
  ClientHostView,
  ClientPin,
  NewRegistrationToken,
  RegistrationTokens,
  RegistrationTokenView,
} from './client-administration.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export type {
  ConnectionIdentity,
  Connections,
  ConnectionView,
  NewConnection,
  Rotation,
  SealReceipt,
} from './connections.ts'
export type { ConnectTickets, ConnectTicketView, NewConnectTicket } from './connect-tickets.ts'
export type { DeviceLoginOptions } from './device-login.ts'
export type {
  AuthorizationLink,
  NewOAuthApp,
  NewOAuthConnection,
  OAuthApps,
  OAuthAppView,
} from './oauth-apps.ts'
export type { Dispatch } from './dispatch.ts'
export type { Issuers, IssuerSubject, IssuerTrust, IssuerView } from './issuers.ts'
export { ClientError, type ClientErrorCode, type FieldError } from './errors.ts'
export type { Fetch } from './http.ts'
export type { KeyRotation, SigningAlgorithm } from './key-rotation.ts'
export type { SigningKeys, SigningKeyView } from './signing-keys.ts'
export type { LoginOptions } from './login.ts'
export type { ConnectionDetail } from '@holdfast/protocol'
export type { Auth, AuthContext, PresentableToken, Refusal } from './oauth/auth.ts'
export type { DetailedRequest } from './oauth/authorization-details.ts'
export { AuthorizationCodeAuth, type AuthorizationCodeOptions } from './oauth/authorization-code.ts'
export {
  type AuthorizedFetch,
  authorizedFetch,
  type AuthorizedFetchOptions,
} from './oauth/authorized-fetch.ts'
export { ClientCredentialsAuth, type ClientCredentialsOptions } from './oauth/client-credentials.ts'
export type { StaticClient } from './oauth/client-identity.ts'
export { CrossAppAuth, type CrossAppOptions } from './oauth/cross-app.ts'
export { DeviceAuth, type DeviceOptions, type DevicePrompt } from './oauth/device.ts'
export type { GrantAuthOptions } from './oauth/grant-auth.ts'
export type { RegistrationOptions } from './oauth/registration.ts'
export type {
  ClientAuthMethod,
  OAuthState,
  StoredGrant,
  StoredRegistration,
} from './oauth/state.ts'
export { BearerAuth, DPoPAuth } from './oauth/static-auth.ts'
export { TokenExchangeAuth, type TokenExchangeOptions } from './oauth/token-exchange.ts'
export type { Supplied } from './oauth/token-types.ts'
export { WorkloadIdentityAuth, type WorkloadIdentityOptions } from './oauth/workload-identity.ts'
export type { ResourceName } from './resource-names.ts'
export type { TrustedSealingKey } from './sealing-keys.ts'
export {
  type IdentityPin,
  memoryTokenStore,
  type Session,
  type StoredTokens,
  type TokenStore,
} from './session.ts'
export { readClaims } from './token-claims.ts'

// ── issuers.d.ts
import type { Collection } from './administration.ts'
/** Whom the assertions of an issuer speak of; exactly one of the last three. */
export interface IssuerSubject {
  /** The `sub`, or its beginning and `*`. */
  readonly subject: string
  readonly claims?: Readonly<Record<string, string>>
  readonly user?: string
  /** Name of the claim that holds a user's e-mail address. */
  readonly user_by_email?: string
  readonly client?: true
}
/** What an issuer is trusted for. */
export interface IssuerTrust {
  readonly uses: readonly ('token-exchange' | 'workload' | 'id-jag')[]
  readonly jwks_uri?: string
  readonly jwks?: {
    readonly keys: readonly object[]
  }
  /** `aud` of tokens that are exchanged. */
  readonly audience?: string
  readonly subjects: readonly IssuerSubject[]
  readonly clients: readonly string[]
  readonly resources: readonly string[]
  readonly scopes?: readonly string[]
  /** Seconds; default 3600. */
  readonly max_lifetime?: number
  /** Default true. */
  readonly single_use?: boolean
}
/** Another server whose assertions are believed. */
export interface IssuerView {
  readonly id: string
  readonly issuer: string
  readonly trust: IssuerTrust
  readonly created_by: string
  readonly created_at: string
}
/** Other servers whose assertions are believed. For administrators. */
export type Issuers = Collection<IssuerView, Pick<IssuerView, 'issuer' | 'trust'>, IssuerView>

// ── key-rotation.d.ts
/** Algorithms that token signing keys can have. */
export type SigningAlgorithm = 'ES256' | 'EdDSA' | 'RS256'
/** What a rotation of keys has done. */
export interface KeyRotation {
  readonly what: 'signing' | 'sealing'
  /** Id of the key in use from now on. */
  readonly kid: string
  /** Of the signing key. */
  readonly alg?: SigningAlgorithm
  /** The published signing key that comes next. */
  readonly next_kid?: string
  /** When it signs by itself: verifiers get to know a key of another algorithm first. */
  readonly next_signs_from?: string
}

// ── login.d.ts
import * as oauth from 'oauth4webapi'
import type { Fetch } from './http.ts'
import { type DetailedRequest } from './oauth/authorization-details.ts'
import { type ResourceName } from './resource-names.ts'
import type { Session, StoredTokens, TokenStore } from './session.ts'
/** How to sign in. */
export interface LoginOptions extends DetailedRequest {
  /** What the tokens are for. Default `management`. */
  readonly resource?: ResourceName
  /** Default: everything that the resource offers; the server grants what the user may have. */
  readonly scopes?: readonly string[]
  /** A redirect URI of the client, such as `http://127.0.0.1:<port>/callback`. */
  readonly redirectUri: string
  /** Sends the user to the URL and resolves with the URL to which the server sent him back. */
  readonly authorize: (url: URL) => Promise<URL>
}
export interface LoginParts {
  readonly issuer: string
  readonly clientId: string
  readonly store: TokenStore
  readonly fetch: Fetch
}
/**
 * Signs in by authorization code with PKCE; the tokens are bound to the device's DPoP key.
 *
 * @throws ClientError `LOGIN_FAILED`, `ISSUER_MISMATCH`, `SERVER_UNREACHABLE`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207} why `iss` is required in the answer
 */
export declare function login(parts: LoginParts, options: LoginOptions): Promise<StoredTokens>
/** Adds tokens to the session, whatever else became of it meanwhile. */
export declare function keepTokens(
  { issuer, clientId, store }: LoginParts,
  session: Session,
  resource: string,
  tokens: oauth.TokenEndpointResponse,
): Promise<StoredTokens>
/** The stored session, or a new one with a key of its own. A session of another server is not reused. */
export declare function startSession({ issuer, clientId, store }: LoginParts): Promise<Session>
/** @throws ClientError when the server did not bind the token to the key */
export declare function toStored(
  tokens: oauth.TokenEndpointResponse,
  previous?: StoredTokens,
): StoredTokens

// ── mcp.d.ts
/**
 * The official MCP client with this SDK's authorization. Needs the peer `@modelcontextprotocol/client`.
 *
 * @module
 */
import { Client, type ClientOptions } from '@modelcontextprotocol/client'
import { type Fetch } from './http.ts'
import type { Auth } from './oauth/auth.ts'
/** How {@link MCPClient.connect} reaches a server. */
export interface ConnectOptions {
  readonly auth: Auth
  /** What the client calls itself. Default `holdfast-client`. */
  readonly clientInfo?: {
    readonly name: string
    readonly version: string
  }
  /** Options of the official client. Default: the protocol version is negotiated. */
  readonly client?: ClientOptions
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /** How long one request for metadata, registration or tokens may take. Default 30000. */
  readonly authorizationTimeoutMs?: number
}
/** The official MCP client, connected. */
export declare const MCPClient: {
  /**
   * Connects to a protected MCP server over Streamable HTTP.
   *
   * @throws ClientError when no token can be obtained, `UNAUTHORIZED` or `FORBIDDEN` when the server
   *   refuses it, `PLAINTEXT_REFUSED` when the URL is not https; any other error is the official client's
   * @example
   * ```ts
   * const mcp = await MCPClient.connect('https://mcp.example/mcp', { auth: new BearerAuth(token) })
   * await mcp.callTool({ name: 'whoami', arguments: {} })
   * ```
   */
  readonly connect: (url: string | URL, options: ConnectOptions) => Promise<Client>
}

// ── node/file-token-store.d.ts
import type { Session, TokenStore } from '../session.ts'
/**
 * A store in one file of mode 0600, shared by every process of this user. A file that others may read is
 * refused when it is loaded: `ClientError` `NOT_SIGNED_IN`.
 */
export declare function fileTokenStore<T = Session>(file: string): TokenStore<T>

// ── node/index.d.ts
/**
 * What the SDK needs of Node: token stores in the system's keychain or a file, and the loopback
 * redirect of a sign-in.
 *
 * @module
 */
export { fileTokenStore } from './file-token-store.ts'
export {
  type Keychain,
  keychainTokenStore,
  type KeychainTokenStoreOptions,
} from './keychain-token-store.ts'
export { type LoopbackRedirect, openLoopbackRedirect } from './loopback-redirect.ts'
export { readPastedRedirect } from './pasted-redirect.ts'

// ── node/keychain-token-store.d.ts
import type { Session, TokenStore } from '../session.ts'
/** A place for secrets that the operating system guards. Every call may fail: there may be none. */
export interface Keychain {
  readonly get: () => Promise<string | undefined>
  readonly set: (value: string) => Promise<void>
  readonly delete: () => Promise<void>
}
/** How to make {@link keychainTokenStore}. */
export interface KeychainTokenStoreOptions {
  /** Name of the program. Default `holdfast`. */
  readonly service?: string
  /** What the entry is for, such as the name of a profile. */
  readonly account: string
  /** Where tokens go, in mode 0600, when there is no keychain or it refuses; its lock is here too. */
  readonly file: string
  /** Called once when the file is used instead, with the reason. */
  readonly onFallback?: (reason: string) => void
  /** Default: the system's, through the optional package `@napi-rs/keyring`. */
  readonly keychain?: Keychain
}
/**
 * A store in the operating system's keychain; in a file of mode 0600 where there is none (servers,
 * containers) or where it refuses the value (Windows takes 2560 bytes).
 */
export declare function keychainTokenStore<T = Session>(
  options: KeychainTokenStoreOptions,
): TokenStore<T>

// ── node/loopback-redirect.d.ts
/** A redirect URI on this machine, for as many sign-ins as there will be. */
export interface LoopbackRedirect {
  readonly redirectUri: string
  /**
   * The URL to which the browser was sent at the end of the sign-in that begins at `url`, told from
   * others by its `state`.
   *
   * @throws ClientError `LOGIN_FAILED` when it takes too long, or the redirect was closed
   */
  readonly answer: (url: URL) => Promise<URL>
  readonly close: () => void
}
/**
 * Listens on a port of 127.0.0.1 for the answers to sign-ins. It keeps a process alive only while it
 * waits for one.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.3}
 */
export declare function openLoopbackRedirect(options?: {
  /** How long one sign-in may take. Default 600000. */
  readonly timeoutMs?: number
  /** Default any free one; for servers that want the redirect as it was registered. */
  readonly port?: number
}): Promise<LoopbackRedirect>

// ── node/pasted-redirect.d.ts
/**
 * The redirect that a person copied from the address bar of a browser on another machine, where the
 * page itself could not open.
 *
 * @throws ClientError `INVALID_REQUEST` when it is not the address of this sign-in's redirect
 */
export declare function readPastedRedirect(text: string, redirectUri: string): URL

// ── oauth-apps.d.ts
import { type ConnectionPolicy, type OAuthApp } from '@holdfast/protocol'
import type { ConnectionView } from './connections.ts'
import { type SealParts } from './seal-upload.ts'
/** An OAuth client at a provider, as the server describes it: never with its secret. */
export interface OAuthAppView {
  readonly handle: string
  readonly provider: string
  readonly label: string | null
  readonly status: string
  readonly base_url: string
  /** What the provider must have on its list of redirect URIs. */
  readonly redirect_uri: string
  readonly client: {
    readonly client_id: string
    readonly authorization_endpoint: string
    readonly token_endpoint: string
    readonly scopes: readonly string[]
  } | null
  readonly created_at: string
  readonly revoked_at: string | null
}
/** An OAuth client to seal. */
export interface NewOAuthApp {
  /** Catalog name, such as `github`. */
  readonly provider: string
  readonly label?: string | undefined
  /** The only host that will ever get tokens of this app. */
  readonly baseUrl: string
  readonly app: Omit<OAuthApp, 'kind'>
  /** Absent for a public client. Wipe it after the call. */
  readonly clientSecret?: Uint8Array | undefined
}
/** A connection that is made by signing in at the provider. */
export interface NewOAuthConnection {
  /** Handle of the OAuth app. */
  readonly app: string
  readonly name?: string | undefined
  readonly label?: string | undefined
  /** Default: nothing may use it. */
  readonly policy?: ConnectionPolicy | undefined
}
/** A page that the owner opens in a browser. */
export interface AuthorizationLink {
  readonly authorization_url: string
  readonly expires_at: string
}
/** Operators' own clients at providers, through which people connect their accounts by OAuth. */
export interface OAuthApps {
  /** Seals the client's secret here and uploads it. Administrators only. */
  readonly create: (app: NewOAuthApp) => Promise<{
    handle: string
    redirect_uri: string
  }>
  readonly list: () => Promise<readonly OAuthAppView[]>
  readonly revoke: (handle: string) => Promise<OAuthAppView>
  /** Reserves a connection; {@link OAuthApps.authorize} gives it an account. */
  readonly connect: (connection: NewOAuthConnection) => Promise<ConnectionView>
  /** A link to sign in at the provider, for a new connection or one that needs it anew. */
  readonly authorize: (handle: string, scopes?: readonly string[]) => Promise<AuthorizationLink>
}
/** OAuth clients at providers, and the connections that are authorized with them. */
export declare function oauthAppsApi(parts: SealParts): OAuthApps

// ── oauth/auth.d.ts
import type { DpopKey } from '@holdfast/protocol/token'
import type { Fetch } from '../http.ts'
/** A token and the way to present it. A secret. */
export interface PresentableToken {
  readonly accessToken: string
  /** The key that the token is bound to; without one it is a bearer token. */
  readonly dpopKey?: DpopKey | undefined
}
/** Why a server refused a request. What it says is the server's word: show it, do not trust it. */
export interface Refusal {
  /** 401, or 403 for `insufficient_scope`. */
  readonly status: number
  readonly error: string | undefined
  /** The scopes that the server says are needed. */
  readonly scope: string | undefined
  /** Where the server says that its metadata are. */
  readonly resourceMetadata: string | undefined
  /** Schemes of the challenges in lower case. */
  readonly schemes: readonly string[]
  /** The token that was refused. */
  readonly rejected: PresentableToken | undefined
}
/** What the caller lends for one request. */
export interface AuthContext {
  /** Sends the requests to authorization servers. */
  readonly fetch: Fetch
}
/**
 * A way to be authorized. One object may serve many requests, also at the same time.
 *
 * `token` is asked before every request: it answers what it has, or undefined when it needs the
 * server's challenge first. `refused` is asked when the server refuses: it answers another token, or
 * undefined when there is nothing more to try, and throws when obtaining one failed.
 */
export interface Auth {
  readonly token: (url: URL, context: AuthContext) => Promise<PresentableToken | undefined>
  readonly refused: (
    url: URL,
    refusal: Refusal,
    context: AuthContext,
  ) => Promise<PresentableToken | undefined>
}

// ── oauth/authorization-code.d.ts
import { type DetailedRequest } from './authorization-details.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import type { RegistrationOptions } from './registration.ts'
/** How a person signs in. */
export interface AuthorizationCodeOptions
  extends GrantAuthOptions, RegistrationOptions, DetailedRequest {
  /** Such as `http://127.0.0.1:<port>/callback`; `openLoopbackRedirect` of `./node` makes one. */
  readonly redirectUri: string
  /** Sends the person to the URL; resolves with the URL to which the server sent the browser back. */
  readonly authorize: (url: URL) => Promise<URL>
}
/**
 * A person signs in with a browser: authorization code with PKCE.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252}
 */
export declare class AuthorizationCodeAuth extends GrantAuth {
  constructor(options: AuthorizationCodeOptions)
}

// ── oauth/authorization-details.d.ts
import type { ConnectionDetail } from '@holdfast/protocol'
/** What a person is asked to allow in detail. */
export interface DetailedRequest {
  /**
   * Which connections the tokens may use and what may be done with each. Default: whatever the server
   * asks for, as far as the person allows it.
   * @see {@link https://www.rfc-editor.org/rfc/rfc9396}
   */
  readonly authorizationDetails?: readonly ConnectionDetail[]
}
/** The parameter of a request; none without details. */
export declare const detailsParameter: ({
  authorizationDetails,
}: DetailedRequest) => Record<string, string>

// ── oauth/authorized-fetch.d.ts
import { type Fetch } from '../http.ts'
import type { Auth } from './auth.ts'
/** How to make {@link authorizedFetch}. */
export interface AuthorizedFetchOptions {
  readonly auth: Auth
  /** The server that the tokens are for. Requests to any other origin are refused. */
  readonly resource: string | URL
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /**
   * How long one request to be authorized may take: for metadata, registration or tokens. Those to the
   * protected server itself end only by their own `signal`. Default 30000.
   */
  readonly authorizationTimeoutMs?: number
}
/** A `fetch` for one protected server; fits every MCP transport that takes a `fetch`. */
export type AuthorizedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>
/**
 * A `fetch` that presents tokens, makes another proof where the first is refused or lacks a nonce, and
 * on a refusal obtains another token and sends the request again. Redirects are not followed: a token is
 * for one origin.
 *
 * @throws ClientError `PLAINTEXT_REFUSED` when the resource is not https
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-9} nonces of resource servers
 */
export declare function authorizedFetch(options: AuthorizedFetchOptions): AuthorizedFetch

// ── oauth/client-credentials.d.ts
import type { StaticClient } from './client-identity.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
/** A client that acts for itself. */
export interface ClientCredentialsOptions extends GrantAuthOptions {
  readonly client: StaticClient
}
/**
 * A program that acts for itself, by its own secret or private key.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4}
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2} `private_key_jwt`
 */
export declare class ClientCredentialsAuth extends GrantAuth {
  constructor(options: ClientCredentialsOptions)
}

// ── oauth/client-identity.d.ts
import * as oauth from 'oauth4webapi'
import type { ClientAuthMethod } from './state.ts'
/** A client that an authorization server knows already. */
export interface StaticClient {
  readonly clientId: string
  /** A secret. */
  readonly clientSecret?: string | undefined
  /** Private key for `private_key_jwt`, with the `kid` that the server knows it by. */
  readonly privateKey?:
    | CryptoKey
    | {
        readonly key: CryptoKey
        readonly kid: string
      }
  /**
   * The authorization server that knows it. Without it the first server that is met is taken, and
   * no other one after it.
   */
  readonly issuer?: string
  /** Default: what the server supports, `client_secret_basic` before `client_secret_post`. */
  readonly method?: ClientAuthMethod
}
/** A client as the library wants it, with its way to prove who it is. */
export interface ClientIdentity {
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
}
/**
 * How a known client authenticates at a server.
 *
 * @throws ClientError `NOT_REGISTERED` when the method needs what the client does not have
 */
export declare function identify(
  server: oauth.AuthorizationServer,
  known: StaticClient,
): ClientIdentity

// ── oauth/cross-app.d.ts
import { type StaticClient } from './client-identity.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { type Supplied } from './token-types.ts'
/** Access that an enterprise's identity provider decides. */
export interface CrossAppOptions extends GrantAuthOptions {
  /** The client at the authorization server of the protected server. */
  readonly client: StaticClient
  /** The enterprise's identity provider and the client that is known there. */
  readonly identityProvider: {
    readonly issuer: string
    readonly client: StaticClient
  }
  /** The ID token of the person who signed in there. A secret; a function is asked each time. */
  readonly idToken: Supplied
}
/**
 * Cross-app access: the identity provider exchanges the person's ID token for an assertion (ID-JAG)
 * to the protected server's authorization server, which turns it into an access token. Nobody has to
 * consent on the way.
 *
 * @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/}
 */
export declare class CrossAppAuth extends GrantAuth {
  constructor(options: CrossAppOptions)
}

// ── oauth/device-polling.d.ts
/** Time, as the polling of a device sees it. */
export interface PollingClock {
  /** Unix milliseconds. */
  readonly now: () => number
  /** Resolves after that time; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** How long one answer may take. */
  readonly answerWithinMs: number
}
/** What the authorization server said about polling. */
export interface PollingPlan {
  readonly intervalSeconds: number
  /** Unix milliseconds. */
  readonly endsAtMs: number
  /** Ends the polling. */
  readonly signal?: AbortSignal | undefined
}
/**
 * Asks until there is an answer, at the pace that the server sets: later by five seconds after
 * `slow_down`, and half as often after each question that got no answer.
 *
 * @throws ClientError `FORBIDDEN` when the person declined, `LOGIN_FAILED` when the code has ended, or
 *   why the server could not be asked when it ended meanwhile
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628#section-3.5}
 */
export declare function pollForTokens<Tokens>(
  ask: (signal: AbortSignal) => Promise<Tokens>,
  { intervalSeconds, endsAtMs, signal }: PollingPlan,
  clock?: PollingClock,
): Promise<Tokens>

// ── oauth/device.d.ts
import * as oauth from 'oauth4webapi'
import { type DetailedRequest } from './authorization-details.ts'
import { type PollingClock } from './device-polling.ts'
import { type GrantRequest } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import type { RegistrationOptions } from './registration.ts'
/** What a person has to do on another device. */
export interface DevicePrompt {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it, for a link or a QR code. */
  readonly verificationUriComplete: string | undefined
  /** Unix seconds. */
  readonly expiresAt: number
}
/** How a person signs in on another device. */
export interface DeviceOptions extends GrantAuthOptions, RegistrationOptions, DetailedRequest {
  /** Shows the prompt; polling goes on when it returns. */
  readonly onPrompt: (prompt: DevicePrompt) => void | Promise<void>
  /** Ends the polling. */
  readonly signal?: AbortSignal
}
/**
 * A person signs in on another device, for programs without a browser.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8628}
 */
export declare class DeviceAuth extends GrantAuth {
  constructor(options: DeviceOptions)
}
/**
 * Runs the device flow once.
 *
 * @throws ClientError `FORBIDDEN` when the person declined, `LOGIN_FAILED` when the code has ended
 */
export declare function deviceGrant(
  request: GrantRequest,
  {
    onPrompt,
    signal,
    ...details
  }: Pick<DeviceOptions, 'onPrompt' | 'signal' | 'authorizationDetails'>,
  clock?: PollingClock,
): Promise<oauth.TokenEndpointResponse>

// ── oauth/grant-auth.d.ts
import { type TokenStore } from '../session.ts'
import type { Auth, AuthContext, PresentableToken, Refusal } from './auth.ts'
import { type Grant } from './grant.ts'
import { type RegistrationOptions } from './registration.ts'
import type { OAuthState } from './state.ts'
/** Options of every way to obtain tokens. */
export interface GrantAuthOptions {
  /** Where tokens, registrations and the DPoP key are kept. Default: in memory. */
  readonly store?: TokenStore<OAuthState>
  /** Scopes to ask for in any case. Default: those that the server names. */
  readonly scopes?: readonly string[]
  /**
   * Whether tokens are bound to a key. `auto` binds them where both servers say that they can;
   * `required` refuses anything else. Default `auto`.
   */
  readonly dpop?: 'auto' | 'required' | 'off'
}
/**
 * Obtains tokens by an OAuth grant, keeps them, and renews them: one renewal at a time here, one
 * refresh at a time among all processes that share the store.
 */
export declare class GrantAuth implements Auth {
  #private
  constructor(grant: Grant, options: GrantAuthOptions & RegistrationOptions)
  token(url: URL, { fetch }: AuthContext): Promise<PresentableToken | undefined>
  refused(url: URL, refusal: Refusal, { fetch }: AuthContext): Promise<PresentableToken | undefined>
}

// ── oauth/grant.d.ts
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
export declare const targetParameters: ({
  resource,
  scope,
}: Pick<GrantRequest, 'resource' | 'scope'>) => Record<string, string>

// ── oauth/registration.d.ts
import * as oauth from 'oauth4webapi'
import type { Fetch } from '../http.ts'
import type { StaticClient } from './client-identity.ts'
import type { StoredRegistration } from './state.ts'
/** How a client becomes known to servers. The first that fits is used, in this order. */
export interface RegistrationOptions {
  /** A client that was registered by hand. */
  readonly client?: StaticClient
  /**
   * URL of the client's metadata document (CIMD), which is its `client_id` at every server that
   * reads such documents.
   */
  readonly clientMetadataUrl?: string
  /** How dynamic registration presents the client; `false` never registers. Default `Holdfast client`. */
  readonly clientName?: string | false
}
/** Where registrations are remembered. */
export interface RegistrationStore {
  readonly find: (issuer: string) => Promise<StoredRegistration | undefined>
  readonly remember: (issuer: string, registration: StoredRegistration) => Promise<void>
  /** The issuer that the client is bound to: this one, unless it was bound before. */
  readonly bind: (clientId: string, issuer: string) => Promise<string>
}
/** What is registered. */
export interface WantedRegistration {
  readonly grantTypes: readonly string[]
  readonly redirectUri?: string | undefined
}
/**
 * The client to be at a server: registered by hand, by metadata document, or dynamically.
 *
 * @throws ClientError `NOT_REGISTERED`, `ISSUER_MISMATCH` when the static client is another server's
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591}
 */
export declare function findClient(
  server: oauth.AuthorizationServer,
  options: RegistrationOptions,
  wanted: WantedRegistration,
  store: RegistrationStore,
  fetch: Fetch,
): Promise<StaticClient>

// ── oauth/state.d.ts
import type { StoredTokens } from '../session.ts'
/** How a client proves who it is at the token endpoint. */
export type ClientAuthMethod =
  'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
/** A registration that an authorization server made for us. A secret when it holds one. */
export interface StoredRegistration {
  readonly clientId: string
  readonly clientSecret?: string | undefined
  /** Unix seconds; absent when the secret does not expire. */
  readonly secretExpiresAt?: number | undefined
  readonly method: ClientAuthMethod
  /** The redirect that was registered. */
  readonly redirectUri?: string | undefined
}
/** Tokens for one resource, bound to the server and the client that they were issued by and to. */
export interface StoredGrant extends StoredTokens {
  readonly issuer: string
  readonly clientId: string
  readonly tokenType: 'bearer' | 'dpop'
  /** What was asked for; a server may leave out what it granted when it is the same. */
  readonly requestedScope: string
}
/** What the OAuth client keeps. A secret as a whole. */
export interface OAuthState {
  /** Private JWK of the key that tokens are bound to. */
  readonly dpopKey?: Readonly<Record<string, unknown>> | undefined
  /** By issuer: what one server registered is never shown to another. */
  readonly registrations: Readonly<Record<string, StoredRegistration>>
  /** Issuer by `client_id` of clients that were registered by hand without naming one. */
  readonly boundClients: Readonly<Record<string, string>>
  /** By resource. */
  readonly grants: Readonly<Record<string, StoredGrant>>
}
export declare const emptyState: OAuthState

// ── oauth/static-auth.d.ts
import { type DpopKey } from '@holdfast/protocol/token'
import type { Auth, PresentableToken } from './auth.ts'
/**
 * A bearer token that was obtained elsewhere. When it is refused, it stays refused.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750}
 */
export declare class BearerAuth implements Auth {
  #private
  constructor(accessToken: string)
  token(): Promise<PresentableToken>
  refused(): Promise<undefined>
}
/**
 * A token that was obtained elsewhere and is bound to a key: each request carries a proof of its own.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7}
 */
export declare class DPoPAuth implements Auth {
  #private
  /** @param key - the key that the token is bound to, also as a private JWK */
  constructor(accessToken: string, key: DpopKey | Readonly<Record<string, unknown>>)
  token(): Promise<PresentableToken>
  refused(): Promise<undefined>
}

// ── oauth/token-exchange.d.ts
import type { StaticClient } from './client-identity.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { type Supplied } from './token-types.ts'
/** A token to exchange for one of the protected server. */
export interface TokenExchangeOptions extends GrantAuthOptions {
  readonly client: StaticClient
  /** Whose token it will be. A secret; a function is asked for each exchange. */
  readonly subjectToken: Supplied
  /** Default: an access token. */
  readonly subjectTokenType?: string
  /** Who acts for that subject. A secret. */
  readonly actorToken?: Supplied
  /** Default: an access token. */
  readonly actorTokenType?: string
}
/**
 * Exchanges a token that the caller has for one that the protected server takes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693}
 */
export declare class TokenExchangeAuth extends GrantAuth {
  constructor(options: TokenExchangeOptions)
}

// ── oauth/token-types.d.ts
/** Token types of RFC 8693 section 3 and of the ID-JAG draft. */
export declare const tokenTypes: {
  readonly accessToken: 'urn:ietf:params:oauth:token-type:access_token'
  readonly idToken: 'urn:ietf:params:oauth:token-type:id_token'
  readonly jwt: 'urn:ietf:params:oauth:token-type:jwt'
  readonly idJag: 'urn:ietf:params:oauth:token-type:id-jag'
}
/** Grant types that have a URN. */
export declare const grantTypes: {
  readonly tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange'
  readonly jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  readonly deviceCode: 'urn:ietf:params:oauth:grant-type:device_code'
}
/** A secret that is known, or asked for each time it is needed. */
export type Supplied = string | (() => string | Promise<string>)
export declare const supply: (value: Supplied) => Promise<string>

// ── oauth/workload-identity.d.ts
import type { StaticClient } from './client-identity.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
/** A workload whose platform vouches for it. */
export interface WorkloadIdentityOptions extends GrantAuthOptions {
  readonly client: StaticClient
  /** The platform's JWT for this authorization server, asked for each time. A secret. */
  readonly assertion: (audience: string) => string | Promise<string>
}
/**
 * A workload that presents its platform's JWT (Kubernetes, GitHub Actions, a cloud) instead of a
 * secret of its own. A refusal is final: nothing else is tried.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1}
 */
export declare class WorkloadIdentityAuth extends GrantAuth {
  constructor(options: WorkloadIdentityOptions)
}

// ── resource-names.d.ts
/** A built-in resource by its short name, or the URI of any other. */
export type ResourceName = 'management' | 'dispatch'
/** The URI of a built-in resource. */
export declare const resourceUri: (issuer: string, name: ResourceName) => string
/** Scopes that a sign-in asks for; the server grants what the user may have and agrees to. */
export declare const defaultScopes: Readonly<Record<ResourceName, readonly string[]>>

// ── seal-upload.d.ts
import { type ConnectionHandle, type CredentialKind, type CredentialPins } from '@holdfast/protocol'
import type { Api } from './api.ts'
import type { ConnectionView } from './connections.ts'
import type { TrustedSealingKey } from './sealing-keys.ts'
/** What sealing and uploading need of a client. */
export interface SealParts {
  readonly api: Api
  readonly sealingKey: () => Promise<TrustedSealingKey>
  /** The signed-in user. */
  readonly subject: () => Promise<string>
}
/** A credential on its way into the vault. */
export interface Sealable {
  readonly provider: string
  /** `https://host[:port][/path]`. */
  readonly baseUrl: string
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, Uint8Array>>
  readonly pins?: CredentialPins | undefined
}
/** A handle that waits for its credential. */
export interface Reservation {
  readonly handle: string
  readonly owner: string
  readonly upload: {
    readonly nonce: string
  }
}
/** The base URL and its host in canonical form: taken from the caller and never from the server. */
export declare function canonicalBase({ baseUrl }: Pick<Sealable, 'baseUrl'>): {
  baseUrl: string
  authority: string
}
/**
 * Seals a credential for a reservation and uploads it.
 *
 * @throws ClientError `BINDING_REFUSED` before anything is sealed
 */
export declare function sealAndUpload(
  { api, subject }: SealParts,
  { key }: TrustedSealingKey,
  reserved: Reservation,
  wanted: Sealable,
): Promise<{
  readonly connection: ConnectionView
  readonly handle: ConnectionHandle
}>
/**
 * Encodes the credential once with a binding that stands in for the real one: what can be refused
 * here must not cost a reservation, which would stay behind as a revoked connection.
 *
 * @throws ClientError `INVALID_REQUEST` for what types would have refused, such as text
 * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE`
 */
export declare function requireSealable(wanted: Sealable): void

// ── sealing-keys.d.ts
import { type SealingKey } from '@holdfast/protocol'
import { type Fetch } from './http.ts'
import type { IdentityPin, TokenStore } from './session.ts'
/** A key to seal to, of an enclave whose identity was pinned and is still the same. */
export interface TrustedSealingKey {
  readonly key: SealingKey
  readonly pin: IdentityPin
  /** True when the identity was seen for the first time just now: show its fingerprint. */
  readonly firstUse: boolean
}
/**
 * Fetches the sealing keys, verifies them and pins the enclave's identity on first use.
 *
 * @throws ClientError `IDENTITY_CHANGED` when the identity is another one and no signed succession
 *   leads to it; `SERVER_ERROR` when a signature is wrong
 */
export declare function trustedSealingKey(
  issuer: string,
  store: TokenStore,
  fetch: Fetch,
): Promise<TrustedSealingKey>

// ── session.d.ts
/** Tokens for one resource. */
export interface StoredTokens {
  readonly accessToken: string
  /** Unix seconds. */
  readonly expiresAt: number
  readonly scope: string
  readonly refreshToken: string | undefined
}
/** The enclave identity that this device trusts. */
export interface IdentityPin {
  /** Ed25519 public key, base64url. */
  readonly identity: string
  /** For people to compare. */
  readonly fingerprint: string
  /** ISO 8601. */
  readonly firstSeen: string
  /** Identities that were pinned before and handed over to this one by their signature. */
  readonly former?: readonly string[] | undefined
}
/** What a signed-in device keeps. A secret as a whole. */
export interface Session {
  readonly issuer: string
  readonly clientId: string
  /** Private JWK of the DPoP key to which all tokens are bound. */
  readonly dpopKey: Readonly<Record<string, unknown>>
  /** Tokens by resource URI. */
  readonly tokens: Readonly<Record<string, StoredTokens>>
  readonly pin?: IdentityPin | undefined
}
/**
 * Where a session is kept. `load` answers undefined when there is none. `exclusive` runs one piece of
 * work at a time among everybody who shares the store, also in other processes: a refresh token can
 * be used once.
 */
export interface TokenStore<T = Session> {
  readonly load: () => Promise<T | undefined>
  /** Replaces the session as a whole; undefined forgets it. */
  readonly save: (session: T | undefined) => Promise<void>
  readonly exclusive: <R>(work: () => Promise<R>) => Promise<R>
}
/** A store for tests and short-lived programs. */
export declare function memoryTokenStore<T = Session>(initial?: T): TokenStore<T>

// ── signing-keys.d.ts
import type { Api } from './api.ts'
import type { SigningAlgorithm } from './key-rotation.ts'
/** A key that signs access tokens, will, or did while tokens of it may be valid. */
export interface SigningKeyView {
  readonly kid: string
  readonly alg: SigningAlgorithm
  /** `active` signs; `next` is published and signs from the next rotation on. */
  readonly state: 'active' | 'next' | 'retired'
  /** When it came into its state. */
  readonly since: string
}
/** The signing keys of a server, the one that signs first. */
export interface SigningKeys {
  readonly keys: readonly SigningKeyView[]
  /** When the next key signs by itself; null where only a command makes it. */
  readonly rotation_due: string | null
}
/** Reads the signing keys; for administrators. @throws ClientError `FORBIDDEN` */
export declare function signingKeys(api: Api): Promise<SigningKeys>

// ── time-limit.d.ts
import type { Fetch } from './http.ts'
/** How long a request may take, its answer read to the end, and which setting says so. */
export interface TimeLimit {
  readonly setting: string
  readonly ms: number
}
/** Timers take no more, and fire at once. */
export declare const longestTimerMs = 2147483647
/** @throws ClientError `INVALID_REQUEST` for a time that no timer can keep */
export declare function readTimeLimit(setting: string, ms?: number): TimeLimit
/**
 * A `fetch` that gives up in time, or earlier when the caller does. It reads answers to the end, since a
 * server may also fall silent in the middle of one: not for streams.
 *
 * @param upstreamMs - what the server may take on top, because it waits for another one
 * @throws ClientError `SERVER_UNREACHABLE` that names the server and the setting
 */
export declare function withTimeLimit(
  fetch: Fetch,
  { setting, ms }: TimeLimit,
  upstreamMs?: number,
): Fetch
/**
 * The result, unless the caller stops waiting before. What was begun goes on: others may wait for it, and
 * a refresh token that is given up half-way may be lost.
 */
export declare function untilAborted<T>(
  begin: () => Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T>

// ── token-claims.d.ts
/** The claims of an access token, read and not verified: to show them, or to know whose it is. */
export declare function readClaims(accessToken: string): Readonly<Record<string, unknown>>
/** Whose token it is. */
export declare function subjectOf(accessToken: string): string
