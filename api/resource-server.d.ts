// The public surface of @holdfast/resource-server. Written by scripts/packages/api-report.mjs.
// . is index.d.ts
// ./node is node.d.ts
// ./express is express.d.ts
// ./hono is hono.d.ts
// ./koa is koa.d.ts
// ./fastify is fastify.d.ts
// ./context is context.d.ts
// ./replay is replay.d.ts
// ./mcp is mcp.d.ts

// ── authenticated-request.d.ts
import type { HttpResponse } from '@holdfast/protocol/dispatch'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import type { Connection } from './connection.ts'
import type { DispatchCall, Gateway } from './dispatch.ts'
import { DispatchError } from './dispatch-error.ts'
import type { MissingScopes } from './scopes.ts'
import { type BodySchema, type TypedResponse } from './typed-response.ts'
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
    call: DispatchCall & {
      readonly schema: BodySchema<Body>
    },
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
/** The checked request that an SDK's `authInfo` belongs to; undefined for any other value. */
export declare function requestOfAuthInfo(authInfo: unknown): AuthenticatedRequest | undefined
/** Puts together what an application sees of a checked request. */
export declare function createAuthenticatedRequest(
  auth: VerifiedAccessToken,
  token: string,
  gateway: Gateway | undefined,
  resource: {
    readonly resource: string
    readonly metadataUrl: string
    readonly missingScopes: MissingScopes
  },
): AuthenticatedRequest

// ── authorization.d.ts
import type { ProtectedResourceOptions } from './options.ts'
/**
 * The `authorization` of an `MCPServer`: the guard's options, under the names that servers of the
 * Dedalus framework use where the two differ.
 */
export interface AuthorizationOptions extends Omit<
  ProtectedResourceOptions,
  'scopes' | 'dpop' | 'dpopLeewaySeconds' | 'issuer' | 'metadataMaxAgeSeconds'
> {
  /**
   * The Holdfast server that knows `client`: dispatch, revocation and the tool manifest go there.
   * Default the first of `authorizationServers`; to be given together with an `authorizationProvider`.
   */
  readonly issuer?: string
  /**
   * `false` switches the guard off: tools that need scopes then refuse to run, and pages of other
   * origins than the server's own are refused unless `allowedOrigins` names them. Default true.
   */
  readonly enabled?: boolean
  /** Issuers that clients are sent to for a token: at least one. */
  readonly authorizationServers: readonly string[]
  /** Every request's token must hold all of these. Default none. */
  readonly requiredScopes?: readonly string[]
  /** What the first 401 tells a client to ask for. Default all scopes, so that a user is asked once. */
  readonly requestedScopes?: readonly string[]
  /** Refuses tokens that are bound to no key. Default false: bound tokens need their proof all the same. */
  readonly dpopRequired?: boolean
  /**
   * How far a proof's time may lie from this server's clock, in seconds and in both directions: 1 to
   * 300. Default 60.
   */
  readonly dpopLeeway?: number
  /** How long clients may keep the metadata, in seconds. Default 300. */
  readonly cacheTtl?: number
  /**
   * Lists what the server offers to requests whose token cannot be checked, for work on a server
   * while its issuer is away. Opens no tool, resource or prompt and takes no wrong token, and only
   * where `resource` is a loopback address. Default false.
   */
  readonly failOpen?: boolean
}
/** @throws TypeError for options that are missing, unknown or of a wrong type, or are not safe */
export declare function checkAuthorization(options: AuthorizationOptions): void
/** The guard's options. @throws TypeError for options that cannot work or are not safe */
export declare function guardOptions(
  options: AuthorizationOptions,
  toolScopes: readonly string[],
): ProtectedResourceOptions

// ── authorized-tool.d.ts
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import { type Dispatch } from './authenticated-request.ts'
import { type ClientRequests, type ElicitingContext } from './elicitation.ts'
/** Options of {@link authorizedTool}. */
export interface AuthorizedToolOptions {
  /** The tool's name, for the text of refusals. */
  readonly name: string
  /** Scopes that the token must hold for this tool, besides the server's own. Default none. */
  readonly requiredScopes?: readonly string[]
  /**
   * `server.server` of a server that keeps sessions of protocol revisions before 2026-07-28: lets a
   * client with URL-mode elicitation be asked to open a page. Default none: it gets the address as text.
   */
  readonly client?: ClientRequests
}
/** What {@link authorizedTool} adds to a handler's context. */
export interface ToolContext {
  readonly auth: VerifiedAccessToken
  readonly dispatch: Dispatch
}
/** A tool handler as both SDKs call it for a tool with an input schema. */
export type ToolCallback = (parameters: never, context: never) => unknown
/** The same handler with {@link ToolContext} added to its context. */
export type AuthorizedHandler<Callback extends ToolCallback> = Callback extends (
  parameters: infer Parameters,
  context: infer Context,
) => infer Result
  ? (parameters: Parameters, context: Context & ToolContext) => Result
  : never
/** The parts of both SDKs' contexts that are read here. */
export interface SdkContext extends ElicitingContext {
  readonly authInfo?: unknown
  readonly http?: {
    readonly authInfo?: unknown
  }
}
/** A tool result that tells of a failure. */
export declare const failedResult: (text: string) => unknown
/** The text of a refusal, as Dedalus servers word it. */
export declare const refusalText: (
  name: string,
  needed: readonly string[],
  missing: readonly string[],
) => string
/** What {@link runTool} needs besides the call itself. */
export interface ToolRun extends AuthorizedToolOptions {
  readonly handler: (parameters: unknown, context: unknown) => unknown
  /** Lets the handler run without a token when it needs no scope: authorization is off. */
  readonly isOpen?: boolean
}
/** Runs a tool's handler if the request may, and words its failures as tool results. */
export declare function runTool(
  run: ToolRun,
  parameters: unknown,
  context: SdkContext | undefined,
): Promise<unknown>
/**
 * Wraps a tool's handler: it runs only for a checked request whose token holds the tool's scopes, and
 * gets `auth` and `dispatch` in its context. Without a checked request, as over stdio or on an
 * unguarded route, it never runs.
 *
 * Give a tool without arguments an empty input schema.
 *
 * A refusal is a tool result with `isError` and not an HTTP 403, which widespread clients cannot
 * recover from once they hold a refresh token. A {@link DispatchError} becomes `[CODE] message`.
 *
 * @example
 * ```ts
 * server.registerTool(
 *   'delete-file',
 *   { inputSchema: z.object({ id: z.string() }) },
 *   authorizedTool({ name: 'delete-file', requiredScopes: ['files:delete'] }, async ({ id }, ctx) => {
 *     const { status } = await ctx.dispatch('drive', { method: 'DELETE', path: `/files/${encodeURIComponent(id)}` })
 *     return { content: [{ type: 'text', text: `${status}` }] }
 *   }),
 * )
 * ```
 */
export declare function authorizedTool<Callback extends ToolCallback>(
  options: AuthorizedToolOptions,
  handler: AuthorizedHandler<Callback>,
): Callback

// ── connect-links.d.ts
/** Whether an address is one of the authorization server's own. */
export declare const isAtIssuer: (url: string, issuer: string) => boolean
/** Where a connection is made, and where a server asks whether it was. */
export interface ConnectLinks {
  readonly connectUrl?: string | undefined
  readonly pollUrl?: string | undefined
}
/**
 * The links of a connection that is missing or broken, as an error of the authorization server names
 * them. Those to elsewhere are left out: users are sent to the one with the server's word for it, and
 * the other one gets the server's secret.
 */
export declare function connectLinksOf(error: unknown, issuer: string): ConnectLinks

// ── connect-wait.d.ts
import type { ConnectedSettings } from './settings.ts'
/** Tells whether the user has made a connection, once that is settled or nobody waits any longer. */
export type ConnectWait = (pollUrl: string, signal?: AbortSignal) => Promise<boolean>
/** Asks every two seconds, for two minutes, what became of a link on which a user connects an account. */
export declare function createConnectWait({
  fetch,
  client,
  issuer,
  now,
}: ConnectedSettings): ConnectWait

// ── connection.d.ts
import { type CredentialKind } from '@holdfast/protocol/credential'
/** Names of a connection's secret fields, with where a person keeps each, such as `{ token: 'GITHUB_TOKEN' }`. */
export type SecretKeys = Readonly<Record<string, string>>
/** Options of {@link Connection}. */
export interface ConnectionOptions {
  /** The secret fields of the credential. Where it has one only: the names by which it may be given. */
  readonly secrets: SecretKeys
  /** The upstream: `https://host[:port][/path]`. */
  readonly baseUrl: string
  /** Catalog name of the provider. Default the connection's name. */
  readonly provider?: string
  /** How the vault injects the secrets. Default: one, in the header of the next two options. */
  readonly credential?: CredentialKind
  /** Header that carries the secret. Default `Authorization`. */
  readonly headerName?: string
  /** Its value, with `{api_key}` where the secret goes. Default `Bearer {api_key}`. */
  readonly headerTemplate?: string
  /** What it is for, in words that a user reads. */
  readonly description?: string
}
/**
 * A connection that a server's tools use: what it is called, which upstream it reaches and how its
 * secret is sent there. Holds no secret; those live sealed in the vault.
 *
 * @example
 * ```ts
 * const github = new Connection('github', {
 *   secrets: { token: 'GITHUB_TOKEN' },
 *   baseUrl: 'https://api.github.com',
 *   headerTemplate: 'token {api_key}',
 * })
 * ```
 */
export declare class Connection {
  /** The name under which tokens grant it. */
  readonly name: string
  readonly provider: string
  readonly baseUrl: string
  readonly secrets: SecretKeys
  readonly description: string
  /** How the vault injects the secret. */
  readonly credential: CredentialKind
  /** @throws TypeError for a definition that cannot work */
  constructor(name: string, options: ConnectionOptions)
}
/** What `connections.create` of `@holdfast/client` takes. */
export interface SealableConnection {
  readonly provider: string
  readonly name: string
  readonly baseUrl: string
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, Uint8Array>>
}
/**
 * Values for a connection's secret fields, on their way to be sealed. Prints, logs and serialises
 * without them.
 *
 * @example
 * ```ts
 * await client.connections.create(new SecretValues(github, { token }).toSealable())
 * ```
 */
export declare class SecretValues {
  #private
  readonly connection: Connection
  /** @throws TypeError when a field is missing, empty, one too many or not one of the connection's */
  constructor(connection: Connection, values: Readonly<Record<string, string>>)
  /** The credential for `connections.create`. Wipe `secrets` after the call. */
  toSealable(): SealableConnection
  toString(): string
  toJSON(): string
}

// ── context.d.ts
import type { AuthenticatedRequest } from './authenticated-request.ts'
/**
 * The checked request that the running handler of an `MCPServer` serves.
 *
 * @example
 * ```ts
 * const { auth } = getContext()
 * log(`${auth.subject} may ${auth.scopes.join(' ')}`)
 * ```
 * @throws Error outside of a request, or when its token was not checked
 */
export declare function getContext(): AuthenticatedRequest

// ── dispatch-error.d.ts
import { type DispatchErrorCode } from '@holdfast/protocol/dispatch'
import type { ConnectLinks } from './connect-links.ts'
/** Failures that happen on this side, before the authorization server took the request. */
declare const localErrors: {
  readonly NO_CONNECTIONS: {
    readonly retryable: false
  }
  readonly CONNECTION_AMBIGUOUS: {
    readonly retryable: false
  }
  readonly NOT_CONFIGURED: {
    readonly retryable: false
  }
  readonly NOT_AUTHORIZED: {
    readonly retryable: false
  }
  readonly GATEWAY_UNREACHABLE: {
    readonly retryable: true
  }
  readonly UNEXPECTED_RESPONSE: {
    readonly retryable: false
  }
}
/** Every code of a {@link DispatchError}: those of the wire and those of this side. */
export type DispatchFailureCode = DispatchErrorCode | keyof typeof localErrors
/**
 * A dispatch that brought no answer of the upstream. An upstream that answers 404 is not one.
 *
 * `message` may be shown to the caller of a tool: it holds no secret and no token.
 */
export declare class DispatchError extends Error {
  readonly name = 'DispatchError'
  readonly code: DispatchFailureCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Page on which the user makes or repairs the connection, where that would help. */
  readonly connectUrl: string | undefined
  /** Where this server, as its own client, asks whether the user has done so. */
  readonly pollUrl: string | undefined
  constructor(
    code: DispatchFailureCode,
    message: string,
    options?: ErrorOptions &
      ConnectLinks & {
        readonly retryable?: boolean
      },
  )
}
export {}

// ── dispatch.d.ts
import type { ConnectionHandle, DispatchMethod } from '@holdfast/protocol'
import { type DispatchBody, type HttpResponse } from '@holdfast/protocol/dispatch'
import { type ConnectWait } from './connect-wait.ts'
import type { ConnectedSettings } from './settings.ts'
import { type SubjectToken, type TokenExchange } from './token-exchange.ts'
/** A request that the vault makes for a tool, with the user's credential. */
export interface DispatchCall {
  readonly method: DispatchMethod
  /** Path and query below the connection's base URL, already percent-encoded. */
  readonly path: string
  readonly body?: DispatchBody
  /** Must not hold `authorization`, `dpop` or `host`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Time allowed for the upstream, 1000 to 300000. Default 30000. */
  readonly timeoutMs?: number
  /** Gives up waiting. */
  readonly signal?: AbortSignal
}
/** Sends calls by handle for one user after the other. */
export interface Gateway {
  /** @throws DispatchError when the upstream did not answer */
  readonly dispatch: (
    subject: SubjectToken,
    handle: ConnectionHandle,
    call: DispatchCall,
  ) => Promise<HttpResponse>
  readonly ask: TokenExchange['ask']
  readonly held: TokenExchange['held']
  readonly waitFor: ConnectWait
}
/**
 * The way to the vault: the user's token is exchanged for one that names this server as the actor and
 * is bound to its key, so that neither token is of use to whoever steals it.
 */
export declare function createGateway(settings: ConnectedSettings): Gateway

// ── dpop-nonces.d.ts
/** The nonces of one moment. */
export interface NonceWindow {
  /** The one to hand out. */
  readonly current: string
  /** True for the nonces of the last two minutes, of this one and of the next two. */
  readonly accepts: (nonce: string) => boolean
}
/**
 * Nonces for proofs that need no memory: derived from a secret and the minute, so that every process
 * with the secret makes and takes the same ones.
 *
 * @param now - Unix milliseconds
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-9}
 */
export declare function createDpopNonces(
  secret: Uint8Array<ArrayBuffer>,
  now: () => number,
): () => Promise<NonceWindow>

// ── elicitation.d.ts
import type { AuthenticatedRequest } from './authenticated-request.ts'
import type { DispatchError } from './dispatch-error.ts'
/** The parts of both SDKs' contexts that tell what the client can do and has answered. */
export interface ElicitingContext {
  /** SDK v1. */
  readonly signal?: AbortSignal
  /** SDK v2. */
  readonly mcpReq?: {
    /** Present from protocol revision 2026-07-28 on. */
    readonly envelope?: Readonly<Record<string, unknown>>
    readonly inputResponses?: Readonly<Record<string, unknown>>
    readonly signal?: AbortSignal
  }
}
/** What a session of an older protocol revision offers: `server.server` of both SDKs. */
export interface ClientRequests {
  readonly getClientCapabilities?: () => unknown
  readonly elicitInput?: (params: never) => Promise<unknown>
}
/** How a call that failed is made once more. */
export interface SecondTry {
  readonly retry: () => Promise<unknown>
  readonly untilConnected: AuthenticatedRequest['untilConnected'] | undefined
}
/**
 * What a tool answers when its dispatch failed: `[CODE] message`. Where the user can repair the cause
 * on a page, a client that declares URL-mode elicitation is asked to open it, and the call is made
 * once more when that is done; any other client gets the address as text.
 *
 * @see {@link https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation}
 */
export declare function askToConnect(
  error: DispatchError,
  context: ElicitingContext | undefined,
  client: ClientRequests | undefined,
  { retry, untilConnected }: SecondTry,
): Promise<unknown>

// ── express.d.ts
/**
 * Binding for Express 4 and 5, and for Connect.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import type { ProtectedResource } from './protected-resource.ts'
export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'
/** The parts of an Express request that the binding uses. */
export type ExpressRequest = IncomingMessage & {
  auth?: AuthInfo
}
/**
 * Middleware that guards everything after it. Use it on the application and not below a path, or the
 * metadata cannot be found. Handlers find the checked request by `requestOfAuthInfo(req.auth)`.
 *
 * @example
 * ```ts
 * app.use(expressProtection(guard))
 * app.post('/mcp', express.json(), (req, res) => mcp(req, res, req.body))
 * ```
 */
export declare function expressProtection(
  resource: ProtectedResource,
): (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

// ── fastify.d.ts
/**
 * Binding for Fastify.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import type { ProtectedResource } from './protected-resource.ts'
export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'
/** The parts of a Fastify request that the binding uses. */
export interface FastifyRequest {
  readonly raw: IncomingMessage & {
    auth?: AuthInfo
  }
  readonly originalUrl: string
}
/** The parts of a Fastify reply that the binding uses. */
export interface FastifyReply {
  readonly code: (status: number) => unknown
  readonly headers: (headers: Record<string, string>) => unknown
  readonly send: (body?: unknown) => unknown
}
/**
 * An `onRequest` hook that guards every route of the instance that it is added to, and unknown paths.
 * Handlers find the checked request by `requestOfAuthInfo(request.raw.auth)`.
 *
 * @example
 * ```ts
 * app.addHook('onRequest', fastifyProtection(guard))
 * ```
 */
export declare function fastifyProtection(
  resource: ProtectedResource,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

// ── hono.d.ts
import type { ProtectedResource } from './protected-resource.ts'
export { protectedResource } from './protected-resource.ts'
/** The parts of a Hono context that the binding uses. */
export interface HonoContext {
  readonly req: {
    readonly raw: Request
  }
  readonly set: (key: never, value: never) => void
  readonly res: Response
}
/**
 * Middleware that guards everything after it. The checked request is `c.get('auth')`; give the
 * application the variable `{ Variables: { auth: AuthenticatedRequest } }`.
 *
 * @example
 * ```ts
 * app.use(honoProtection(guard))
 * app.all('/mcp', (c) => mcp.fetch(c.req.raw, { authInfo: c.get('auth').authInfo }))
 * ```
 */
export declare function honoProtection(
  resource: ProtectedResource,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>

// ── http-client.d.ts
/** The part of the Fetch API that this package uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>
/** The default {@link Fetch}. */
export declare const platformFetch: Fetch
/** What a JSON endpoint answered. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  /** Undefined when there is no JSON body. */
  readonly body: unknown
}
/**
 * One request for JSON with bounded time and size; redirects are not followed.
 *
 * @throws Error when nothing usable came back in time
 */
export declare function requestJson(
  fetch: Fetch,
  url: string,
  options: RequestInit & {
    readonly timeoutMs: number
    readonly maxBytes: number
  },
): Promise<JsonAnswer>

// ── index.d.ts
/**
 * Protects MCP servers and other HTTP APIs with tokens of a Holdfast authorization server, and lets
 * them call upstreams through its vault. Runs wherever the Fetch API and WebCrypto do; frameworks
 * have their own subpaths.
 *
 * @module
 */
export {
  type AuthenticatedRequest,
  type AuthInfo,
  type Dispatch,
  requestOfAuthInfo,
} from './authenticated-request.ts'
export {
  Connection,
  type ConnectionOptions,
  type SealableConnection,
  type SecretKeys,
  SecretValues,
} from './connection.ts'
export type { DispatchCall } from './dispatch.ts'
export {
  type AuthorizationDetail,
  TokenError,
  type TokenErrorCode,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
export { DispatchError, type DispatchFailureCode } from './dispatch-error.ts'
export type { Fetch } from './http-client.ts'
export {
  type AuthorizationProvider,
  type JWTAlgorithm,
  JWTValidator,
  type JWTValidatorOptions,
} from './jwt-validator.ts'
export type { ResourceMetadata } from './metadata.ts'
export type {
  ProtectedResourceOptions,
  ResourceClient,
  ResourceScopes,
  RevocationOptions,
  ScopeEnforcement,
} from './options.ts'
export { type ProtectedFetchHandler, protectFetch } from './protect-fetch.ts'
export { type ProtectedResource, protectedResource } from './protected-resource.ts'
export type { Decision, ResourceAnswer, ResourceRequest } from './resource-request.ts'
export type { ScopeHierarchy } from './scopes.ts'
export type { BodySchema, SchemaResult, TypedResponse } from './typed-response.ts'

// ── jwt-validator.d.ts
import {
  type AccessTokenVerifier,
  type Sha256,
  type VerifiedAccessToken,
  type VerifySignature,
} from '@holdfast/protocol/token'
import { type Fetch } from './http-client.ts'
/** Decides whether a token is valid and what it says. {@link JWTValidator} is one. */
export interface AuthorizationProvider {
  /** @throws TokenError `invalid_token`, or `temporarily_unavailable` when it cannot be told */
  readonly verify: AccessTokenVerifier['verify']
}
/** Signature algorithms that {@link JWTValidator} knows. */
export type JWTAlgorithm = 'RS256' | 'ES256' | 'EdDSA'
/** Options of {@link JWTValidator}. */
export interface JWTValidatorOptions {
  /** The issuer's JWK Set: `https`, or `http` on a loopback address. */
  readonly jwksUri: string
  /** Accepted `iss`, byte for byte: Auth0's ends with a slash, most others' do not. */
  readonly issuer: string | readonly string[]
  /** The token's `aud` must hold one of these. There is no way to accept any audience. */
  readonly audience: string | readonly string[]
  /** Default RS256 and ES256. */
  readonly algorithms?: readonly JWTAlgorithm[]
  /**
   * Where scopes are: claim names, with dots for members. Values may be lists or texts with blanks;
   * all of them count. Default `scope` and `scp`.
   */
  readonly scopeClaims?: readonly string[]
  /** Where the client is named; the first that is there counts. Default `client_id`, `azp`, `cid`, `appid`. */
  readonly clientIdClaims?: readonly string[]
  /** `false` refuses tokens that are not marked `at+jwt`. Default true: most issuers mark them `JWT`. */
  readonly acceptUntypedTokens?: boolean
  /** Clock difference forgiven, 0 to 300. Default 60. */
  readonly leewaySeconds?: number
  /** Age at which keys are fetched again, 0 to a week. Default 3600. */
  readonly jwksCacheSeconds?: number
  /** Least time between two fetches of keys, also for unknown key ids: 1 to a day. Default 5. */
  readonly jwksCooldownSeconds?: number
  /** Verified tokens that are remembered. Default 5000; 0 remembers none. */
  readonly cacheSize?: number
  /** Default WebCrypto; on Node pass `nodeSha256` of `./node`. */
  readonly sha256?: Sha256
  /** Default WebCrypto; on Node pass `nodeVerifySignature` of `./node`. */
  readonly verifySignature?: VerifySignature
  /** Default the platform's. */
  readonly fetch?: Fetch
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/**
 * Checks JWT access tokens of any issuer: Auth0, Okta, Keycloak, Entra, or a Holdfast server. Issuer
 * and audience are always compared; keys are fetched with a cool-down, and only those for signatures
 * are used.
 *
 * @example
 * ```ts
 * server.setAuthorizationProvider(
 *   new JWTValidator({
 *     jwksUri: 'https://tenant.okta.example/oauth2/default/v1/keys',
 *     issuer: 'https://tenant.okta.example/oauth2/default',
 *     audience: 'https://mcp.example/mcp',
 *   }),
 * )
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4}
 */
export declare class JWTValidator implements AuthorizationProvider {
  #private
  /** @throws TypeError without an issuer, an audience or a safe `jwksUri`, and for any wrong option */
  constructor(options: JWTValidatorOptions)
  verify(token: string, audience?: string | readonly string[]): Promise<VerifiedAccessToken>
}

// ── koa.d.ts
/**
 * Binding for Koa.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import type { ProtectedResource } from './protected-resource.ts'
export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'
/** The parts of a Koa context that the binding uses. */
export interface KoaContext {
  readonly req: IncomingMessage & {
    auth?: AuthInfo
  }
  readonly originalUrl: string
  readonly state: {
    auth?: unknown
  }
  status: number
  body: unknown
  readonly set: (headers: Record<string, string>) => void
}
/**
 * Middleware that guards everything after it. The checked request is `ctx.state.auth`; `ctx.req.auth`
 * is what the MCP SDKs' Node transports read.
 *
 * @example
 * ```ts
 * app.use(koaProtection(guard))
 * ```
 */
export declare function koaProtection(
  resource: ProtectedResource,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void>

// ── manifest.d.ts
import { type ToolManifest } from '@holdfast/protocol/tool-manifest'
import { type Fetch } from './http-client.ts'
import type { ResourceClient } from './options.ts'
import type { Tool } from './tool.ts'
export type { ToolManifest } from '@holdfast/protocol/tool-manifest'
/** What the tools do: those defined by `tool`, and the names and scopes of the others. */
export declare function toolManifest(
  tools: readonly Tool[],
  scopes: ReadonlyMap<string, readonly string[]>,
): ToolManifest
/** Options of {@link publishManifest}. */
export interface PublishManifestOptions {
  readonly fetch: Fetch
  readonly issuer: string
  readonly resource: string
  /** The resource's own client. */
  readonly client: ResourceClient
  readonly manifest: ToolManifest
}
/**
 * Replaces what the authorization server knows about a resource's tools.
 *
 * @throws Error when it does not take the manifest
 */
export declare function publishManifest(options: PublishManifestOptions): Promise<void>

// ── mcp-server.d.ts
import type { AuthInfo } from './authenticated-request.ts'
import { type AuthorizationOptions } from './authorization.ts'
import type { ClientRequests } from './elicitation.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import { type ToolManifest } from './manifest.ts'
import { type ProtectedResource } from './protected-resource.ts'
import type { Tool } from './tool.ts'
/** The parts of an official SDK's `McpServer`, v1 or v2, that are used here. */
export interface OfficialServer {
  readonly server: ClientRequests
  readonly registerTool: (name: string, config: never, handler: never) => unknown
}
/** What a fetch handler gets besides the request. */
export interface HandlerContext {
  authInfo?: AuthInfo
  parsedBody?: unknown
}
/** A fetch handler of MCP requests, such as `createMcpHandler` of SDK v2 makes. */
export interface OfficialHandler {
  readonly fetch: (request: Request, context?: HandlerContext) => Promise<Response>
}
/** Options of {@link MCPServer}. */
export interface MCPServerOptions<Server extends OfficialServer> {
  /** Makes the official server with all that it offers; called as often as the handler asks. */
  readonly server: () => Server
  /** `createMcpHandler` of SDK v2, or `statelessHandler(…)` for SDK v1. */
  readonly handler: (createServer: () => Server) => OfficialHandler
  /** Who may call, and with what. */
  readonly authorization: AuthorizationOptions
  /** Scopes of tools that the official server registers itself, by tool name. */
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>
  /**
   * What a call without the tool's scopes gets: `result`, a tool result with `isError`, which every
   * client shows; `challenge`, the 403 of the specification, after which clients that can step up ask
   * the user for more; or `auto`, the challenge for requests of protocol revision 2026-07-28 or later
   * and the result for older ones, whose clients often fail on it. Default `auto`.
   */
  readonly stepUp?: StepUp
  /** Longest body of a request; a longer one is answered 413. Default 4 MiB. */
  readonly maxBodyBytes?: number
}
/** What answers a call without the tool's scopes; see {@link MCPServerOptions.stepUp}. */
export type StepUp = 'auto' | 'result' | 'challenge'
/**
 * An official MCP server behind a guard: tokens, scopes of the server and of each tool, and dispatch.
 * `{ fetch }` is what Workers, Deno and Bun serve; on Node use `mcpListener` of `./node`.
 *
 * @example
 * ```ts
 * const server = new MCPServer({
 *   server: () => new McpServer({ name: 'files', version: '1.0.0' }),
 *   handler: createMcpHandler,
 *   authorization: { resource: 'https://mcp.example/mcp', authorizationServers: ['https://auth.example'], client },
 * })
 * server.collect(whoami, deleteFile)
 * export default server
 * ```
 */
export declare class MCPServer<Server extends OfficialServer = OfficialServer> {
  #private
  /** @throws TypeError for options that are missing, unknown or of a wrong type */
  constructor(options: MCPServerOptions<Server>)
  /**
   * Adds tools made by `tool`, before the server serves.
   *
   * @throws TypeError for a name that is taken
   */
  collect(...tools: readonly Tool[]): this
  /** Checks tokens by another issuer's rules. Call it before the server serves. */
  setAuthorizationProvider(provider: AuthorizationProvider): this
  /** The guard, undefined when authorization is off. @throws TypeError for options that cannot work */
  get guard(): ProtectedResource | undefined
  /** What the tools do, for the consent page. */
  get manifest(): ToolManifest
  /** Tells the authorization server what the tools do. Call it when the server starts. */
  publishManifest(): Promise<void>
  /** Serves one request. */
  fetch(request: Request): Promise<Response>
}

// ── mcp.d.ts
/**
 * MCP servers of the official TypeScript SDKs, v2 (`@modelcontextprotocol/server`) and v1
 * (`@modelcontextprotocol/sdk`), behind a guard. Imports neither.
 *
 * @module
 */
export type { AuthorizationOptions } from './authorization.ts'
export {
  type AuthorizedHandler,
  authorizedTool,
  type AuthorizedToolOptions,
  type ToolCallback,
  type ToolContext,
} from './authorized-tool.ts'
export { DispatchError } from './dispatch-error.ts'
export type { ToolManifest } from './manifest.ts'
export type { ClientRequests } from './elicitation.ts'
export {
  type HandlerContext,
  MCPServer,
  type MCPServerOptions,
  type OfficialHandler,
  type OfficialServer,
  type StepUp,
} from './mcp-server.ts'
export { type ConnectableServer, statelessHandler, type WebTransport } from './stateless-handler.ts'
export { ToolError } from './tool-error.ts'
export { type InputSchema, tool, type Tool, type ToolOptions } from './tool.ts'
export type { CallContext, ResultResource, ToolContent, ToolResult } from './tool-result.ts'

// ── metadata.d.ts
import type { Settings } from './settings.ts'
/**
 * OAuth 2.0 protected resource metadata.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-2}
 */
export interface ResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly dpop_signing_alg_values_supported?: readonly string[]
  readonly dpop_bound_access_tokens_required?: boolean
  readonly resource_name?: string
  readonly resource_documentation?: string
}
/** The document that tells clients who issues tokens for this server. */
export declare function resourceMetadata(settings: Settings): ResourceMetadata
/** The metadata URL that challenges name: path-suffixed (RFC 9728 section 3.1) unless configured. */
export declare function metadataUrl({ resource, publicBase, metadataPath }: Settings): string
/**
 * Paths at which the metadata is served: at the root, where older clients look, suffixed, and the
 * configured one.
 */
export declare function metadataPaths({ resource, metadataPath }: Settings): ReadonlySet<string>

// ── node-crypto.d.ts
import type { ImportProofKey, Sha256, VerifySignature } from '@holdfast/protocol/token'
/** Node's hash, a twentieth of WebCrypto's cost; for the `sha256` option of other bindings. */
export declare const nodeSha256: Sha256
/**
 * Node's signature check without a detour through the thread pool, which costs half a verification
 * more; for the `verifySignature` option of other bindings. Stricter than WebCrypto's callers in one
 * point: a signature has exactly one spelling.
 *
 * @throws Error when the signature is wrong or the key is for another algorithm
 */
export declare const nodeVerifySignature: VerifySignature
/**
 * Node's import of a proof's key, half the cost of WebCrypto's, and then the check of
 * {@link nodeVerifySignature}; for the `importProofKey` option of other bindings.
 *
 * @throws Error when it is no point of the curve, or the algorithm is for other keys
 */
export declare const nodeImportProofKey: ImportProofKey

// ── node.d.ts
/**
 * Binding for `node:http`, and the guard with Node's synchronous cryptography.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthenticatedRequest, AuthInfo } from './authenticated-request.ts'
import { nodeImportProofKey, nodeSha256, nodeVerifySignature } from './node-crypto.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { type ProtectedResource } from './protected-resource.ts'
export { nodeImportProofKey, nodeSha256, nodeVerifySignature } from './node-crypto.ts'
/**
 * Node's synchronous hash, key import and signature check, about half the cost of WebCrypto's, for the
 * options of `MCPServer` and `JWTValidator`: `{ ...nodeCrypto, … }`.
 */
export declare const nodeCrypto: {
  readonly sha256: typeof nodeSha256
  readonly verifySignature: typeof nodeVerifySignature
  readonly importProofKey: typeof nodeImportProofKey
}
/**
 * {@link portableResource} with Node's hash and signature check.
 *
 * @throws TypeError for options that cannot work
 */
export declare function protectedResource(options: ProtectedResourceOptions): ProtectedResource
/**
 * A `node:http` listener of a fetch handler, such as an `MCPServer`. Repeated headers stay visible, and
 * a wrong option of an `MCPServer` stops the start here.
 *
 * @example
 * ```ts
 * createServer(mcpListener(server)).listen(8000)
 * ```
 * @param onFailure - told when the server itself fails; the client then gets 500. Default prints it
 */
export declare function mcpListener(
  server: {
    readonly guard?: unknown
    readonly fetch: (request: Request) => Promise<Response>
  },
  onFailure?: (error: unknown) => void,
): (request: IncomingMessage, response: ServerResponse) => void
/** A request that a guard let through. `auth` is what the MCP SDKs' Node transports read. */
export type GuardedRequest = IncomingMessage & {
  method: string
  url: string
  auth?: AuthInfo
}
/** A listener behind a guard; `context` is undefined only on public paths. */
export type ProtectedListener = (
  request: GuardedRequest,
  response: ServerResponse,
  context: AuthenticatedRequest | undefined,
) => void | Promise<void>
/**
 * Puts a guard in front of a `node:http` listener.
 *
 * @param onFailure - told when the listener itself fails; the client then gets 500. Default prints it
 */
export declare function protectListener(
  resource: ProtectedResource,
  listener: ProtectedListener,
  onFailure?: (error: unknown) => void,
): (request: IncomingMessage, response: ServerResponse) => void

// ── options.d.ts
import type {
  DpopPolicy,
  ImportProofKey,
  ReplayStore,
  Sha256,
  VerifySignature,
} from '@holdfast/protocol/token'
import type { Fetch } from './http-client.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import type { ScopeHierarchy } from './scopes.ts'
/** Scopes of the whole server; single tools may demand more (see `./mcp`). */
export interface ResourceScopes {
  /** Every request's token must hold all of these. Default none. */
  readonly required?: readonly string[]
  /** All scopes that some tool may demand, for the metadata. Default the required ones. */
  readonly supported?: readonly string[]
  /** What the first 401 tells a client to ask for. Default required and supported together. */
  readonly requested?: readonly string[]
}
/**
 * How a token without the needed scopes is answered: `always` by 403, `never` by 401, `auto` by what
 * the client's protocol version knows (403 since 2025-11-25). Each answer names the scopes, and they
 * are needed in each case.
 */
export type ScopeEnforcement = 'auto' | 'always' | 'never'
/** How this server authenticates to the authorization server. */
export interface ResourceClient {
  readonly id: string
  /** A secret: take it from a file or a secret store. */
  readonly secret: string
}
/** How soon a revoked token stops working here. */
export interface RevocationOptions {
  /** Oldest copy of the deny list that a request may be judged by. Default 1000; 0 asks every time. */
  readonly maxStaleMs?: number
  /**
   * How much older the copy may get while the authorization server cannot be reached. Default 0:
   * requests are then answered 503.
   */
  readonly outageGraceMs?: number
}
/** Options of `protectedResource`. */
export interface ProtectedResourceOptions {
  /**
   * The Holdfast server's issuer: `https`, or `http` on a loopback address. Needed for its tokens, for
   * dispatch and for revocation; leave it out when all tokens come from an `authorizationProvider`.
   */
  readonly issuer?: string
  /** Checks tokens of another issuer. Default: Holdfast's, with `resource` as their audience. */
  readonly authorizationProvider?: AuthorizationProvider
  /** Issuers that the metadata names to clients. Default `issuer`; an `authorizationProvider` needs it. */
  readonly authorizationServers?: readonly string[]
  /** This server's canonical URI, as registered: the only accepted `aud`. */
  readonly resource: string
  /**
   * Where clients reach this process from outside, with the prefix that a proxy strips, if any.
   * Default the origin of `resource`. Proofs are compared with it; a `Host` header never is.
   */
  readonly publicUrl?: string
  readonly scopes?: ResourceScopes
  /** Which scopes imply others. Default none do. */
  readonly scopeHierarchy?: ScopeHierarchy
  /** Default `auto`. */
  readonly scopeEnforcement?: ScopeEnforcement
  /** A further path of the metadata, which challenges then name. Default none. */
  readonly metadataPath?: string
  /** How long clients may keep the metadata. Default 300. */
  readonly metadataMaxAgeSeconds?: number
  /** Default `preferred`: bound tokens need their proof, unbound tokens pass as Bearer. */
  readonly dpop?: DpopPolicy
  /**
   * How far a proof's time may lie from this server's clock, in both directions: 1 to 300. More
   * helps clients whose clocks are wrong, and gives whoever copies a proof that long to use it where no
   * store remembers it; less costs honest clients. Default 60, as in Dedalus.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-11.1}
   */
  readonly dpopLeewaySeconds?: number
  /**
   * Demands a nonce of this server in every proof, which ends the use of proofs that were made ahead of
   * time. A secret of 32 bytes or more that all processes of this server share; one process may draw
   * it at start. Locks out clients that do not answer `use_dpop_nonce`. Default none is demanded.
   */
  readonly dpopNonceSecret?: Uint8Array
  /** Needed for `ctx.dispatch` and for revocation. */
  readonly client?: ResourceClient
  /**
   * `false` accepts tokens until they expire; needed when there is no `client`. Only Holdfast's tokens
   * can be revoked: with an `authorizationProvider` this is off unless it is given.
   */
  readonly revocation?: RevocationOptions | false
  /** Paths that need no token, matched exactly, such as `/healthz`. Default none. */
  readonly publicPaths?: readonly string[]
  /**
   * Browser origins that may call this server, besides its own; pages of others get 403. Default `*`,
   * since no cookies are involved.
   */
  readonly allowedOrigins?: '*' | readonly string[]
  /** Human-readable name for the metadata. */
  readonly name?: string
  /** Absolute URL of documentation for the metadata. */
  readonly documentation?: string
  /** Replicas share one. Default a store in memory. */
  readonly replay?: ReplayStore
  /** Default WebCrypto; the Node bindings pass the synchronous hash. */
  readonly sha256?: Sha256
  /** Default WebCrypto; the Node bindings pass the synchronous check. */
  readonly verifySignature?: VerifySignature
  /** Default WebCrypto's; the Node bindings pass Node's own. */
  readonly importProofKey?: ImportProofKey
  /** Default the platform's. */
  readonly fetch?: Fetch
  /** Told about failures that are not the caller's: unreachable keys, a broken store. Default prints them. */
  readonly onError?: (error: unknown) => void
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

// ── protect-fetch.d.ts
import type { AuthenticatedRequest } from './authenticated-request.ts'
import type { ProtectedResource } from './protected-resource.ts'
import type { ResourceAnswer, ResourceRequest } from './resource-request.ts'
/** A fetch handler behind a guard; `context` is undefined only on public paths. */
export type ProtectedFetchHandler = (
  request: Request,
  context: AuthenticatedRequest | undefined,
) => Response | Promise<Response>
/** The guard's view of a Fetch API request. Repeated headers arrive joined by commas. */
export declare function fetchResourceRequest(request: Request): ResourceRequest
/** A finished answer as a Fetch API response. */
export declare const fetchAnswer: (answer: ResourceAnswer) => Response
/** Adds the guard's headers to those of the application's answer. */
export declare function addHeaders(headers: Headers, added: Readonly<Record<string, string>>): void
/**
 * Puts a guard in front of a fetch handler, as Workers, Deno, Bun and the MCP SDK v2 use it.
 *
 * @example
 * ```ts
 * const mcp = createMcpHandler(createServer)
 * const fetch = protectFetch(guard, (request, context) => mcp.fetch(request, context ?? {}))
 * ```
 */
export declare function protectFetch(
  resource: ProtectedResource,
  handler: ProtectedFetchHandler,
): (request: Request) => Promise<Response>

// ── protected-resource.d.ts
import { type AuthenticatedRequest } from './authenticated-request.ts'
import { type ResourceMetadata } from './metadata.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { type Decision, type ResourceAnswer, type ResourceRequest } from './resource-request.ts'
/** A resource server's guard, which a binding puts in front of an application. */
export interface ProtectedResource {
  readonly metadata: ResourceMetadata
  /** Where clients find the metadata: absolute and path-suffixed. */
  readonly metadataUrl: string
  /** Decides about one request. Never throws for what a caller sends. */
  readonly check: (request: ResourceRequest) => Promise<Decision>
  /**
   * The answer that asks for more scopes (403, or what the client understands), for an operation that
   * the token does not allow; undefined when it does.
   */
  readonly checkScopes: (
    request: ResourceRequest,
    admitted: AuthenticatedRequest,
    needed: readonly string[],
  ) => ResourceAnswer | undefined
}
/**
 * Guards an MCP server: serves its metadata, answers preflights, refuses requests without a valid
 * token and proof, and hands the rest on with what the token allows.
 *
 * @example
 * ```ts
 * const guard = protectedResource({
 *   issuer: 'https://auth.example',
 *   resource: 'https://mcp.example/mcp',
 *   scopes: { required: ['tools:call'] },
 *   client: { id: 'mcp-example', secret },
 * })
 * export default { fetch: protectFetch(guard, handleRequest) }
 * ```
 * @throws TypeError for options that cannot work
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728}
 */
export declare function protectedResource(options: ProtectedResourceOptions): ProtectedResource

// ── replay-check.d.ts
import type { ReplayStore } from '@holdfast/protocol/token'
/**
 * Checks a {@link ReplayStore} of your own: in your tests, and against the real database. Uses up
 * about a hundred identifiers.
 *
 * @param open - opens the store; called twice, as two processes would
 * @throws Error that names the broken rule
 */
export declare function checkReplayStore(
  open: () => ReplayStore | Promise<ReplayStore>,
): Promise<void>

// ── replay-fail-closed.d.ts
import { type ReplayStore } from '@holdfast/protocol/token'
/** Options of the stores that another machine may hold. */
export interface SharedReplayOptions {
  /** How long one answer of the store may take; the proof is refused then. Default 2000. */
  readonly timeoutMs?: number
}
/**
 * A store that refuses when it cannot tell: drivers keep questions while their server is away, and
 * callers would wait for it. A question that is answered too late has used the proof up.
 *
 * @throws TokenError `temporarily_unavailable` when the server is away or silent
 */
export declare function failClosed(
  store: ReplayStore,
  { timeoutMs }: SharedReplayOptions,
): ReplayStore

// ── replay-postgres.d.ts
import type { ReplayStore } from '@holdfast/protocol/token'
import { type SharedReplayOptions } from './replay-fail-closed.ts'
import { type ReplayTableOptions } from './replay-table.ts'
/** The part of a `pg` pool or client that is used. */
export interface PostgresClient {
  readonly query: (
    sql: string,
    values?: (string | number)[],
  ) => Promise<{
    readonly rowCount: number | null
    readonly rows: readonly unknown[]
  }>
}
/** Options of {@link createPostgresReplayStore}. */
export interface PostgresReplayOptions extends ReplayTableOptions, SharedReplayOptions {}
/** The table: create it by a migration, before the store is used. */
export declare const postgresReplaySchema: string
/**
 * Used proofs in PostgreSQL.
 *
 * @example
 * ```ts
 * const pool = new pg.Pool()
 * await pool.query(postgresReplaySchema)
 * protectedResource({ replay: createPostgresReplayStore(pool), … })
 * ```
 * @throws TokenError from `use`: `temporarily_unavailable` when the server is away or silent
 */
export declare function createPostgresReplayStore(
  client: PostgresClient,
  options?: PostgresReplayOptions,
): ReplayStore

// ── replay-redis.d.ts
import type { ReplayStore } from '@holdfast/protocol/token'
import { type SharedReplayOptions } from './replay-fail-closed.ts'
/**
 * The part of `node-redis` that is used. For `ioredis`:
 * `{ sendCommand: ([name, ...rest]) => redis.call(name, ...rest) }`.
 */
export interface RedisClient {
  readonly sendCommand: (command: string[]) => Promise<unknown>
}
/** Options of {@link createRedisReplayStore}. */
export interface RedisReplayOptions extends SharedReplayOptions {
  /** What the keys begin with. Default `holdfast:proof:`. */
  readonly prefix?: string
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/**
 * Used proofs in Redis or Valkey, one key each. The server must run with `maxmemory-policy noeviction`:
 * any other policy forgets proofs that are still good. A full server refuses, and so do we then. Use one
 * primary: replicas are behind, and a failover may forget the last proofs.
 *
 * @throws TokenError from `use`: `temporarily_unavailable` when the server is away or silent
 */
export declare function createRedisReplayStore(
  client: RedisClient,
  options?: RedisReplayOptions,
): ReplayStore

// ── replay-sqlite.d.ts
import type { ReplayStore } from '@holdfast/protocol/token'
import { type ReplayTableOptions } from './replay-table.ts'
/** The parts of `better-sqlite3` and `node:sqlite` that are used. */
export interface SqliteClient {
  readonly exec: (sql: string) => unknown
  readonly prepare: (sql: string) => {
    readonly run: (...values: (string | number)[]) => {
      readonly changes: number | bigint
    }
    readonly get: (...values: (string | number)[]) => unknown
  }
}
/** The table, for those who make theirs by migrations; the store makes it when it is missing. */
export declare const sqliteReplaySchema: string
/**
 * Used proofs in an SQLite file that processes of one machine share. Open it with a busy timeout, and
 * in WAL mode.
 *
 * @example
 * ```ts
 * const database = new Database('proofs.db', { timeout: 5000 })
 * database.pragma('journal_mode = WAL')
 * protectedResource({ replay: createSqliteReplayStore(database), … })
 * ```
 */
export declare function createSqliteReplayStore(
  database: SqliteClient,
  options?: ReplayTableOptions,
): ReplayStore

// ── replay-table.d.ts
/** Options of the stores that keep used proofs in a table. */
export interface ReplayTableOptions {
  /** Proofs held at once; further ones are refused. Default 1000000. */
  readonly maxEntries?: number
  /** How often expired proofs are removed. Default 30000. */
  readonly cleanupMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/** What a table does for {@link createTableReplayStore}. */
export interface ReplayTable {
  /** Whether the proof was not there yet. */
  readonly insert: (id: string, expiresAtMs: number) => boolean | Promise<boolean>
  /** Removes what expired before, and counts what is left. */
  readonly cleanUp: (beforeMs: number) => number | Promise<number>
}
/**
 * A proof's name as a database takes it: quoted, so that a NUL or half of a surrogate pair, which a
 * client may well send, is a name like any other.
 */
export declare const storedId: (id: string) => string
/**
 * A {@link ReplayStore} over a table with a primary key. Only time removes an entry; a full table
 * refuses further proofs, since one that dropped the oldest could be flushed by a flood.
 */
export declare function createTableReplayStore(
  table: ReplayTable,
  options: ReplayTableOptions,
): {
  readonly use: (id: string, expiresAtMs: number) => Promise<boolean>
}

// ── replay.d.ts
/**
 * Stores of used DPoP proofs. One process needs none of them: the guard has a store in memory. Several
 * processes behind one address share one of the others, or a proof is good once in each.
 *
 * @module
 */
export {
  createMemoryReplayStore,
  type MemoryReplayStoreOptions,
  type ReplayStore,
} from '@holdfast/protocol/token'
export { checkReplayStore } from './replay-check.ts'
export {
  createPostgresReplayStore,
  type PostgresClient,
  type PostgresReplayOptions,
  postgresReplaySchema,
} from './replay-postgres.ts'
export {
  createRedisReplayStore,
  type RedisClient,
  type RedisReplayOptions,
} from './replay-redis.ts'
export { createSqliteReplayStore, type SqliteClient, sqliteReplaySchema } from './replay-sqlite.ts'
export type { SharedReplayOptions } from './replay-fail-closed.ts'
export type { ReplayTableOptions } from './replay-table.ts'

// ── resource-request.d.ts
import type { AuthenticatedRequest } from './authenticated-request.ts'
/** An HTTP request as every binding hands it over. */
export interface ResourceRequest {
  readonly method: string
  /** Path and query as they came in, before any router cut off a prefix. */
  readonly target: string
  /** Every value of the named header, in lower case; more than one where the runtime tells. */
  readonly header: (name: string) => readonly string[]
}
/** A finished answer. */
export interface ResourceAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}
/**
 * What a binding must do: send the answer, or go on to the application and add the headers to what it
 * answers. `request` is undefined only for public paths.
 */
export type Decision =
  | {
      readonly answer: ResourceAnswer
      /** Why the request was refused, when it was. */
      readonly error?: unknown
    }
  | {
      readonly answer?: undefined
      readonly headers: Readonly<Record<string, string>>
      readonly request: AuthenticatedRequest | undefined
    }
/** The body of a refusal: the reason under OAuth's name for it, and under that of Dedalus servers. */
export declare const refusalBody: (
  error: string,
  reason: string,
) => Readonly<Record<'error' | 'error_description' | 'detail', string>>
/** A JSON answer. */
export declare function jsonAnswer(
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): ResourceAnswer

// ── scopes.d.ts
/**
 * Which scopes imply others. `prefix`: `files` and `files:*` imply `files:read` and everything else
 * below `files:`. A table: its left side implies its right side, and what that implies.
 */
export type ScopeHierarchy = 'prefix' | Readonly<Record<string, readonly string[]>>
/** Tells which of the needed scopes are not granted. */
export type MissingScopes = (
  granted: readonly string[],
  needed: readonly string[],
) => readonly string[]
/** Makes the comparison of granted with needed scopes. Without a hierarchy scopes match exactly. */
export declare function createScopeCheck(hierarchy: ScopeHierarchy | undefined): MissingScopes

// ── settings.d.ts
import type {
  DpopPolicy,
  ImportProofKey,
  ReplayStore,
  Sha256,
  VerifySignature,
} from '@holdfast/protocol/token'
import { type NonceWindow } from './dpop-nonces.ts'
import { type Fetch } from './http-client.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import type {
  ProtectedResourceOptions,
  ResourceClient,
  ResourceScopes,
  RevocationOptions,
  ScopeEnforcement,
} from './options.ts'
import { type MissingScopes } from './scopes.ts'
/** Checked options with every default filled in. */
export interface Settings {
  readonly issuer: string | undefined
  readonly authorizationProvider: AuthorizationProvider | undefined
  readonly authorizationServers: readonly string[]
  readonly resource: string
  /** Origin and prefix without trailing slash: a request's path is appended to it. */
  readonly publicBase: string
  readonly scopes: Required<ResourceScopes>
  readonly missingScopes: MissingScopes
  readonly scopeEnforcement: ScopeEnforcement
  readonly metadataPath: string | undefined
  readonly metadataMaxAgeSeconds: number
  readonly dpop: DpopPolicy
  readonly dpopLeewaySeconds: number
  /** Undefined when proofs need no nonce. */
  readonly dpopNonces: (() => Promise<NonceWindow>) | undefined
  readonly client: ResourceClient | undefined
  readonly revocation: Required<RevocationOptions> | undefined
  readonly publicPaths: ReadonlySet<string>
  readonly allowedOrigins: '*' | ReadonlySet<string>
  readonly name: string | undefined
  readonly documentation: string | undefined
  readonly replay: ReplayStore | undefined
  readonly sha256: Sha256 | undefined
  readonly verifySignature: VerifySignature | undefined
  readonly importProofKey: ImportProofKey | undefined
  readonly fetch: Fetch
  readonly onError: (error: unknown) => void
  readonly now: () => number
}
/** Settings of a server that has an account at a Holdfast authorization server. */
export type ConnectedSettings = Settings & {
  readonly issuer: string
  readonly client: ResourceClient
}
/** Whether the settings allow calls to the authorization server. */
export declare const isConnected: (settings: Settings) => settings is ConnectedSettings
/**
 * A Holdfast server's issuer.
 *
 * @param option - under what name it was given
 * @throws TypeError for one that is not safe or misspelt
 */
export declare function readIssuer(option: string, value: string): string
/** Where a server is reached, and by pages of which origins. */
type PublicPlace = Pick<ProtectedResourceOptions, 'resource' | 'publicUrl' | 'allowedOrigins'>
/** The origins whose pages may call, the server's own among them. */
export declare function readAllowedOrigins(
  options: PublicPlace,
  byDefault: '*' | readonly string[],
): '*' | ReadonlySet<string>
/**
 * Checks the options once, so that a wrong one stops the start and not a request.
 *
 * @throws TypeError that names the option and the fix
 */
export declare function readOptions(options: ProtectedResourceOptions): Settings
export {}

// ── stateless-handler.d.ts
import type { HandlerContext, OfficialHandler } from './mcp-server.ts'
/** The parts of SDK v1's `WebStandardStreamableHTTPServerTransport` that are used here. */
export interface WebTransport {
  readonly handleRequest: (request: Request, context?: HandlerContext) => Promise<Response>
}
/** The part of SDK v1's `McpServer` that takes a transport. */
export interface ConnectableServer {
  readonly connect: (transport: never) => Promise<void>
}
/**
 * A handler for servers of SDK v1: a fresh server and transport for each request.
 *
 * @example
 * ```ts
 * handler: statelessHandler(() => new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true }))
 * ```
 */
export declare function statelessHandler(
  createTransport: () => WebTransport,
): (createServer: () => ConnectableServer) => OfficialHandler

// ── token-exchange.d.ts
import { type DpopKey, type GrantedConnections } from '@holdfast/protocol/token'
import { type ConnectLinks } from './connect-links.ts'
import type { ConnectedSettings } from './settings.ts'
/** A token that lets this server dispatch for one user, with the key that it is bound to. */
export interface DispatchToken {
  readonly accessToken: string
  readonly key: DpopKey
  /** What the grant held when it was issued, where that can be read. */
  readonly connections: GrantedConnections | undefined
}
/** What came of asking for a connection: all that the grant holds now, or where the user makes it. */
export interface AskedFor extends ConnectLinks {
  readonly connections?: GrantedConnections | undefined
  /** Why the user can make none, in the authorization server's words. */
  readonly reason?: string | undefined
}
/** The user's token on the way into an exchange. */
export interface SubjectToken {
  readonly token: string
  /** The token's hash, under which the result is kept. */
  readonly hash: string
}
/** Exchanges users' tokens for dispatch tokens. */
export interface TokenExchange {
  /** @throws DispatchError `NOT_AUTHORIZED` or `GATEWAY_UNREACHABLE` */
  readonly exchange: (subject: SubjectToken) => Promise<DispatchToken>
  /** Exchanges anew for a connection that the token does not name, or that no longer works. */
  readonly ask: (subject: SubjectToken, connection: string | undefined) => Promise<AskedFor>
  /** What the last exchange of this token has named. */
  readonly held: (subject: SubjectToken) => GrantedConnections | undefined
  /** Forgets a dispatch token that was refused. */
  readonly forget: (subject: SubjectToken) => void
}
/**
 * Exchanges by RFC 8693 with this server's own client and DPoP key, once per user token: concurrent
 * callers share one exchange, and its result serves until it expires.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693#section-2.1}
 */
export declare function createTokenExchange(settings: ConnectedSettings): TokenExchange

// ── tool-error.d.ts
/**
 * A failure of a tool that its caller should read: it becomes the tool result `[CODE] message`.
 *
 * @example
 * ```ts
 * if (file === undefined) throw new ToolError('NOT_FOUND', 'there is no such file')
 * ```
 */
export declare class ToolError extends Error {
  readonly name = 'ToolError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions)
}

// ── tool-result.d.ts
/** A resource that a result refers to or holds. */
export interface ResultResource {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly text?: string
  readonly blob?: string
}
/** One part of a {@link ToolResult}. */
export type ToolContent = (
  | {
      readonly type: 'text'
      readonly text: string
    }
  | {
      readonly type: 'image' | 'audio'
      readonly data: string
      readonly mimeType: string
    }
  | {
      readonly type: 'resource_link'
      readonly uri: string
      readonly name: string
      readonly title?: string | undefined
      readonly description?: string | undefined
      readonly mimeType?: string | undefined
    }
  | {
      readonly type: 'resource'
      readonly resource: ResultResource
    }
) & {
  readonly annotations?: object | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}
/**
 * What a tool's handler returns: a result of either official SDK, or the `input_required` of SDK v2,
 * which asks the client for something first.
 */
export type ToolResult =
  | {
      readonly content: readonly ToolContent[]
      /** What fits the tool's `outputSchema`. */
      readonly structuredContent?: unknown
      readonly isError?: boolean | undefined
      readonly _meta?: Readonly<Record<string, unknown>> | undefined
    }
  | {
      readonly resultType: 'input_required'
    }
/**
 * What the official SDKs put into a handler's context: v2 under `mcpReq`, v1 at the top. For all of it,
 * name the SDK's own type: `(input, ctx: ServerContext & ToolContext) => …`.
 */
export interface CallContext {
  readonly sessionId?: string | undefined
  /** SDK v2. */
  readonly mcpReq?: {
    readonly id: string | number
    readonly method: string
    /** Ends when the client cancels the call or goes away. */
    readonly signal: AbortSignal
  }
  /** SDK v1. */
  readonly requestId?: string | number
  /** SDK v1: ends when the client cancels the call or goes away. */
  readonly signal?: AbortSignal
}

// ── tool.d.ts
import type { ToolOperation } from '@holdfast/protocol/tool-manifest'
import type { ToolContext } from './authorized-tool.ts'
import type { Connection } from './connection.ts'
import type { CallContext, ToolResult } from './tool-result.ts'
/** A schema that tells its output type: Zod's and every other that follows Standard Schema. */
export interface InputSchema<Input> {
  readonly '~standard': {
    readonly types?:
      | {
          readonly output: Input
        }
      | undefined
  }
}
/** Definition of a {@link tool}. */
export interface ToolOptions<Input> {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: InputSchema<Input>
  readonly outputSchema?: object
  readonly annotations?: object
  readonly icons?: readonly object[]
  readonly _meta?: Readonly<Record<string, unknown>>
  /** Scopes that the token must hold for this tool, besides the server's own. Default none. */
  readonly requiredScopes?: readonly string[]
  /** Connections that it dispatches to. */
  readonly connections?: readonly (Connection | string)[]
  /** What it does upstream, in words for the consent page. */
  readonly operations?: readonly ToolOperation[]
}
/** A tool that `server.collect` adds to a server. */
export interface Tool {
  readonly name: string
  readonly options: ToolOptions<unknown>
  readonly handler: (parameters: unknown, context: unknown) => unknown
}
/**
 * Defines a tool, apart from any server.
 *
 * @throws TypeError for options that are missing, unknown or of a wrong type
 * @example
 * ```ts
 * export const whoami = tool(
 *   { name: 'whoami', description: 'Tells who you are.', inputSchema: z.object({}) },
 *   async (_input, ctx) => ({ content: [{ type: 'text', text: ctx.auth.subject }] }),
 * )
 * ```
 */
export declare function tool<Input, Context extends CallContext = CallContext>(
  options: ToolOptions<Input>,
  handler: (input: Input, context: Context & ToolContext) => ToolResult | Promise<ToolResult>,
): Tool

// ── typed-response.d.ts
import type { DispatchBody, HttpResponse } from '@holdfast/protocol/dispatch'
/** A schema of any library that follows Standard Schema, such as Zod, Valibot or ArkType. */
export interface BodySchema<Body> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult<Body> | Promise<SchemaResult<Body>>
  }
}
/** What a {@link BodySchema} says about a value. */
export type SchemaResult<Body> =
  | {
      readonly value: Body
      readonly issues?: undefined
    }
  | {
      readonly issues: readonly {
        readonly message: string
      }[]
    }
/** An upstream's answer whose 2xx body was checked. */
export type TypedResponse<Body> = Omit<HttpResponse, 'body'> &
  (
    | {
        readonly ok: true
        readonly body: Body
      }
    | {
        readonly ok: false
        readonly body: DispatchBody
      }
  )
/** Checks the body of a 2xx answer. @throws DispatchError `UNEXPECTED_RESPONSE` */
export declare function typedResponse<Body>(
  response: HttpResponse,
  schema: BodySchema<Body>,
): Promise<TypedResponse<Body>>
