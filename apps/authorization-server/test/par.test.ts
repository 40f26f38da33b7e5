import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, formOf, handOffTarget } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorize,
  claimsOf,
  discover,
  dpopKeys,
  insecure,
  redeem,
  redirectUri,
  signIn,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client
let as: oauth.AuthorizationServer

beforeEach(async () => {
  server = await startTestServer()
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server, { require_pushed_authorization_requests: true })
  as = await discover(server.issuer)
})
afterEach(() => server.stop())

const verifier = 'a'.repeat(50)

const parameters = async (more: Record<string, string> = {}): Promise<URLSearchParams> =>
  new URLSearchParams({
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state-1',
    resource,
    ...more,
  })

const push = async (
  by: oauth.Client,
  more: Record<string, string> = {},
  dpop?: CryptoKeyPair,
): Promise<Response> =>
  oauth.pushedAuthorizationRequest(as, by, oauth.None(), await parameters(more), {
    ...insecure,
    ...(dpop && { DPoP: oauth.DPoP(by, dpop) }),
  })

const uriOf = async (response: Response): Promise<string> =>
  (await oauth.processPushedAuthorizationResponse(as, client, response)).request_uri

const authorizeUri = (by: oauth.Client, requestUri: string, more = ''): string =>
  `/oauth2/auth?client_id=${by.client_id}&request_uri=${encodeURIComponent(requestUri)}${more}`

/** Signs in and consents; the answer of the authorization. */
async function complete(url: string): Promise<URL> {
  const browser = new Browser(server.issuer)
  const page = await signIn(browser, await browser.open(url), email)
  return handOffTarget(await browser.submit(formOf(page, '/consent')))
}

describe('pushed authorization requests', () => {
  test('lead to tokens bound to the key of the pushed proof, and to no other', async () => {
    const dpop = await dpopKeys()
    const target = await complete(authorizeUri(client, await uriOf(await push(client, {}, dpop))))
    const code = oauth.validateAuthResponse(as, client, target, 'state-1')
    const thief = await redeem(server, client, { code, verifier }, { dpop: await dpopKeys() })
    expect(thief.status).toBe(400)
    expect(await thief.json()).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('dpop_jkt'),
    })

    const again = await complete(authorizeUri(client, await uriOf(await push(client, {}, dpop))))
    const own = await redeem(
      server,
      client,
      { code: oauth.validateAuthResponse(as, client, again, 'state-1'), verifier },
      { dpop },
    )
    expect(own.status).toBe(200)
    const { access_token: token } = (await own.json()) as { access_token: string }
    expect(claimsOf(token)).toMatchObject({ aud: resource, scope: 'notes:read notes:write' })
  })

  test('are refused when proof and dpop_jkt name two keys', async () => {
    const jkt = await oauth.DPoP(client, await dpopKeys()).calculateThumbprint()
    const refused = await push(client, { dpop_jkt: jkt }, await dpopKeys())
    expect(refused.status).toBe(400)
  })

  test('are demanded of a client that was registered so', async () => {
    const browser = new Browser(server.issuer)
    const query = await parameters({ client_id: client.client_id })
    const answer = handOffTarget(await browser.open(`/oauth2/auth?${query.toString()}`))
    expect(answer.searchParams.get('error')).toBe('invalid_request')
    expect(answer.searchParams.get('iss')).toBe(server.issuer)
  })

  test('serve once', async () => {
    const uri = authorizeUri(client, await uriOf(await push(client)))
    await complete(uri)
    const browser = new Browser(server.issuer)
    const { searchParams } = handOffTarget(await browser.open(uri))
    expect(searchParams.get('error')).toBe('invalid_request_uri')
    expect(searchParams.get('iss')).toBe(server.issuer)
    expect(searchParams.has('code')).toBe(false)
  })

  test('are of no use to another client that got hold of the request_uri', async () => {
    const uri = await uriOf(await push(client))
    const thief = await addClient(server)
    const browser = new Browser(server.issuer)
    const answer = await browser.open(authorizeUri(thief, uri))
    expect(answer.text).not.toContain('/login"')
    expect(answer.text).toContain('client_id')
  })

  test('cannot be changed on the way: what stands beside the request_uri counts for nothing', async () => {
    const uri = await uriOf(await push(client, { scope: 'notes:read' }))
    const evil = '&scope=notes:write&redirect_uri=https://evil.example/&state=evil'
    const target = await complete(authorizeUri(client, uri, evil))
    expect(target.origin + target.pathname).toBe(redirectUri)
    expect(target.searchParams.get('state')).toBe('state-1')
    const code = oauth.validateAuthResponse(as, client, target, 'state-1')
    const tokens = (await (await redeem(server, client, { code, verifier })).json()) as {
      scope: string
    }
    expect(tokens.scope).toBe('notes:read')
  })

  test('are checked when pushed: redirect_uri, PKCE, resource, duplicates', async () => {
    const refusal = async (more: Record<string, string>): Promise<unknown> => {
      const response = await push(client, more)
      expect(response.status).toBeGreaterThanOrEqual(400)
      return ((await response.json()) as { error: string }).error
    }
    expect(await refusal({ redirect_uri: 'https://evil.example/cb' })).toMatch(/invalid_re/)
    expect(await refusal({ code_challenge_method: 'plain' })).toBe('invalid_request')
    expect(await refusal({ code_challenge: '' })).toBe('invalid_request')
    expect(await refusal({ resource: 'https://evil.example/' })).toBe('invalid_target')
    const body = await parameters({ client_id: client.client_id })
    body.append('redirect_uri', 'https://evil.example/')
    const twice = await fetch(as.pushed_authorization_request_endpoint ?? '', {
      method: 'POST',
      body,
    })
    expect(twice.status).toBe(400)
  })
})

describe('dpop_jkt at the authorization endpoint', () => {
  test('binds the code: no proof or another key is refused', async () => {
    const plain = await addClient(server)
    const dpop = await dpopKeys()
    const jkt = await oauth.DPoP(plain, dpop).calculateThumbprint()
    const ask = async (): ReturnType<typeof authorize> =>
      authorize(server, { client: plain, email, resource, parameters: { dpop_jkt: jkt } })
    expect((await redeem(server, plain, await ask())).status).toBe(400)
    expect((await redeem(server, plain, await ask(), { dpop: await dpopKeys() })).status).toBe(400)
    expect((await redeem(server, plain, await ask(), { dpop })).status).toBe(200)
  })
})
