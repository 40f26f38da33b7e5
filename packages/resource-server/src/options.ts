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
