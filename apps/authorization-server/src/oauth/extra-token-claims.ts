import type { Storage } from '@holdfast/storage'
import {
  type AccessToken,
  type ClientCredentials,
  errors,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import type { DeviceInfo } from './device/device-flow.ts'
import { assignedClaims } from './assigned-claims.ts'
import { connectionsWithin, liveConnections } from './held-connections.ts'
import { exchangedFrom } from './token-exchange.ts'

/** Claims that we add to the library's: the grant and the connections that it names. */
export function createExtraTokenClaims(storage: Pick<Storage, 'grants' | 'connections'>) {
  return async (
    ctx: KoaContextWithOIDC,
    token: AccessToken | ClientCredentials,
  ): Promise<Record<string, unknown> | undefined> => {
    requireDeviceKey(ctx, token)
    requireDetails(ctx, token)
    const assigned = assignedClaims.get(token)
    if (assigned) return { ...assigned }
    if (!('grantId' in token) || typeof token.grantId !== 'string') return undefined
    const subject = exchangedFrom.get(token)
    if (subject) {
      return {
        act: { sub: token.clientId, ...(subject.act && { act: subject.act }) },
        'ddls:resource': subject.aud,
        'ddls:connections': connectionsWithin(subject['ddls:connections'], token.rar),
        'ddls:grant': token.grantId,
      }
    }
    const grant = await storage.grants.find(token.grantId)
    return {
      'ddls:connections': await liveConnections(
        storage,
        connectionsWithin(grant?.connections, token.rar),
      ),
      'ddls:grant': token.grantId,
    }
  }
}

/**
 * A grant that does not know of authorization details would pass over what was asked for, and give more.
 * @throws InvalidAuthorizationDetails
 */
function requireDetails(
  { oidc }: KoaContextWithOIDC,
  { rar }: AccessToken | ClientCredentials,
): void {
  if (oidc.params?.['authorization_details'] === undefined || rar !== undefined) return
  throw new errors.InvalidAuthorizationDetails(
    'this grant or subject token does not take authorization_details: leave them out',
  )
}

/**
 * A device that named its key when it asked gets its tokens with that key only: a code that was read
 * off the wire or a log is of no use.
 * @throws InvalidGrant
 */
function requireDeviceKey({ oidc }: KoaContextWithOIDC, token: object): void {
  const { dpopJkt } = (oidc.entities.DeviceCode?.deviceInfo ?? {}) as DeviceInfo
  if (dpopJkt === undefined || ('jkt' in token && token.jkt === dpopJkt)) return
  throw new errors.InvalidGrant('DPoP proof key thumbprint does not match dpop_jkt')
}
