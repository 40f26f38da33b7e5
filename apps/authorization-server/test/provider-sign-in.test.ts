import { type OAuthApp, parseBaseUrl } from '@holdfast/protocol'
import { fillTemplate, loadCatalog, type Provider, toOAuthApp } from '@holdfast/providers'
import { exampleVariables } from '@holdfast/providers/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EveryHost, type HostRequest, startEveryHost } from './helpers/every-host.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  authorizationLink,
  type Caller,
  callerFor,
  makePerson,
  reserveOAuth,
  toProvider,
  uploadSealed,
} from './helpers/token-connections.ts'
import { callApi, startVaultApp, type VaultApp } from './helpers/vault-app.ts'
import { Browser } from './support/browser.ts'

// RFC 6749 and its readers spell other characters differently in HTTP basic.
const clientId = 'operatorclient'
const clientSecret = 'operatorsecret'
const tokens = { access_token: 'minted-access-token', refresh_token: 'minted-refresh-token' }

const cases = loadCatalog()
  .providers.filter(({ oauth, kinds }) => oauth && kinds.some(isSignIn))
  .map((provider) => [provider.name, provider] as const)

function isSignIn({ credential }: Provider['kinds'][number]): boolean {
  return credential.kind === 'oauth2'
}

const appOf = (provider: Provider): OAuthApp =>
  toOAuthApp(provider, clientId, exampleVariables(provider))
const baseUrlOf = (provider: Provider): string =>
  fillTemplate(provider, provider.base_url, exampleVariables(provider))

let hosts: EveryHost
let enclave: RealEnclave
let app: VaultApp
let admin: Caller
let ann: Caller

beforeAll(async () => {
  const names = cases.flatMap(([, provider]) => {
    const { token_endpoint, revocation_endpoint, revocation_request } = appOf(provider)
    const urls = [baseUrlOf(provider), token_endpoint, revocation_endpoint, revocation_request?.url]
    return urls.flatMap((url) => (url === undefined ? [] : [new URL(url).hostname]))
  })
  hosts = await startEveryHost(names)
  const { relaySocket, caPem } = hosts
  enclave = await startRealEnclave({ upstreams: [], relaySocket, caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
  await hosts?.[Symbol.asyncDispose]()
})

async function addApp(provider: Provider): Promise<string> {
  const url = baseUrlOf(provider)
  const { name } = provider
  const body = { provider: name, base_url: url }
  const reserved = await callApi(app, admin.api, 'POST', '/v1/oauth-apps', body)
  expect(reserved.status, reserved.text).toBe(201)
  const place = { name, url, authority: parseBaseUrl(url).authority }
  const secrets = { client_secret: clientSecret }
  const stored = await uploadSealed(app, admin, reserved.json, place, appOf(provider), secrets)
  expect(stored.status, stored.text).toBe(200)
  return reserved.json.handle as string
}

const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
const addressOf = ({ host, url }: HostRequest): string => `https://${host}${url}`
const formIn = ({ body }: HostRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body))

/** The client as the catalog says that this provider wants to see it. */
function expectClient(
  request: HostRequest,
  { token_endpoint_auth_method: method }: OAuthApp,
): void {
  const form = formIn(request)
  const named = { client_id: form['client_id'], client_secret: form['client_secret'] }
  if (method === 'client_secret_basic') expect(request.headers.authorization).toBe(basic)
  else expect(request.headers.authorization).toBeUndefined()
  if (method === 'client_secret_post') {
    expect(named).toEqual({ client_id: clientId, client_secret: clientSecret })
  } else expect(named.client_secret).toBeUndefined()
}

function expectRevocation(request: HostRequest, credential: OAuthApp): void {
  const { revocation_request: own, revocation_endpoint: endpoint } = credential
  if (own === undefined) {
    expect([request.method, addressOf(request)]).toEqual(['POST', endpoint])
    expect(Object.values(tokens)).toContain(formIn(request)['token'])
    return expectClient(request, credential)
  }
  const token = tokens[own.token ?? 'refresh_token']
  const filled = (text: string): string =>
    text
      .replaceAll('{client_id}', clientId)
      .replaceAll('{client_secret}', clientSecret)
      .replaceAll('{token}', token)
  expect([request.method, addressOf(request)]).toEqual([own.method, filled(own.url)])
  for (const [name, value] of Object.entries(own.headers ?? {})) {
    expect(request.headers[name]).toBe(filled(value))
  }
  if (own.authentication === 'client') expect(request.headers.authorization).toBe(basic)
  if (own.authentication === 'token') expect(request.headers.authorization).toBe(`Bearer ${token}`)
  if (own.body === undefined) return expect(request.body).toBe('')
  const fields = Object.entries(own.body.fields).map(([name, text]) => [name, filled(text)])
  const sent: unknown = own.body.format === 'json' ? JSON.parse(request.body) : formIn(request)
  return expect(sent).toEqual(Object.fromEntries(fields))
}

test.each(cases)(
  '%s: sign-in, tokens and their end are asked for as its catalog entry says',
  async (_, provider) => {
    const credential = appOf(provider)
    const oauth = provider.oauth!
    const handle = await reserveOAuth(app, ann, await addApp(provider))
    const browser = new Browser(app.issuer)
    const link = await authorizationLink(app, ann, handle)
    const asked = new URL(await toProvider(browser, link, ann.user))

    const endpoint = new URL(credential.authorization_endpoint)
    expect([asked.origin, asked.pathname]).toEqual([endpoint.origin, endpoint.pathname])
    const scope = (oauth.default_scopes ?? []).join(oauth.scope_separator ?? ' ')
    const redirect = `${app.issuer}/oauth/callback`
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      ...Object.fromEntries(endpoint.searchParams),
      ...oauth.authorization_params,
      ...(scope !== '' && { scope }),
      ...{ response_type: 'code', client_id: clientId, redirect_uri: redirect },
      ...{ code_challenge: expect.any(String), code_challenge_method: 'S256' },
    })

    hosts.seen.length = 0
    hosts.answer = (request) => ({
      status: 200,
      json:
        addressOf(request) === credential.token_endpoint
          ? { ...tokens, token_type: 'Bearer', expires_in: 3600 }
          : {},
    })
    const back = new URLSearchParams({
      code: 'a-code',
      state: asked.searchParams.get('state') ?? '',
    })
    const done = await browser.open(`/oauth/callback?${back}`)
    expect(done.status, done.text).toBe(200)
    const [redeemed] = hosts.seen
    expect([redeemed!.method, addressOf(redeemed!)]).toEqual(['POST', credential.token_endpoint])
    expect(formIn(redeemed!)).toMatchObject({
      ...{ grant_type: 'authorization_code', code: 'a-code', redirect_uri: redirect },
      code_verifier: expect.stringMatching(/^[\w.~-]{43,128}$/),
    })
    expectClient(redeemed!, credential)

    hosts.seen.length = 0
    const revoked = await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    expect(revoked.status, revoked.text).toBe(200)
    const canEnd = (oauth.revocation_endpoint ?? oauth.revocation_request) !== undefined
    const stateNow = async (): Promise<unknown> =>
      (await callApi(app, ann.api, 'GET', `/v1/connections/${handle}`)).json.provider_revocation
    await expect.poll(stateNow, { timeout: 20_000 }).toBe(canEnd ? 'revoked' : 'not_supported')
    if (canEnd) expectRevocation(hosts.seen[0]!, credential)
    else expect(hosts.seen).toEqual([])
  },
)
