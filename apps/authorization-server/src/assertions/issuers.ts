import { sourceProperty, StorageError, type TrustedIssuer } from '@holdfast/storage'
import type { z } from 'zod'
import type { AppContext } from '../context.ts'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { targetOf } from '../outbound/target.ts'
import { RegistrationError } from '../registration/errors.ts'
import { isStaticClient } from '../registration/static-client.ts'
import { type newIssuerSchema, type Trust, trustSchema } from './trust.ts'

/** An issuer with its rules. */
export interface KnownIssuer {
  readonly id: string
  readonly issuer: string
  readonly trust: Trust
}

/** The rules of a stored issuer. */
export const knownIssuer = ({ id, issuer, trust }: TrustedIssuer): KnownIssuer => ({
  id,
  issuer,
  trust: trustSchema.parse(trust),
})

/**
 * Registers an issuer whose word is taken.
 *
 * @throws RegistrationError
 */
export async function trustIssuer(
  { storage, config }: Pick<AppContext, 'storage' | 'config'>,
  { issuer, trust }: z.infer<typeof newIssuerSchema>,
  createdBy: string,
): Promise<TrustedIssuer> {
  if (issuer.replace(/\/$/, '') === config.issuer) throw refused('issuer', 'is this server itself')
  for (const [name, url] of [
    ['issuer', issuer],
    ['trust/jwks_uri', trust.jwks_uri],
  ] as const) {
    if (url !== undefined && !isReachable(url, config)) throw refused(name, 'must be an https URL')
  }
  for (const [i, id] of trust.clients.entries()) {
    const client = await storage.clients.find(id)
    const isKnown =
      client?.revokedAtMs === undefined &&
      client !== undefined &&
      isStaticClient({ clientId: id, [sourceProperty]: client.source })
    if (!isKnown)
      throw refused(`trust/clients/${i}`, 'is no client that an administrator registered')
  }
  const resources = await Promise.all(
    trust.resources.map(async (uri, i) => {
      const found = await storage.resources.resolve(canonicalResource(uri) ?? '')
      if (!found) throw refused(`trust/resources/${i}`, 'is no registered resource')
      return found.resource
    }),
  )
  for (const [i, { user }] of trust.subjects.entries()) {
    if (user !== undefined && !(await storage.users.find(user))) {
      throw refused(`trust/subjects/${i}/user`, 'is no user')
    }
  }
  try {
    return await storage.trustedIssuers.create({
      issuer,
      trust: JSON.parse(JSON.stringify({ ...trust, resources })) as TrustedIssuer['trust'],
      createdBy,
    })
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'EXISTS') throw error
    throw new RegistrationError('conflict', 'this issuer is trusted already: remove it first')
  }
}

function isReachable(url: string, { outbound }: Pick<AppContext['config'], 'outbound'>): boolean {
  try {
    return targetOf(url, outbound).host !== ''
  } catch {
    return false
  }
}

const refused = (field: string, problem: string): RegistrationError =>
  new RegistrationError(
    'invalid_resource',
    `${field.replaceAll('/', '.')}: ${problem}`,
    `/${field}`,
  )
