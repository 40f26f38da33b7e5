import { hash, randomBytes } from 'node:crypto'
import type { Client, JsonObject, Storage } from '@holdfast/storage'
import type { AppContext } from '../../context.ts'
import { HttpProblem } from '../../http/problem.ts'
import { newSecret } from '../clients.ts'
import { acceptMetadata } from '../self-service-metadata.ts'

/** How clients that register themselves may authenticate. */
export const dynamicAuthMethods: readonly string[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
]

/** A client and what it is told once. */
export interface DynamicClient {
  readonly client: Client
  readonly created: boolean
  readonly secret: string | undefined
  /** For RFC 7592; undefined for a client that may have several owners. */
  readonly managementToken: string | undefined
}

type Context = Pick<AppContext, 'config'> & { readonly storage: Pick<Storage, 'dynamicClients'> }

/**
 * Registers a client that nobody vouches for. Public clients with the same metadata are one client:
 * it has no secret to share, and no owner who could change it.
 *
 * @throws RegistrationError; HttpProblem 503 when there is no room
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591#section-3}
 */
export async function registerDynamic(
  { config, storage }: Context,
  given: Readonly<Record<string, unknown>>,
): Promise<DynamicClient> {
  const metadata = acceptMetadata(given, { authMethods: dynamicAuthMethods })
  const isPublic = metadata['token_endpoint_auth_method'] === 'none'
  const secret = needsSecret(metadata) ? newSecret() : undefined
  const managementToken = isPublic ? undefined : newManagementToken()
  const registered = await storage.dynamicClients.register(
    {
      clientId: `dcr_${randomBytes(16).toString('base64url')}`,
      metadata,
      secret,
      fingerprint: isPublic ? fingerprintOf(metadata) : undefined,
      managementHash: managementToken === undefined ? undefined : hashOf(managementToken),
    },
    config.registration.maxClients,
  )
  if (!registered.client) {
    throw new HttpProblem(503, 'this server has no room for another client', {
      error: 'temporarily_unavailable',
      headers: { 'Retry-After': '3600' },
    })
  }
  return { client: registered.client, created: registered.created, secret, managementToken }
}

export const needsSecret = (metadata: JsonObject): boolean =>
  (metadata['token_endpoint_auth_method'] as string).startsWith('client_secret_')

export const newManagementToken = (): string => `hrm_${randomBytes(32).toString('base64url')}`

export const hashOf = (token: string): Uint8Array => hash('sha256', token, 'buffer')

const fingerprintOf = (metadata: JsonObject): Uint8Array =>
  hash('sha256', JSON.stringify(Object.entries(metadata).toSorted(byName)), 'buffer')

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1
