import * as oauth from 'oauth4webapi'
import type { Errand, FurtherSurroundings, Surroundings, ZooClient } from '../columns.ts'
import { callBody, callHeaders, libraryMetadata, libraryRedirectUri } from './rpc.ts'

const insecure = { [oauth.allowInsecureRequests]: true } as const

interface Installation {
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly dpop: oauth.DPoPHandle
  tokens?: oauth.TokenEndpointResponse
}
const installations = new Map<string, Installation>()

async function discover(server: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(server)
  const resource = await oauth.processResourceDiscoveryResponse(
    url,
    await oauth.resourceDiscoveryRequest(url, insecure),
  )
  return metadataOf(resource.authorization_servers?.[0] ?? '')
}

async function metadataOf(address: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(address)
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  return oauth.processDiscoveryResponse(issuer, answer)
}

async function install(errand: Errand, around: Surroundings): Promise<Installation> {
  const as = await discover(errand.server)
  const client: oauth.Client =
    errand.introduction === 'CIMD'
      ? { client_id: around.documentUrl }
      : await oauth.processDynamicClientRegistrationResponse(
          await oauth.dynamicClientRegistrationRequest(as, libraryMetadata, insecure),
        )
  return { as, client, dpop: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
}

/** Repeats what was refused for want of a nonce. */
async function withNonce<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return ask()
  }
}

async function authorize(
  one: Installation,
  around: Pick<Surroundings, 'authorize'>,
  parameters: Readonly<Record<string, string>>,
  push = false,
): Promise<oauth.TokenEndpointResponse> {
  const { as, client, dpop: DPoP } = one
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: libraryRedirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...parameters,
  })
  const url = new URL(as.authorization_endpoint ?? '')
  if (push) {
    const { request_uri: pushed } = await withNonce(async () =>
      oauth.processPushedAuthorizationResponse(
        as,
        client,
        await oauth.pushedAuthorizationRequest(as, client, oauth.None(), query, {
          ...insecure,
          DPoP,
        }),
      ),
    )
    url.search = new URLSearchParams({
      client_id: client.client_id,
      request_uri: pushed,
    }).toString()
  } else url.search = query.toString()
  const answer = oauth.validateAuthResponse(as, client, await around.authorize(url), state)
  return withNonce(async () =>
    oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(
        as,
        client,
        oauth.None(),
        answer,
        libraryRedirectUri,
        verifier,
        { ...insecure, DPoP },
      ),
    ),
  )
}

async function refresh({ as, client, dpop: DPoP, tokens }: Installation) {
  return withNonce(async () =>
    oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens?.refresh_token ?? '', {
        ...insecure,
        DPoP,
      }),
    ),
  )
}

async function request(one: Installation, server: string, tool: string): Promise<string> {
  const response = await withNonce(() =>
    oauth.protectedResourceRequest(
      one.tokens?.access_token ?? '',
      'POST',
      new URL(server),
      callHeaders(),
      callBody(tool),
      { ...insecure, DPoP: one.dpop },
    ),
  )
  return response.text()
}

async function call(errand: Errand, around: Surroundings): Promise<string> {
  const one = installations.get(errand.home) ?? (await install(errand, around))
  installations.set(errand.home, one)
  const { server: resource, tool } = errand
  one.tokens ??= await authorize(one, around, { resource, scope: 'notes:read' })
  try {
    return await request(one, resource, tool)
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error
    const scope = error.cause.map(({ parameters }) => parameters.scope).find(Boolean) ?? ''
    one.tokens =
      error.status === 403 ? await authorize(one, around, { resource, scope }) : await refresh(one)
    return request(one, resource, tool)
  }
}

function require(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise)
}

async function introspect(
  { resourceClient, issuer }: FurtherSurroundings,
  token: string,
): Promise<oauth.IntrospectionResponse> {
  const as = await metadataOf(issuer)
  const client: oauth.Client = { client_id: resourceClient.id }
  const authentication = oauth.ClientSecretBasic(resourceClient.secret)
  return oauth.processIntrospectionResponse(
    as,
    client,
    await oauth.introspectionRequest(as, client, authentication, token, insecure),
  )
}

async function signIn(around: FurtherSurroundings, push = false): Promise<Installation> {
  const { server } = around
  const one = await install({ server, tool: 'whoami', introduction: 'DCR', home: 'none' }, around)
  one.tokens = await authorize(one, around, { resource: server, scope: 'notes:read' }, push)
  return one
}

async function pushes(around: FurtherSurroundings): Promise<void> {
  const one = await signIn(around, true)
  require(one.tokens?.token_type === 'dpop', 'the token is bound to nothing')
}

async function introspects(around: FurtherSurroundings): Promise<void> {
  const { tokens } = await signIn(around)
  const claims = await introspect(around, tokens?.access_token ?? '')
  require(claims.active && claims.aud === around.server, `it said ${JSON.stringify(claims)}`)
  require(claims.cnf?.jkt !== undefined, 'it does not say to which key the token is bound')
}

async function revokes(around: FurtherSurroundings): Promise<void> {
  const { as, client, tokens } = await signIn(around)
  const token = tokens?.access_token ?? ''
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, oauth.None(), token, insecure),
  )
  const { active } = await introspect(around, token)
  require(!active, 'the token is still active')
}

async function exchanges(around: FurtherSurroundings): Promise<void> {
  const { as, tokens } = await signIn(around)
  const client: oauth.Client = { client_id: around.resourceClient.id }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const exchanged = await withNonce(async () =>
    oauth.processGenericTokenEndpointResponse(
      as,
      client,
      await oauth.genericTokenEndpointRequest(
        as,
        client,
        oauth.ClientSecretBasic(around.resourceClient.secret),
        'urn:ietf:params:oauth:grant-type:token-exchange',
        {
          subject_token: tokens?.access_token ?? '',
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
        { ...insecure, DPoP },
      ),
    ),
  )
  require(exchanged.token_type === 'dpop', 'the token is bound to nothing')
}

async function actsForItself({ machine, issuer, server }: FurtherSurroundings): Promise<void> {
  const as = await metadataOf(issuer)
  const client: oauth.Client = { client_id: machine.id }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const granted = await withNonce(async () =>
    oauth.processClientCredentialsResponse(
      as,
      client,
      await oauth.clientCredentialsGrantRequest(
        as,
        client,
        oauth.ClientSecretBasic(machine.secret),
        { resource: server },
        { ...insecure, DPoP },
      ),
    ),
  )
  require(granted.token_type === 'dpop', 'the token is bound to nothing')
}

async function signsDeviceIn(around: FurtherSurroundings): Promise<void> {
  const as = await metadataOf(around.issuer)
  const client: oauth.Client = { client_id: around.deviceClientId }
  const device = await oauth.processDeviceAuthorizationResponse(
    as,
    client,
    await oauth.deviceAuthorizationRequest(
      as,
      client,
      oauth.None(),
      { resource: around.server, scope: 'notes:read' },
      insecure,
    ),
  )
  await around.approveDevice(new URL(device.verification_uri_complete ?? device.verification_uri))
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const granted = await withNonce(async () =>
    oauth.processDeviceCodeResponse(
      as,
      client,
      await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, {
        ...insecure,
        DPoP,
      }),
    ),
  )
  require(granted.token_type === 'dpop', 'the token is bound to nothing')
}

/** A strict library, and the independent judge of what MCP clients do not use. */
export const client: ZooClient = {
  name: 'oauth4webapi 3.8.8',
  introductions: ['CIMD', 'DCR'],
  canProve: true,
  known: {},
  call,
  further: {
    'pushes its request (RFC 9126) and gets a bound token': pushes,
    'introspects a bound token (RFC 7662)': introspects,
    'revokes an access token (RFC 7009)': revokes,
    'exchanges a token (RFC 8693)': exchanges,
    'acts for itself (client credentials) with a bound token': actsForItself,
    'signs a device in (RFC 8628)': signsDeviceIn,
  },
}
