import { type Configuration, errors, type Provider } from 'oidc-provider'
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
import { type ResourceDirectory, resourceScopesOf } from './resource-directory.ts'

/** How an answer can go back to a client. A form that posts itself is blocked by the pages' own policy. */
export const responseModes: readonly string[] = ['query', 'fragment']

/** Makes the library refuse the response modes that its metadata does not name. */
export function limitResponseModes(provider: Provider): void {
  const modes = instance(provider).responseModes
  for (const mode of modes.keys()) if (!responseModes.includes(mode)) modes.delete(mode)
}

/**
 * What the library does not check of an authorization request, wherever it is sent to: that somebody
 * could say yes to its scopes, and that the key to which it binds its code is one.
 */
export function requestChecks(
  directory: ResourceDirectory,
): NonNullable<Configuration['extraParams']> {
  return {
    async scope({ oidc }, scope) {
      const asked = resourceScopesOf(scope)
      const resource = await directory.resolve(String(oidc.params?.['resource']))
      if (!resource || asked.length === 0) return
      if (resource.scopes.some(({ name }) => asked.includes(name))) return
      throw new errors.InvalidScope(
        'the resource has none of these scopes: ask for some that it names, or for none',
        asked.join(' '),
      )
    },
    dpop_jkt(koa) {
      // As it was sent: the library leaves out what is empty, and the binding with it.
      const sent: unknown = (koa.oidc.body ?? koa.query)['dpop_jkt']
      if (sent === undefined || (typeof sent === 'string' && thumbprint.test(sent))) return
      throw new errors.InvalidRequest(
        'dpop_jkt must be the SHA-256 thumbprint of a key (RFC 7638): 43 characters of base64url',
      )
    },
  }
}

const thumbprint = /^[A-Za-z0-9_-]{43}$/
