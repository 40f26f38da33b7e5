import { createHash } from 'node:crypto'
import type Provider from 'oidc-provider'

/** What to make: as many codes that a user has allowed already, each with a grant of its own. */
export interface WantedSources {
  readonly kind: 'AuthorizationCode' | 'DeviceCode'
  readonly count: number
  readonly clientId: string
  readonly accountId: string
  readonly resource: string
}

export const redirectUri = 'http://127.0.0.1/callback'
/** The PKCE verifier of all codes: for the server one is as dear as the other. */
export const codeVerifier = 'the-verifier-of-the-bench-is-long-enough-for-rfc-7636'
export const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')

/** Makes codes as the library itself writes them. */
export async function makeSources(
  provider: Provider,
  { kind, count, clientId, accountId, resource }: WantedSources,
  onGrant: (grantId: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<string[]> {
  const client = await provider.Client.find(clientId)
  if (!client) throw new Error('the bench client is missing')
  const makeOne = async (_: unknown, i: number): Promise<string> => {
    const grant = new provider.Grant({ accountId, clientId })
    grant.addResourceScope(resource, 'read')
    const grantId = await grant.save()
    await onGrant(grantId)
    const common = { accountId, client, grantId, scope: 'read', resource }
    return kind === 'DeviceCode'
      ? new provider.DeviceCode({
          ...common,
          userCode: `${process.pid}-${Date.now()}-${i}`,
          params: { client_id: clientId, resource, scope: 'read' },
          deviceInfo: {},
        }).save()
      : new provider.AuthorizationCode({
          ...common,
          gty: 'authorization_code',
          redirectUri,
          codeChallenge,
          codeChallengeMethod: 'S256',
        }).save()
  }
  return Promise.all(Array.from({ length: count }, makeOne))
}
