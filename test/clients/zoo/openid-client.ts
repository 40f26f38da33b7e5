import * as openid from 'openid-client'
import { request } from 'undici'
import type { Errand, Surroundings, ZooClient } from '../columns.ts'
import { callBody, callHeaders, libraryMetadata, libraryRedirectUri } from './rpc.ts'

const options = { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] } as const

interface Installation {
  readonly config: openid.Configuration
  readonly DPoP: openid.DPoPHandle
  tokens?: openid.TokenEndpointResponse
}
const installations = new Map<string, Installation>()

/** The library knows no metadata of protected resources (RFC 9728), so its user reads them. */
async function issuerOf(server: string): Promise<URL> {
  const { origin, pathname } = new URL(server)
  const { body } = await request(`${origin}/.well-known/oauth-protected-resource${pathname}`)
  const metadata = (await body.json()) as { readonly authorization_servers: readonly string[] }
  return new URL(metadata.authorization_servers[0] ?? '')
}

async function install(errand: Errand, around: Surroundings): Promise<Installation> {
  const issuer = await issuerOf(errand.server)
  const config =
    errand.introduction === 'CIMD'
      ? await openid.discovery(issuer, around.documentUrl, undefined, openid.None(), options)
      : await openid.dynamicClientRegistration(issuer, libraryMetadata, openid.None(), options)
  return { config, DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) }
}

async function authorize(
  { config, DPoP }: Installation,
  around: Surroundings,
  parameters: Readonly<Record<string, string>>,
): Promise<openid.TokenEndpointResponse> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const expectedState = openid.randomState()
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: libraryRedirectUri,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    ...parameters,
  })
  const answer = await around.authorize(url)
  const checks = { pkceCodeVerifier, expectedState }
  return openid.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })
}

async function callWith({ config, DPoP, tokens }: Installation, server: string, tool: string) {
  const response = await openid.fetchProtectedResource(
    config,
    tokens?.access_token ?? '',
    new URL(server),
    'POST',
    callBody(tool),
    callHeaders(),
    { DPoP },
  )
  return response.text()
}

/** A certified OpenID Connect library. */
export const client: ZooClient = {
  name: 'openid-client 6.8.9',
  introductions: ['CIMD', 'DCR'],
  canProve: true,
  known: {},
  call: async (errand, around) => {
    const one = installations.get(errand.home) ?? (await install(errand, around))
    installations.set(errand.home, one)
    const { server: resource, tool } = errand
    one.tokens ??= await authorize(one, around, { resource, scope: 'notes:read' })
    try {
      return await callWith(one, resource, tool)
    } catch (error) {
      if (!(error instanceof openid.WWWAuthenticateChallengeError)) throw error
      const scope = error.cause.map(({ parameters }) => parameters.scope).find(Boolean) ?? ''
      one.tokens =
        error.status === 403
          ? await authorize(one, around, { resource, scope })
          : await openid.refreshTokenGrant(one.config, one.tokens.refresh_token ?? '', undefined, {
              DPoP: one.DPoP,
            })
      return callWith(one, resource, tool)
    }
  },
}
