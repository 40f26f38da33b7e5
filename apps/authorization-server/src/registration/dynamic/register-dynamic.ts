import { hash, randomBytes } from 'node:crypto'
import type { Client, JsonObject, Storage } from '@holdfast/storage'
import type { AppContext } from '../../context.ts'
import { HttpProblem } from '../../http/problem.ts'
import { newSecret } from '../clients.ts'
import type { MetadataRules } from '../self-service-metadata.ts'

/** What holds for clients that register themselves. */
export const dynamicRules = ({ issuer }: Pick<AppContext['config'], 'issuer'>): MetadataRules => ({
  authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  issuer,
})

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
 * The client that registered with the same metadata before. Only public ones are one client: it has no
 * secret to share, and no owner who could change it.
 */
export async function findEqualClient(
  { storage }: Context,
  metadata: JsonObject,
): Promise<DynamicClient | undefined> {
  const fingerprint = fingerprintOf(metadata)
  const client = fingerprint && (await storage.dynamicClients.reuse(fingerprint))
  return client && { client, created: false, secret: undefined, managementToken: undefined }
}

/**
 * Registers a client that nobody vouches for, or finds the equal one that came first.
 *
 * @param metadata - as `acceptMetadata` gives it
 * @throws HttpProblem 503 when there is no room
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591#section-3}
 */
export async function registerDynamic(
  { config, storage }: Context,
  metadata: JsonObject,
): Promise<DynamicClient> {
  const fingerprint = fingerprintOf(metadata)
  const secret = needsSecret(metadata) ? newSecret() : undefined
  const managementToken = fingerprint ? undefined : newManagementToken()
  const registered = await storage.dynamicClients.register(
    {
      clientId: `dcr_${randomBytes(16).toString('base64url')}`,
      metadata,
      secret,
      fingerprint,
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

/** Undefined for a client that authenticates. */
const fingerprintOf = (metadata: JsonObject): Uint8Array | undefined =>
  metadata['token_endpoint_auth_method'] === 'none'
    ? hash('sha256', JSON.stringify(Object.entries(metadata).toSorted(byName)), 'buffer')
    : undefined

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1
