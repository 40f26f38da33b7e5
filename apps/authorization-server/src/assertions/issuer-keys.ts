import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { OutboundError } from '../outbound/errors.ts'
import type { KeySets } from '../outbound/key-sets.ts'
import type { OutboundResponse } from '../outbound/outbound.ts'
import { AssertionError } from './errors.ts'
import type { KnownIssuer } from './issuers.ts'
import { rememberFor } from './remember.ts'

/**
 * Makes the look-up of issuers' keys. Each is read and imported once for the set that it stands in: a set that
 * was fetched anew, or registered anew, is another one.
 */
export function createIssuerKeys(
  keySets: KeySets,
): (issuer: Pick<KnownIssuer, 'trust'>) => Promise<JWTVerifyGetKey> {
  const parsed = rememberFor(parseKeySet)
  const imported = rememberFor(createLocalJWKSet)

  const keySetOf = async ({ trust }: Pick<KnownIssuer, 'trust'>): Promise<JSONWebKeySet> => {
    if (trust.jwks) return trust.jwks as unknown as JSONWebKeySet
    try {
      return parsed(await keySets.get(trust.jwks_uri ?? ''))
    } catch (error) {
      if (!(error instanceof OutboundError) && !(error instanceof SyntaxError)) throw error
      throw new AssertionError('the keys of its issuer cannot be had now', { cause: error })
    }
  }

  return async (issuer) => {
    const keySet = await keySetOf(issuer)
    // Only here, so that what is wrong with a set is the assertion's problem, as a key of it is.
    return (header, token) => imported(keySet)(header, token)
  }
}

function parseKeySet({ status, body }: OutboundResponse): JSONWebKeySet {
  const keys: unknown = status === 200 ? JSON.parse(Buffer.from(body).toString()) : undefined
  if (typeof keys === 'object' && keys !== null && 'keys' in keys && Array.isArray(keys.keys)) {
    return keys as JSONWebKeySet
  }
  throw new AssertionError('the keys of its issuer cannot be had now')
}
