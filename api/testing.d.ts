// The public surface of @holdfast/testing. Written by scripts/packages/api-report.mjs.
// . is index.d.ts
// ./tls is tls.d.ts

// ── connect-client.d.ts
import { type Auth } from '@holdfast/client'
import type { Client, ClientOptions } from '@modelcontextprotocol/client'
/** The official MCP client, which closes when it is disposed of. */
export type TestClient = Client & AsyncDisposable
/**
 * Connects the official MCP client to a server under test.
 *
 * @param auth - a bearer token, or any `Auth` of `@holdfast/client`, such as `DPoPAuth`
 * @param options - of the official client; by default the protocol version is negotiated
 */
export declare function connectClient(
  url: string,
  auth: string | Auth,
  options?: ClientOptions,
): Promise<TestClient>

// ── connections.d.ts
import { type ConnectionHandle, type ConnectionPolicy } from '@holdfast/protocol'
/** A connection of the dispatch double. */
export interface TestConnection {
  /** Default `test`. */
  readonly provider?: string
  /** The upstream, such as the `url` of `startEchoUpstream`. */
  readonly baseUrl: string
  /** The header that carries the credential, with what it says. A secret, as real as the test makes it. */
  readonly credential: {
    readonly header: string
    readonly value: string
  }
  /** Authority of the upstream's certificate. Default: those that the system trusts. */
  readonly caPem?: string
  /** Default: everything is allowed, unlike a real connection's. */
  readonly policy?: ConnectionPolicy
}
/** Connections by handle. */
export interface TestConnections {
  readonly add: (connection: TestConnection) => ConnectionHandle
  readonly find: (handle: string) => TestConnection | undefined
}
/** Connections that are kept in plain text in this process. */
export declare function createTestConnections(): TestConnections

// ── echo-upstream.d.ts
/** A request as it reached the upstream. Holds the credential in plain text. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}
/** An API over TLS that answers with what it was sent. */
export interface EchoUpstream extends AsyncDisposable {
  /** `https://localhost:<port>` */
  readonly url: string
  /** What a caller has to trust. */
  readonly caPem: string
  /** Every request so far. */
  readonly seen: readonly SeenRequest[]
}
/**
 * Starts an API that answers `{ method, path, headers, body }`, credential and all: whoever claims
 * that a credential does not come back can be tested with it. `/status/<code>` answers that status.
 */
export declare function startEchoUpstream(): Promise<EchoUpstream>

// ── index.d.ts
/**
 * Tests of protected MCP servers without a Holdfast installation: an authorization server in the
 * test's own process, an upstream over TLS, and the official client.
 *
 * @module
 */
export { connectClient, type TestClient } from './connect-client.ts'
export type { TestConnection } from './connections.ts'
export { type EchoUpstream, type SeenRequest, startEchoUpstream } from './echo-upstream.ts'
export type { Revocation } from './revocations.ts'
export {
  createTestIssuer,
  type FetchServer,
  type ServedServer,
  type TestAuthorization,
  type TestIssuer,
} from './test-issuer.ts'
export type { TokenOptions } from './token-options.ts'

// ── revocations.d.ts
/** What can be revoked: everything of a user, a client or a grant, or one token by its `jti`. */
export interface Revocation {
  readonly kind: 'user' | 'client' | 'grant' | 'token'
  readonly value: string
}
/** The deny list of a test issuer. */
export interface Revocations {
  readonly add: (revocation: Revocation) => void
  readonly has: (revocation: Revocation) => boolean
  /** What the deny list endpoint answers. */
  readonly document: () => {
    readonly epoch: number
    readonly entries: readonly object[]
  }
}
/** An empty deny list. */
export declare function createRevocations(): Revocations

// ── test-issuer.d.ts
import type { ConnectionHandle } from '@holdfast/protocol'
import type { ToolManifest } from '@holdfast/protocol/tool-manifest'
import { type TestConnection } from './connections.ts'
import { type Revocation } from './revocations.ts'
import { type TokenOptions } from './token-options.ts'
/** The `authorization` of a server under test, complete with its own client at the test issuer. */
export interface TestAuthorization {
  readonly resource: string
  readonly authorizationServers: readonly [string]
  readonly client: {
    readonly id: string
    readonly secret: string
  }
  readonly revocation: {
    readonly maxStaleMs: number
  }
}
/** What can be served: `MCPServer` and everything else that answers a fetch request. */
export interface FetchServer {
  readonly fetch: (request: Request) => Promise<Response>
}
/** A server under test that listens on 127.0.0.1. */
export interface ServedServer<Server extends FetchServer> extends AsyncDisposable {
  /** Where clients connect; its resource identifier too. */
  readonly url: string
  readonly server: Server
}
/** An authorization server in this process. */
export interface TestIssuer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: metadata, keys, token exchange, deny list and dispatch are there. */
  readonly issuer: string
  /** A token signed by the issuer's key, as the real server would issue it. */
  readonly issueToken: (options?: TokenOptions) => Promise<string>
  /** Takes effect with the next request. */
  readonly revoke: (revocation: Revocation) => void
  /** Serves what the callback makes of the authorization that it is given. */
  readonly serve: <Server extends FetchServer>(
    make: (authorization: TestAuthorization) => Server,
  ) => Promise<ServedServer<Server>>
  /**
   * Adds a connection to the dispatch double, which is no vault: it keeps the credential in plain
   * text in this process. Name the handle in `issueToken({ connections })`.
   */
  readonly addConnection: (connection: TestConnection) => ConnectionHandle
  /**
   * What `publishManifest` said about the tools of a server. Default: of the one that was served last.
   */
  readonly manifest: (resource?: string) => ToolManifest | undefined
}
/**
 * Starts an authorization server in this process: real keys, real metadata, real signatures, checked
 * by the same code as in production. There is no sign-in: `issueToken` is the person who agrees.
 *
 * @example
 * ```ts
 * await using issuer = await createTestIssuer()
 * await using files = await issuer.serve((authorization) => filesServer(authorization))
 * const token = await issuer.issueToken({ scopes: ['files:read'] })
 * ```
 */
export declare function createTestIssuer(): Promise<TestIssuer>

// ── tls.d.ts
/** A certificate with its private key, both PEM. */
export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
}
/** An authority that clients can be told to trust. */
export interface CertificateAuthority {
  readonly caPem: string
  /** Issues a server certificate for DNS names and IPv4 addresses, or a client's. */
  issue(names: readonly string[], options?: IssueOptions): Certificate
}
/** What a certificate is for, and when. */
export interface IssueOptions {
  /** Default `server`. */
  readonly usage?: 'server' | 'client'
  /** Default: yesterday. */
  readonly fromMs?: number
  /** Default: in 30 days. */
  readonly untilMs?: number
}
/** Makes an authority with a P-256 key that exists only in this process. */
export declare function createAuthority(name?: string): CertificateAuthority

// ── token-options.d.ts
import type { DpopKey } from '@holdfast/protocol/token'
/** What a test token says. */
export interface TokenOptions {
  /** Default none. */
  readonly scopes?: readonly string[]
  /** Default `usr_test`. */
  readonly sub?: string
  /** Default `test-client`. */
  readonly clientId?: string
  /** The server that it is for. Default: the one that was served last. */
  readonly resource?: string
  /** Handles by connection name, as `addConnection` answers them. */
  readonly connections?: Readonly<Record<string, string>>
  /** Binds the token to a key; without it it is a bearer token. */
  readonly dpopKey?: DpopKey
  /** Default 300; negative for a token that has expired. */
  readonly expiresInSeconds?: number
  /** Further claims, also instead of those above. */
  readonly claims?: Readonly<Record<string, unknown>>
}
/** The claims of an access token as the real server writes them. */
export declare function claimsOf(options: TokenOptions, resource: string): Record<string, unknown>
