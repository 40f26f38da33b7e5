import type {
  DpopPolicy,
  ImportProofKey,
  ReplayStore,
  Sha256,
  VerifySignature,
} from '@holdfast/protocol/token'
import { checkOptions } from './check-options.ts'
import { createDpopNonces, type NonceWindow } from './dpop-nonces.ts'
import { type Fetch, platformFetch } from './http-client.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import { guardNames, guardTable } from './known-options.ts'
import type {
  ProtectedResourceOptions,
  ResourceClient,
  ResourceScopes,
  RevocationOptions,
  ScopeEnforcement,
} from './options.ts'
import { createGuardFailurePrinter } from './print-failure.ts'
import { isSecure } from './secure-url.ts'
import { createScopeCheck, type MissingScopes } from './scopes.ts'

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
export const isConnected = (settings: Settings): settings is ConnectedSettings =>
  settings.issuer !== undefined && settings.client !== undefined

const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const refuse = (why: string): never => {
  throw new TypeError(`guard: ${why}`)
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

/**
 * A Holdfast server's issuer.
 *
 * @param option - under what name it was given
 * @throws TypeError for one that is not safe or misspelt
 */
export function readIssuer(option: string, value: string): string {
  if (!isSecure(readUrl(option, value))) {
    refuse(`${option} must use https unless it is on a loopback address`)
  }
  return readIdentifier(option, value)
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
  const own = issuer === undefined || authorizationProvider !== undefined ? [] : [issuer]
  const servers = authorizationServers ?? own
  if (servers.length === 0) refuse('name the issuers in authorizationServers')
  for (const server of servers) {
    if (!isSecure(readUrl('authorizationServers', server))) {
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
  return { maxStaleMs, outageGraceMs }
}

function readPublicUrl({ resource, publicUrl }: PublicPlace): URL {
  return readUrl('publicUrl', publicUrl ?? readUrl('resource', resource).origin)
}

/** Where a server is reached, and by pages of which origins. */
type PublicPlace = Pick<ProtectedResourceOptions, 'resource' | 'publicUrl' | 'allowedOrigins'>

/** The origins whose pages may call, the server's own among them. */
export function readAllowedOrigins(
  options: PublicPlace,
  byDefault: '*' | readonly string[],
): '*' | ReadonlySet<string> {
  const { allowedOrigins = byDefault } = options
  if (allowedOrigins === '*') return '*'
  return new Set([readPublicUrl(options).origin, ...allowedOrigins])
}

/**
 * Checks the options once, so that a wrong one stops the start and not a request.
 *
 * @throws TypeError that names the option and the fix
 */
export function readOptions(options: ProtectedResourceOptions): Settings {
  checkOptions('protectedResource', options, guardTable, guardNames)
  const resource = readIdentifier('resource', options.resource)
  const publicUrl = readPublicUrl(options)
  const { metadataMaxAgeSeconds = 300, dpop = 'preferred', now = Date.now } = options
  if (options.client !== undefined && options.issuer === undefined) {
    refuse('client needs issuer, the Holdfast server that knows it')
  }
  return Object.freeze({
    issuer: options.issuer === undefined ? undefined : readIssuer('issuer', options.issuer),
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
    dpopLeewaySeconds: options.dpopLeewaySeconds ?? 60,
    dpopNonces: readNonces(options.dpopNonceSecret, dpop, now),
    client: options.client,
    revocation: readRevocation(options),
    publicPaths: new Set(options.publicPaths),
    allowedOrigins: readAllowedOrigins(options, '*'),
    name: options.name,
    documentation: options.documentation,
    replay: options.replay,
    sha256: options.sha256,
    verifySignature: options.verifySignature,
    importProofKey: options.importProofKey,
    fetch: options.fetch ?? platformFetch,
    onError: options.onError ?? createGuardFailurePrinter(now),
    now,
  })
}
