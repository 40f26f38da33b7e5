import { checkOptions } from './check-options.ts'
import { authorizationNames, authorizationTable } from './known-options.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { isLoopback } from './secure-url.ts'
import { readIssuer } from './settings.ts'

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

// Read without naming Node's global, which other runtimes do not have.
function isProduction(): boolean {
  const environment = (Reflect.get(globalThis, 'process') as { env?: Record<string, string> })?.env
  return environment?.['NODE_ENV'] === 'production'
}

function checkFailOpen(options: AuthorizationOptions): void {
  if (options.failOpen !== true) return
  if (isProduction())
    throw new TypeError('MCPServer authorization: failOpen is refused in production')
  const places = [options.resource, options.publicUrl ?? options.resource]
  const areLocal = places.map((place) => URL.parse(place)).every((url) => url && isLoopback(url))
  if (!areLocal) {
    throw new TypeError(
      'MCPServer authorization: failOpen is for a server on a loopback address only',
    )
  }
}

/** @throws TypeError for options that are missing, unknown or of a wrong type, or are not safe */
export function checkAuthorization(options: AuthorizationOptions): void {
  checkOptions('MCPServer authorization', options, authorizationTable, authorizationNames)
  checkFailOpen(options)
}

/**
 * The Holdfast server, which gets this server's secret and its users' tokens: so nothing but what was
 * named as such. Undefined where all tokens come from another issuer and Holdfast is not in play.
 */
function holdfastIssuer(options: AuthorizationOptions): string | undefined {
  const { issuer, authorizationServers, authorizationProvider, client } = options
  if (authorizationProvider === undefined) {
    if (issuer !== undefined && !authorizationServers.includes(issuer)) {
      throw new TypeError('MCPServer authorization: authorizationServers must name issuer')
    }
    const [first = ''] = authorizationServers
    return issuer ?? readIssuer('the first of authorizationServers', first)
  }
  if (client !== undefined && issuer === undefined) {
    throw new TypeError(
      'MCPServer authorization: client, together with an authorizationProvider, needs issuer, ' +
        'the Holdfast server that knows it; authorizationServers then names the issuer of the tokens',
    )
  }
  return issuer
}

/** The guard's options. @throws TypeError for options that cannot work or are not safe */
export function guardOptions(
  options: AuthorizationOptions,
  toolScopes: readonly string[],
): ProtectedResourceOptions {
  const { enabled: _enabled, failOpen: _failOpen, issuer: _issuer, ...named } = options
  const {
    requiredScopes = [],
    requestedScopes,
    dpopRequired,
    dpopLeeway,
    cacheTtl,
    ...rest
  } = named
  const issuer = holdfastIssuer(options)
  return {
    ...rest,
    ...(issuer === undefined ? {} : { issuer }),
    dpop: dpopRequired === true ? 'required' : 'preferred',
    scopes: {
      required: requiredScopes,
      supported: toolScopes,
      ...(requestedScopes === undefined ? {} : { requested: requestedScopes }),
    },
    ...(dpopLeeway === undefined ? {} : { dpopLeewaySeconds: dpopLeeway }),
    ...(cacheTtl === undefined ? {} : { metadataMaxAgeSeconds: cacheTtl }),
  }
}
