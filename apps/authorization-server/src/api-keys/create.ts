import { isConnectionHandle } from '@holdfast/protocol'
import type { ApiKey, Storage } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { dispatchPath } from '../oauth/built-in-resources.ts'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { RegistrationError, shownText } from '../registration/errors.ts'
import { newApiKeyText } from './key-text.ts'

const daySeconds = 86_400

/** Names under which a resource asks for a connection. */
export const connectionNameSchema = z.string().regex(/^(?!__proto__$)[\w./-]{1,128}$/)

/** Name → handle. */
export const namedConnectionsSchema = z
  .record(connectionNameSchema, z.string().refine(isConnectionHandle, 'is no handle'))
  .refine((named) => Object.keys(named).length <= 50, 'holds more than 50 connections')

/** A key to make. */
export const newApiKeySchema = z.strictObject({
  environment: z.enum(['live', 'test']).default('live'),
  label: shownText(100).optional(),
  /** Absent = every registered resource and direct dispatch. */
  resources: z.array(z.string().max(2048)).min(1).max(50).optional(),
  /** Absent = every scope of those resources. */
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .min(1)
    .max(100)
    .optional(),
  /** Absent = whichever of the owner's the caller names. */
  connections: namedConnectionsSchema.optional(),
  /** Seconds; null = until it is revoked. */
  expires_in: z
    .int()
    .min(60)
    .max(3650 * daySeconds)
    .nullable()
    .default(90 * daySeconds),
})

export interface CreatedApiKey {
  readonly record: ApiKey
  /** Cannot be read again. */
  readonly key: string
}

/**
 * Makes a key with which programs act for a user.
 *
 * @throws RegistrationError for a resource or connection that the owner does not have
 */
export async function createApiKey(
  { storage, config, clock }: Pick<AppContext, 'storage' | 'config' | 'clock'>,
  wanted: z.infer<typeof newApiKeySchema>,
  owner: string,
): Promise<CreatedApiKey> {
  const { connections } = wanted
  const resources =
    wanted.resources &&
    (await Promise.all(
      wanted.resources.map((uri, i) => requireResource(storage, config.issuer, uri, i)),
    ))
  if (connections && !(await ownsAll(storage, owner, Object.values(connections)))) {
    throw refused('you have no such connection', '/connections')
  }
  const key = newApiKeyText(wanted.environment)
  const record = await storage.apiKeys.create(key, {
    environment: wanted.environment,
    owner,
    label: wanted.label,
    resources: resources && [...new Set(resources)],
    scopes: wanted.scopes && [...new Set(wanted.scopes)],
    connections,
    expiresAtMs: wanted.expires_in === null ? undefined : clock() + wanted.expires_in * 1000,
  })
  return { record, key }
}

/** True when every handle is a connection of this user through which calls can be made. */
export async function ownsAll(
  { connections }: Pick<Storage, 'connections'>,
  owner: string,
  handles: readonly string[],
): Promise<boolean> {
  const found = await Promise.all(handles.map((handle) => connections.find(handle)))
  return found.every(
    (one) => one?.owner === owner && one.purpose === 'credential' && one.status !== 'revoked',
  )
}

async function requireResource(
  { resources }: Pick<Storage, 'resources'>,
  issuer: string,
  uri: string,
  index: number,
): Promise<string> {
  const canonical = canonicalResource(uri) ?? ''
  if (canonical === `${issuer}${dispatchPath}`) return canonical
  const resource = await resources.resolve(canonical)
  if (resource) return resource.resource
  throw refused('there is no such registered resource', `/resources/${index}`)
}

const refused = (message: string, pointer: string): RegistrationError =>
  new RegistrationError('invalid_resource', message, pointer)
