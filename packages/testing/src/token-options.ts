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
export function claimsOf(options: TokenOptions, resource: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  const { scopes = [], sub = 'usr_test', clientId = 'test-client', dpopKey } = options
  const exp = now + (options.expiresInSeconds ?? 300)
  return {
    aud: resource,
    sub,
    client_id: clientId,
    iat: Math.min(now, exp - 1),
    exp,
    scope: scopes.join(' '),
    'ddls:grant': `grant-of-${sub}`,
    ...(options.connections && { 'ddls:connections': options.connections }),
    ...(dpopKey && { cnf: { jkt: dpopKey.jkt } }),
    ...options.claims,
  }
}
