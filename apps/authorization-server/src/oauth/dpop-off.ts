import type {
  AccessToken,
  ClientCredentials,
  JWTStructured,
  KoaContextWithOIDC,
} from 'oidc-provider'
import type { ResourceDirectory } from './resource-directory.ts'

/**
 * A resource with DPoP policy `off` could not accept a bound token: a proof at the token endpoint
 * then still proves the client's key for this request, but the token is an ordinary Bearer token.
 */
export function createDpopOff(directory: ResourceDirectory) {
  return async (
    _ctx: KoaContextWithOIDC,
    token: AccessToken | ClientCredentials,
    parts: JWTStructured,
  ): Promise<void> => {
    const bound = token as { jkt?: string | undefined; aud?: string | string[] | undefined }
    if (bound.jkt === undefined || typeof bound.aud !== 'string') return
    if ((await directory.resolve(bound.aud))?.dpop !== 'off') return
    bound.jkt = undefined
    delete parts.payload['cnf']
  }
}
