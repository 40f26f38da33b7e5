import type {
  DpopPolicy,
  ImportProofKey,
  ReplayStore,
  Sha256,
  VerifySignature,
} from '@holdfast/protocol/token'
import { createDpopNonces, type NonceWindow } from './dpop-nonces.ts'
import { type Fetch, platformFetch } from './http-client.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import { createScopeCheck, type MissingScopes, type ScopeHierarchy } from './scopes.ts'

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
  /** Issuers that the metadata names to clients. Default `issuer`. */
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
  /** Told about failures that are not the caller's: unreachable keys, a broken store. */
  readonly onError?: (error: unknown) => void
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

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
export const isConnected = (settings: Settings): settings is ConnectedSettings =>
  settings.issuer !== undefined && settings.client !== undefined

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const refuse = (why: string): never => {
  throw new TypeError(`protectedResource: ${why}`)
}

function readUrl(option: string, value: string): URL {
  if (!URL.canParse(value)) return refuse(`${option} must be an absolute URL`)
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return refuse(`${option} must be an http or https URL`)
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '') {
    return refuse(`${option} must have no query, fragment or user`)
  }
  return url
}

// An issuer and a resource are compared byte for byte, so only one spelling can be right.
function readIdentifier(option: string, value: string): string {
  const url = readUrl(option, value)
  const canonical = url.pathname === '/' ? url.origin : url.href
  return value === canonical ? value : refuse(`${option} must be written ${canonical}`)
}

function readIssuer(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const { protocol, hostname } = readUrl('issuer', value)
  if (protocol === 'http:' && !loopbackHosts.includes(hostname)) {
    refuse('issuer must use https unless it is on a loopback address')
  }
  return readIdentifier('issuer', value)
}

function readScopes(scopes: ResourceScopes): Required<ResourceScopes> {
  const required = scopes.required ?? []
  const supported = [...new Set([...required, ...(scopes.supported ?? [])])]
  const requested = scopes.requested ?? supported
  for (const scope of [...supported, ...requested]) {
    if (!scopePattern.test(scope)) refuse('a scope holds a blank, a quote or a backslash')
  }
  return { required, supported, requested }
}

// An external issuer's spelling is its own: Auth0's ends with a slash.
function readServers(options: ProtectedResourceOptions): readonly string[] {
  const { issuer, authorizationServers, authorizationProvider } = options
  if (issuer === undefined && authorizationProvider === undefined) {
    refuse('give issuer, or an authorizationProvider')
  }
  const servers = authorizationServers ?? (issuer === undefined ? [] : [issuer])
  if (servers.length === 0) refuse('name the issuers in authorizationServers')
  for (const server of servers) {
    const { protocol, hostname } = readUrl('authorizationServers', server)
    if (protocol === 'http:' && !loopbackHosts.includes(hostname)) {
      refuse('authorizationServers must use https unless on a loopback address')
    }
  }
  return servers
}

function readMetadataPath(path: string | undefined): string | undefined {
  if (path === undefined || /^\/(?:[A-Za-z0-9._~-]+\/)*[A-Za-z0-9._~-]+$/.test(path)) return path
  return refuse('metadataPath must be a plain path')
}

function readNonces(
  secret: Uint8Array | undefined,
  dpop: DpopPolicy,
  now: () => number,
): Settings['dpopNonces'] {
  if (secret === undefined) return undefined
  if (!(secret instanceof Uint8Array) || secret.length < 32) {
    return refuse('dpopNonceSecret must be 32 bytes or more')
  }
  if (dpop === 'off') refuse('dpopNonceSecret needs dpop: preferred or required')
  return createDpopNonces(new Uint8Array(secret), now)
}

function readRevocation(options: ProtectedResourceOptions): Settings['revocation'] {
  const isExternal = options.authorizationProvider !== undefined
  if (options.revocation === false) return undefined
  if (options.revocation === undefined && isExternal) return undefined
  if (options.client === undefined) {
    return refuse('give client, or say revocation: false to accept tokens until they expire')
  }
  const { maxStaleMs = 1000, outageGraceMs = 0 } = options.revocation ?? {}
  if (!(maxStaleMs >= 0) || !(outageGraceMs >= 0)) refuse('revocation times must not be negative')
  return { maxStaleMs, outageGraceMs }
}

/**
 * Checks the options once, so that a wrong one stops the start and not a request.
 *
 * @throws TypeError that names the option and the fix
 */
export function readOptions(options: ProtectedResourceOptions): Settings {
  const resource = readIdentifier('resource', options.resource)
  const publicUrl = readUrl('publicUrl', options.publicUrl ?? new URL(resource).origin)
  const { metadataMaxAgeSeconds = 300, dpop = 'preferred', now = Date.now } = options
  if (!(metadataMaxAgeSeconds >= 0)) refuse('metadataMaxAgeSeconds must not be negative')
  if (options.client !== undefined && options.issuer === undefined) {
    refuse('client needs issuer, the Holdfast server that knows it')
  }
  return Object.freeze({
    issuer: readIssuer(options.issuer),
    authorizationProvider: options.authorizationProvider,
    authorizationServers: readServers(options),
    missingScopes: createScopeCheck(options.scopeHierarchy),
    scopeEnforcement: options.scopeEnforcement ?? 'auto',
    metadataPath: readMetadataPath(options.metadataPath),
    metadataMaxAgeSeconds,
    resource,
    publicBase: publicUrl.href.replace(/\/+$/, ''),
    scopes: readScopes(options.scopes ?? {}),
    dpop,
    dpopNonces: readNonces(options.dpopNonceSecret, dpop, now),
    client: options.client,
    revocation: readRevocation(options),
    publicPaths: new Set(options.publicPaths),
    allowedOrigins:
      options.allowedOrigins === undefined || options.allowedOrigins === '*'
        ? '*'
        : new Set([publicUrl.origin, ...options.allowedOrigins]),
    name: options.name,
    documentation: options.documentation,
    replay: options.replay,
    sha256: options.sha256,
    verifySignature: options.verifySignature,
    importProofKey: options.importProofKey,
    fetch: options.fetch ?? platformFetch,
    onError: options.onError ?? (() => undefined),
    now,
  })
}
