import { type ClientSource, sourceProperty } from '@holdfast/storage'
import { errors } from 'oidc-provider'
import { grantTypes } from '../oauth/grant-types.ts'

/** The grants of clients that registered themselves: a person consents to each of their tokens. */
export const selfServiceGrants: readonly string[] = [
  grantTypes.authorizationCode,
  grantTypes.refreshToken,
]

const staticSources: ReadonlySet<unknown> = new Set<ClientSource>(['builtin', 'manual'])

/** The library's clients, as far as this matters. */
export interface SourcedClient {
  readonly clientId: string
  readonly [sourceProperty]?: unknown
}

/** True for a client that an administrator, or this server itself, registered. */
export const isStaticClient = (client: SourcedClient): boolean =>
  staticSources.has(client[sourceProperty])

/**
 * Keeps a grant to clients that an administrator registered. Whoever may register a client without
 * being asked who they are must not get a token without asking a person.
 *
 * @throws UnauthorizedClient
 */
export function requireStaticClient(client: SourcedClient): void {
  if (isStaticClient(client)) return
  throw new errors.UnauthorizedClient(
    'this client registered itself and may only use authorization_code and refresh_token',
  )
}
