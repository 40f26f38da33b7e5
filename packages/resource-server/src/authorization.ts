import type { ProtectedResourceOptions } from './options.ts'

/**
 * The `authorization` of an `MCPServer`: the guard's options, under the names that servers of the
 * Dedalus framework use where the two differ.
 */
export interface AuthorizationOptions extends Omit<
  ProtectedResourceOptions,
  'scopes' | 'dpop' | 'dpopLeewaySeconds' | 'issuer' | 'metadataMaxAgeSeconds'
> {
  /** `false` switches the guard off: tools that need scopes then refuse to run. Default true. */
  readonly enabled?: boolean
  /** Issuers of tokens. The first is the Holdfast server, unless an `authorizationProvider` is set. */
  readonly authorizationServers: readonly [string, ...string[]]
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
   * Answers requests whose token cannot be checked or is wrong, for work on a server without its
   * issuer. Never opens a tool, and only where `resource` is a loopback address. Default false.
   */
  readonly failOpen?: boolean
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

// Read without naming Node's global, which other runtimes do not have.
function isProduction(): boolean {
  const environment = (Reflect.get(globalThis, 'process') as { env?: Record<string, string> })?.env
  return environment?.['NODE_ENV'] === 'production'
}

function checkFailOpen(options: AuthorizationOptions): void {
  if (options.failOpen !== true) return
  if (isProduction()) throw new TypeError('failOpen is refused in production')
  if (!loopbackHosts.includes(new URL(options.resource).hostname)) {
    throw new TypeError('failOpen is for a resource on a loopback address only')
  }
}

/** The guard's options. @throws TypeError for `failOpen` where others can reach the server */
export function guardOptions(
  options: AuthorizationOptions,
  toolScopes: readonly string[],
): ProtectedResourceOptions {
  checkFailOpen(options)
  const { enabled: _enabled, failOpen: _failOpen, ...named } = options
  const {
    requiredScopes = [],
    requestedScopes,
    dpopRequired,
    dpopLeeway,
    cacheTtl,
    ...rest
  } = named
  const { authorizationServers, authorizationProvider, client } = options
  const [first] = authorizationServers
  // With a provider of another issuer, Holdfast is only in play where the server has a client there.
  const usesHoldfast = authorizationProvider === undefined || client !== undefined
  return {
    ...rest,
    ...(usesHoldfast ? { issuer: first } : {}),
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
