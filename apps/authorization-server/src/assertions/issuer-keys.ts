import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { OutboundError } from '../outbound/errors.ts'
import type { KeySets } from '../outbound/key-sets.ts'
import { AssertionError } from './errors.ts'
import type { KnownIssuer } from './issuers.ts'
import { rememberFor } from './remember.ts'

/**
 * Makes the look-up of issuers' keys. Each is imported once for the set that it stands in: a set that
 * was fetched anew, or registered anew, is another one.
 */
export function createIssuerKeys(
  keySets: KeySets,
): (issuer: Pick<KnownIssuer, 'trust'>) => Promise<JWTVerifyGetKey> {
  const imported = rememberFor(createLocalJWKSet)

  const keySetOf = async ({ trust }: Pick<KnownIssuer, 'trust'>): Promise<JSONWebKeySet> => {
    if (trust.jwks) return trust.jwks as unknown as JSONWebKeySet
    try {
      return (await keySets.get(trust.jwks_uri ?? '')).keySet
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      throw new AssertionError('the keys of its issuer cannot be had now', { cause: error })
    }
  }

  return async (issuer) => {
    const keySet = await keySetOf(issuer)
    // Only here, so that what is wrong with a set is the assertion's problem, as a key of it is.
    return (header, token) => imported(keySet)(header, token)
  }
}
