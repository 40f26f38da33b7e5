/** What an authorization request cannot ask for, at each of the endpoints that take one. */
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, handOffTarget } from './support/browser.ts'
import { addClient, addResource, authorizationUrl, redirectUri } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const resource = 'https://notes.example/mcp'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
let server: TestServer
let client: oauth.Client
let device: oauth.Client

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser('ann@example.org')
  await addResource(server, { resource })
  client = await addClient(server)
  device = await addClient(server, { redirect_uris: [], grant_types: [deviceGrant] })
})
afterAll(() => server.stop())

interface Refusal {
  readonly error: string | undefined
  readonly error_description?: string
}

/** Where the browser is sent, or 'sign-in' while nothing has been refused. */
async function authorize(parameters: Record<string, string>): Promise<URL | 'sign-in'> {
  const { url } = await authorizationUrl(server, { client, resource, parameters })
  const page = await new Browser(server.issuer).open(url)
  return page.text.includes('/login"') ? 'sign-in' : handOffTarget(page)
}

async function post(path: string, body: Record<string, string>): Promise<Refusal> {
  const response = await fetch(server.issuer + path, {
    method: 'POST',
    body: new URLSearchParams({ resource, ...body }),
  })
  return (await response.json()) as Refusal
}

const push = async (parameters: Record<string, string>): Promise<Refusal> =>
  post('/oauth2/par', {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge('a'.repeat(50)),
    code_challenge_method: 'S256',
    ...parameters,
  })

const start = (parameters: Record<string, string>): Promise<Refusal> =>
  post('/oauth2/device/auth', { client_id: device.client_id, ...parameters })

/** What the authorization endpoint tells the client, in the query of its address and nowhere else. */
async function refusalOf(parameters: Record<string, string>): Promise<Refusal> {
  const target = await authorize(parameters)
  if (target === 'sign-in') return { error: undefined }
  expect(target.origin + target.pathname).toBe(redirectUri)
  expect(target.searchParams.get('iss')).toBe(server.issuer)
  expect(target.searchParams.has('state')).toBe(true)
  return { error: target.searchParams.get('error') ?? undefined }
}

describe('a response mode that is not advertised', () => {
  test.each(['form_post', 'web_message', 'query.jwt', 'FORM_POST'])(
    '%s is refused',
    async (mode) => {
      const error = 'unsupported_response_mode'
      expect(await refusalOf({ response_mode: mode })).toMatchObject({ error })
      expect(await push({ response_mode: mode })).toMatchObject({ error })
    },
  )

  test('carries no other refusal either', async () => {
    const asked = { response_mode: 'form_post', prompt: 'nothing' }
    expect(await refusalOf(asked)).toMatchObject({ error: expect.any(String) })
  })

  test('leaves those that are', async () => {
    for (const mode of ['query', 'fragment']) {
      expect(await authorize({ response_mode: mode })).toBe('sign-in')
      expect(await push({ response_mode: mode })).toHaveProperty('request_uri')
    }
  })
})

describe('scopes of which the resource has none', () => {
  test.each(['nothing', 'openid nothing', 'notes:READ', 'notes:read,notes:write'])(
    '%s: refused before anybody signs in',
    async (scope) => {
      for (const ask of [refusalOf, push, start]) {
        expect(await ask({ scope }), ask.name).toMatchObject({ error: 'invalid_scope' })
      }
    },
  )

  test('leave a request in which one is known', async () => {
    expect(await authorize({ scope: 'openid notes:read profile' })).toBe('sign-in')
    expect(await push({ scope: 'notes:read nothing' })).toHaveProperty('request_uri')
    expect(await start({ scope: 'openid' })).toHaveProperty('device_code')
  })

  test('are no obstacle where a client only asks for what OpenID Connect has by habit', async () => {
    expect(await authorize({ scope: 'openid email profile' })).toBe('sign-in')
    expect(await push({ scope: 'profile' })).toHaveProperty('request_uri')
    expect(await start({ scope: 'openid email' })).toHaveProperty('device_code')
  })
})

describe('a dpop_jkt that is no thumbprint', () => {
  const thumbprint = 'x'.repeat(43)

  test.each([
    ['too short', 'short'],
    ['too long', `${thumbprint}x`],
    ['of other letters', `${thumbprint.slice(1)}=`],
    ['empty', ''],
  ])('%s: refused instead of left out', async (_what, jkt) => {
    for (const ask of [refusalOf, push, start]) {
      expect(await ask({ dpop_jkt: jkt }), ask.name).toMatchObject({ error: 'invalid_request' })
    }
  })

  test('differs from one that is', async () => {
    expect(await authorize({ dpop_jkt: thumbprint })).toBe('sign-in')
    expect(await push({ dpop_jkt: thumbprint })).toHaveProperty('request_uri')
    expect(await start({ dpop_jkt: thumbprint })).toHaveProperty('device_code')
  })
})
