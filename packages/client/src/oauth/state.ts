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

export const emptyState: OAuthState = { registrations: {}, boundClients: {}, grants: {} }
