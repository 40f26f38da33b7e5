import type { CredentialKind, TokenKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { readPrivateKey } from '../tokens/assertion.ts'
import { fillPlaces, placesFault } from './fill-places.ts'
import type { CredentialInjector, KindOf, Secrets } from './injector.ts'

const bearer = { name: 'authorization', template: 'Bearer {access_token}' }

const placeOf = (kind: object & { readonly header?: typeof bearer | undefined }) =>
  ({ in: 'header', ...(kind.header ?? bearer) }) as const

const anyToken = { access_token: Buffer.from('x') }

/** The access token that the enclave got last, by RFC 6750 where the provider wants nothing else. */
export const accessTokenInjector: CredentialInjector<TokenKind> = {
  plan(kind, { access_token }) {
    if (!access_token) {
      throw new EnclaveError('INVALID_REQUEST', 'the credential has no access token yet')
    }
    return {
      values: fillPlaces([placeOf(kind)], { access_token }),
      // These go to the token endpoint alone.
      notSent: ['client_secret', 'private_key'],
    }
  },
  fault: tokenFault,
}

function tokenFault(kind: TokenKind, secrets: Secrets): string | undefined {
  if (kind.kind === 'oauth2') {
    return 'this kind is made by signing in at the provider; it cannot be uploaded'
  }
  if (kind.issued || secrets['access_token']) {
    return 'access tokens of this kind are made by the enclave; leave them out'
  }
  const key = secrets['private_key']
  const fault = key && keyFault(kind.kind === 'jwt_bearer' ? kind.algorithm : 'RS256', key)
  return fault ?? placesFault([placeOf(kind)], anyToken)
}

function keyFault(algorithm: 'RS256' | 'ES256', key: Uint8Array): string | undefined {
  try {
    readPrivateKey(key, algorithm)
    return undefined
  } catch (error) {
    if (error instanceof EnclaveError) return error.message
    throw error
  }
}

/** An operator's OAuth client goes into no request. */
export const oauthAppInjector: CredentialInjector<KindOf<'oauth2_app'>> = {
  plan() {
    throw new EnclaveError('POLICY_REFUSED', 'an OAuth app cannot be called through')
  },
  // What its connections will do with their tokens.
  fault: ({ header }) => placesFault([placeOf({ header })], anyToken),
}

/** Injectors of the kinds whose tokens the enclave gets by itself. */
export const tokenInjectors: {
  readonly [Name in (TokenKind | KindOf<'oauth2_app'>)['kind']]: CredentialInjector<
    Extract<CredentialKind, { kind: Name }>
  >
} = {
  oauth2_app: oauthAppInjector,
  oauth2: accessTokenInjector,
  oauth2_client_credentials: accessTokenInjector,
  jwt_bearer: accessTokenInjector,
  github_app: accessTokenInjector,
}
