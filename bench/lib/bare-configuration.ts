/** The baseline of the token benchmarks: oidc-provider as it comes, DPoP and resource indicators, in memory. */
import { generateKeyPairSync } from 'node:crypto'
import type { ClientMetadata, Configuration } from 'oidc-provider'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signingKey = {
  ...privateKey.export({ format: 'jwk' }),
  kid: 'bench',
  alg: 'ES256',
  use: 'sig',
}

/** Its settings, without an adapter, for one resource. */
export const bareConfiguration = (
  resource: string,
  clients: readonly ClientMetadata[],
): Configuration => ({
  jwks: { keys: [signingKey] },
  cookies: { keys: ['bench'] },
  clients: [...clients],
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  rotateRefreshToken: true,
  ttl: { Grant: 3600, RefreshToken: 3600, AccessToken: 300, ClientCredentials: 300 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => resource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        scope: 'read',
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})
