import type { ConnectionHandle } from '@holdfast/protocol'
import {
  type AccessTokenVerifier,
  TokenError,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
import { actorsOf } from '../revocation.ts'
import { type AccessTokenClaims, TokenError as OwnTokenError, type VerifyToken } from '../tokens.ts'
import { sha256Base64url } from './node-crypto.ts'

/**
 * This server's own token check in the form that `authorizeRequest` takes, so that `/dispatch` and
 * `/v1` judge scheme, proof and scopes by the very code that resource servers use.
 */
export function createOwnTokenVerifier(verifyToken: VerifyToken): AccessTokenVerifier {
  // The check hands out one frozen object per remembered token.
  const known = new WeakMap<AccessTokenClaims, VerifiedAccessToken>()
  return {
    async verify(token, audience) {
      const claims = await checked(verifyToken, token, audience)
      let verified = known.get(claims)
      if (!verified) {
        verified = toVerified(claims, sha256Base64url(token))
        known.set(claims, verified)
      }
      return verified
    },
  }
}

async function checked(
  verifyToken: VerifyToken,
  token: string,
  audience: string | readonly string[] | undefined,
): Promise<AccessTokenClaims> {
  try {
    return await verifyToken(token, { audience })
  } catch (error) {
    if (error instanceof OwnTokenError) {
      throw new TokenError('invalid_token', error.message, { cause: error })
    }
    throw error
  }
}

function toVerified(claims: AccessTokenClaims, tokenHash: string): VerifiedAccessToken {
  const connections = Object.create(null) as Record<string, ConnectionHandle>
  return Object.freeze({
    issuer: claims.iss,
    subject: claims.sub,
    clientId: claims.client_id,
    audience: Object.freeze([claims.aud]),
    scopes: Object.freeze(claims.scope?.split(' ').filter((scope) => scope !== '') ?? []),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    tokenId: claims.jti,
    jkt: claims.cnf?.jkt,
    actors: Object.freeze(actorsOf(claims)),
    connections: Object.freeze(Object.assign(connections, claims['ddls:connections'])),
    authorizationDetails: claims.authorization_details,
    grant: claims['ddls:grant'],
    resource: claims['ddls:resource'],
    claims,
    hash: tokenHash,
  })
}
