import * as oauth from 'oauth4webapi'
import { assertionType } from '../../src/oauth/client-assertion.ts'
import { registerClient } from '../../src/registration/clients.ts'
import { registerResource, type RegisteredResource } from '../../src/registration/resources.ts'
import { Browser, formOf, handOffTarget, type PageVisit } from './browser.ts'
import { password, type TestServer } from './server.ts'

export const redirectUri = 'http://127.0.0.1:8123/callback'

/** Requests over plain http on loopback. */
export const insecure = { [oauth.allowInsecureRequests]: true } as const

export const discover = async (issuer: string): Promise<oauth.AuthorizationServer> =>
  oauth.processDiscoveryResponse(
    new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure }),
  )

export const dpopKeys = (): Promise<CryptoKeyPair> => oauth.generateKeyPair('ES256')

/** Sends a form without further ado, and reads what is answered. */
export async function postForm(
  { issuer }: Pick<TestServer, 'issuer'>,
  path: string,
  form: Record<string, string>,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const response = await fetch(issuer + path, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** Asks for tokens as a client that signs: `invalid_grant` is what it hears once it is known. */
export const askSigned = (
  server: Pick<TestServer, 'issuer'>,
  clientId: string,
  assertion: string,
): ReturnType<typeof postForm> =>
  postForm(server, '/oauth2/token', {
    grant_type: 'refresh_token',
    refresh_token: 'x',
    client_id: clientId,
    client_assertion_type: assertionType,
    client_assertion: assertion,
  })

/** A public client for the code flow. */
export async function addClient(
  server: TestServer,
  input: Record<string, unknown> = {},
): Promise<oauth.Client> {
  const { client } = await registerClient(
    server.ctx,
    { client_name: 'Test agent', redirect_uris: [redirectUri], ...input },
    'usr_admin',
  )
  return { client_id: client.clientId }
}

/** A resource with one scope, unless told otherwise. */
export const addResource = (
  server: TestServer,
  input: Record<string, unknown> = {},
): Promise<RegisteredResource> =>
  registerResource(
    server.ctx,
    {
      resource: 'http://127.0.0.1:9000/mcp',
      display_name: 'Notes',
      scopes: [
        { name: 'notes:read', description: 'Read your notes' },
        { name: 'notes:write', description: 'Change your notes' },
      ],
      ...input,
    },
    'usr_admin',
  )

export interface Authorization {
  readonly code: URLSearchParams
  readonly verifier: string
  readonly browser: Browser
}

export interface AuthorizeOptions {
  readonly client: oauth.Client
  readonly email: string
  readonly resource?: string | undefined
  readonly scope?: string | undefined
  readonly browser?: Browser
  readonly parameters?: Record<string, string>
  /** Filled in on the consent form. */
  readonly consent?: Record<string, string | readonly string[]>
}

/** The address of an authorization request and its PKCE verifier. */
export async function authorizationUrl(
  server: TestServer,
  { client, resource, scope, parameters }: Omit<AuthorizeOptions, 'email'>,
): Promise<{ url: string; verifier: string; state: string }> {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && { scope }),
    ...parameters,
  })
  return { url: `${server.issuer}/oauth2/auth?${query.toString()}`, verifier, state }
}

/** Signs in where a page asks for it. */
export async function signIn(browser: Browser, page: PageVisit, email: string): Promise<PageVisit> {
  return browser.submit(formOf(page, '/login'), { email, password })
}

/** From the request to the code: sign-in, consent, hand-off. */
export async function authorize(
  server: TestServer,
  options: AuthorizeOptions,
): Promise<Authorization> {
  const browser = options.browser ?? new Browser(server.issuer)
  const { url, verifier, state } = await authorizationUrl(server, options)
  let page = await browser.open(url)
  if (page.text.includes('/login"')) page = await signIn(browser, page, options.email)
  page = await browser.submit(formOf(page, '/consent'), options.consent)
  const as = await discover(server.issuer)
  const code = oauth.validateAuthResponse(as, options.client, handOffTarget(page), state)
  return { code, verifier, browser }
}

/** Redeems a code. */
export async function redeem(
  server: TestServer,
  client: oauth.Client,
  { code, verifier }: Pick<Authorization, 'code' | 'verifier'>,
  options: { readonly dpop?: CryptoKeyPair; readonly parameters?: Record<string, string> } = {},
): Promise<Response> {
  const as = await discover(server.issuer)
  return oauth.authorizationCodeGrantRequest(
    as,
    client,
    oauth.None(),
    code,
    redirectUri,
    verifier,
    {
      ...insecure,
      ...(options.dpop && { DPoP: oauth.DPoP(client, options.dpop) }),
      ...(options.parameters && { additionalParameters: options.parameters }),
    },
  )
}

export interface TokenSet {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly scope: string
}

/** The whole flow, to the tokens. */
export async function obtainTokens(
  server: TestServer,
  options: AuthorizeOptions & { readonly dpop?: CryptoKeyPair },
): Promise<TokenSet> {
  const authorization = await authorize(server, options)
  const response = await redeem(server, options.client, authorization, {
    ...(options.dpop && { dpop: options.dpop }),
  })
  if (response.status !== 200) throw new Error(`token: ${response.status} ${await response.text()}`)
  return (await response.json()) as TokenSet
}

/** Refreshes; public client. */
export async function refresh(
  server: TestServer,
  client: oauth.Client,
  token: string,
  dpop?: CryptoKeyPair,
): Promise<Response> {
  return oauth.refreshTokenGrantRequest(
    await discover(server.issuer),
    client,
    oauth.None(),
    token,
    { ...insecure, ...(dpop && { DPoP: oauth.DPoP(client, dpop) }) },
  )
}

/** Exchanges a user's token at the resource's own client. */
export async function exchange(
  server: TestServer,
  own: { readonly id: string; readonly secret: string },
  subjectToken: string,
  options: { readonly dpop?: CryptoKeyPair; readonly parameters?: Record<string, string> } = {},
): Promise<Response> {
  const client = { client_id: own.id }
  return oauth.genericTokenEndpointRequest(
    await discover(server.issuer),
    client,
    oauth.ClientSecretBasic(own.secret),
    'urn:ietf:params:oauth:grant-type:token-exchange',
    {
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...options.parameters,
    },
    { ...insecure, ...(options.dpop && { DPoP: oauth.DPoP({}, options.dpop) }) },
  )
}

/** Claims of a JWT, unverified. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >

/** Header of a JWT, unverified. */
export const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
