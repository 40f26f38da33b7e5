import { randomBytes } from 'node:crypto'
import { type Resource, StorageError } from '@holdfast/storage'
import type { AppContext } from '../context.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { newClientId, newSecret } from './clients.ts'
import { parseRegistration, RegistrationError, registerResourceFirst } from './errors.ts'
import { type ChangedResource, newResourceSchema } from './resource-schemas.ts'

/** A resource with the secrets of its own client and deployment, which cannot be read again. */
export interface RegisteredResource {
  readonly resource: Resource
  /** For token exchange, introspection and the deny list. */
  readonly client: { readonly id: string; readonly secret: string }
  /** `DEDALUS_DEPLOYMENT_ID` and `DEDALUS_AUTH_SECRET` (standard base64) of a Dedalus server. */
  readonly deployment: { readonly id: string; readonly secret: string } | undefined
}

type Context = Pick<AppContext, 'storage' | 'config' | 'revocation'>

/**
 * Registers a resource and makes its own client.
 *
 * @param createdBy - id of the administrator
 * @throws RegistrationError
 */
export async function registerResource(
  context: Context,
  input: unknown,
  createdBy: string,
): Promise<RegisteredResource> {
  const { storage, config } = context
  const wanted = parseRegistration(newResourceSchema, input, 'invalid_resource')
  const resource = requireResourceUri(wanted.resource, config, '/resource')
  const aliases = wanted.aliases.map((uri, i) => requireResourceUri(uri, config, `/aliases/${i}`))

  const calls =
    wanted.calls &&
    (await Promise.all(wanted.calls.map((uri, i) => requireRegistered(storage, uri, i))))

  const client = { id: newClientId('rs'), secret: newSecret() }
  await storage.clients.create({
    clientId: client.id,
    source: 'manual',
    metadata: {
      client_name: wanted.display_name,
      application_type: 'native',
      redirect_uris: [],
      grant_types: [grantTypes.tokenExchange],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    secret: client.secret,
    resource,
    resources: calls && [...new Set(calls)],
    createdBy,
  })
  const deploymentSecret = wanted.deployment ? randomBytes(32) : undefined
  const deployment = deploymentSecret && {
    id: `dep_${randomBytes(12).toString('base64url')}`,
    secret: deploymentSecret,
  }
  try {
    const stored = await storage.resources.create({
      resource,
      displayName: wanted.display_name,
      aliases: aliases.filter((uri) => uri !== resource),
      scopes: wanted.scopes,
      connections: wanted.connections,
      dpop: wanted.dpop,
      dpopNonce: wanted.dpop_nonce,
      clientId: client.id,
      deployment,
      createdBy,
    })
    return {
      resource: stored,
      client,
      deployment: deployment && {
        id: deployment.id,
        secret: deployment.secret.toString('base64'),
      },
    }
  } catch (error) {
    await context.revocation.revokeClient(client.id)
    if (!(error instanceof StorageError) || error.code !== 'EXISTS') throw error
    throw taken('the URI or an alias belongs to a registered resource')
  }
}

/**
 * Changes what is asked of people and clients for a resource. Takes effect with the next token; its
 * URI, its client and its secrets stay.
 *
 * @throws RegistrationError not_found, conflict
 */
export async function updateResource(
  { storage, config }: Context,
  uri: string,
  changes: ChangedResource,
): Promise<Resource> {
  const known = await storage.resources.resolve(canonicalResource(uri) ?? uri)
  if (!known) throw unknownResource()
  const aliases = changes.aliases
    ?.map((alias, i) => requireResourceUri(alias, config, `/aliases/${i}`))
    .filter((alias) => alias !== known.resource)
  try {
    return await storage.resources.update(known.resource, {
      ...(changes.display_name !== undefined && { displayName: changes.display_name }),
      ...(aliases !== undefined && { aliases }),
      ...(changes.scopes !== undefined && { scopes: changes.scopes }),
      ...(changes.connections !== undefined && { connections: changes.connections }),
      ...(changes.dpop !== undefined && { dpop: changes.dpop }),
      ...(changes.dpop_nonce !== undefined && { dpopNonce: changes.dpop_nonce }),
    })
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'EXISTS') throw error
    throw taken('an alias belongs to a registered resource')
  }
}

/**
 * Removes a resource and revokes its own client: its dispatch tokens die at once, and no token for
 * it is issued any more.
 * @throws RegistrationError not_found
 */
export async function removeResource(
  { storage, revocation }: Context,
  uri: string,
): Promise<Resource> {
  const resource = await storage.resources.resolve(canonicalResource(uri) ?? uri)
  if (!resource) throw unknownResource()
  await storage.resources.remove(resource.resource)
  if (resource.clientId !== undefined) await revocation.revokeClient(resource.clientId)
  return resource
}

const unknownResource = (): RegistrationError =>
  new RegistrationError(
    'not_found',
    'there is no resource with this URI',
    undefined,
    '`holdfast resources list` shows them; `holdfast resources add` registers one.',
  )

const taken = (message: string): RegistrationError =>
  new RegistrationError(
    'conflict',
    message,
    undefined,
    '`holdfast resources list` shows it; change it with `holdfast resources update`, or use another URI.',
  )

async function requireRegistered(
  { resources }: Pick<Context['storage'], 'resources'>,
  uri: string,
  index: number,
): Promise<string> {
  const found = await resources.resolve(canonicalResource(uri) ?? uri)
  if (found) return found.resource
  throw new RegistrationError(
    'invalid_resource',
    'calls: register the resource that is called first',
    `/calls/${index}`,
    registerResourceFirst,
  )
}

function requireResourceUri(uri: string, config: Context['config'], pointer: string): string {
  const refuse = (message: string): never => {
    throw new RegistrationError('invalid_resource', message, pointer)
  }
  const canonical = canonicalResource(uri)
  if (canonical === undefined) {
    return refuse('must be an http(s) URI without credentials, query or fragment')
  }
  const { hostname, origin, protocol } = new URL(canonical)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (config.production && protocol === 'http:' && !isLoopback) {
    return refuse('must use https in production')
  }
  if (origin === config.issuer) return refuse('must not lie on the authorization server itself')
  return canonical
}
