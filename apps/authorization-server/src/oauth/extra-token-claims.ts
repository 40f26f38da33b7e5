import type { Storage } from '@holdfast/storage'
import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider'
import { exchangedFrom } from './token-exchange.ts'

/** Claims that we add to the library's: the grant and the connections that it names. */
export function createExtraTokenClaims(storage: Pick<Storage, 'grants'>) {
  return async (
    _ctx: KoaContextWithOIDC,
    token: AccessToken | ClientCredentials,
  ): Promise<Record<string, unknown> | undefined> => {
    if (!('grantId' in token) || typeof token.grantId !== 'string') return undefined
    const subject = exchangedFrom.get(token)
    if (subject) {
      return {
        act: { sub: token.clientId },
        'ddls:resource': subject.aud,
        'ddls:connections': subject['ddls:connections'] ?? {},
        'ddls:grant': token.grantId,
      }
    }
    const grant = await storage.grants.find(token.grantId)
    return { 'ddls:connections': grant?.connections ?? {}, 'ddls:grant': token.grantId }
  }
}
