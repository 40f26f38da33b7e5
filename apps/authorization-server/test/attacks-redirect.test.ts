import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, handOffTarget } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  discover,
  redeem,
  redirectUri,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
const web = 'https://app.example/callback'
let server: TestServer
let client: oauth.Client

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server, { redirect_uris: [web, redirectUri, 'http://[::1]:8123/cb'] })
})
afterAll(() => server.stop())

const open = async (uri: string): Promise<{ readonly status: number; readonly text: string }> => {
  const { url } = await authorizationUrl(server, {
    client,
    resource,
    parameters: { redirect_uri: uri },
  })
  return new Browser(server.issuer).open(url)
}

describe('a redirect address', () => {
  test.each([
    web,
    redirectUri,
    'http://127.0.0.1:49152/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:1/cb',
  ])('%s is the registered one, or its loopback with another port', async (uri) => {
    expect((await open(uri)).text).toContain('/login"')
  })

  test.each([
    // User information.
    'https://user@app.example/callback',
    'https://user:pass@app.example/callback',
    'https://app.example@evil.example/callback',
    'https://app.example%40evil.example/callback',
    'https://app.example:443@evil.example/callback',
    'http://127.0.0.1:8123@evil.example/callback',
    'http://127.0.0.1@evil.example:8123/callback',
    // Fragments and queries.
    'https://app.example/callback#',
    'https://app.example/callback#/../evil',
    'https://app.example/callback?',
    'https://app.example/callback?next=https://evil.example',
    'http://127.0.0.1:8123/callback?x=1',
    'http://127.0.0.1:8123/callback#x',
    // Paths.
    'https://app.example/callback/',
    'https://app.example/callback/../evil',
    'https://app.example/callback/%2e%2e/evil',
    'https://app.example/evil/../callback',
    'https://app.example/./callback',
    'https://app.example//callback',
    'https://app.example/callback%2fevil',
    'https://app.example/callback%00',
    'https://app.example/callback;x',
    'https://app.example/%63allback',
    'https://app.example/Callback',
    'https://app.example/call\tback',
    'http://127.0.0.1:8123/callback/../evil',
    'http://127.0.0.1:8123/Callback',
    // Hosts.
    'https://app.example.evil.example/callback',
    'https://evil.example/app.example/callback',
    'https://app.example\\.evil.example/callback',
    'https://evil.example\\@app.example/callback',
    'https://app.example./callback',
    'https://\u0430pp.example/callback',
    'https://xn--pp-6kc.example/callback',
    'https://app.example:8443/callback',
    'http://localhost.evil.example:8123/callback',
    'http://localhost.evil:8123/callback',
    'http://127.0.0.1.evil.example:8123/callback',
    'http://127.0.0.1.nip.io:8123/callback',
    'http://evil.example:8123/callback',
    'http://[::ffff:127.0.0.1]:8123/callback',
    'http://[::2]:8123/cb',
    'http://[::1]:8123/callback',
    'http://[::1.evil.example]/cb',
    'http://[::1]evil.example/cb',
    'http://127.0.0.2:8123/callback',
    'http://127.1:8123/callback',
    'http://2130706433:8123/callback',
    'http://0x7f.0.0.1:8123/callback',
    'http://localhost:8123/callback',
    'http://0.0.0.0:8123/callback',
    'http://127.0.0.1:99999/callback',
    'http://127.0.0.1:8123:80/callback',
    // Schemes.
    'http://app.example/callback',
    'https://127.0.0.1:8123/callback',
    'javascript:alert(1)//127.0.0.1:8123/callback',
    'data:text/html,<script>alert(1)</script>',
    '//app.example/callback',
    '/callback',
    'app.example/callback',
    '',
    ' https://app.example/callback',
    'https://app.example/callback ',
  ])('%j is not, and nobody is sent there', async (uri) => {
    const page = await open(uri)
    expect(page.status).toBe(400)
    expect(page.text).not.toContain('http-equiv="refresh"')
    expect(page.text).not.toContain('/login"')
    expect(page.text).not.toContain('<script')
  })

  test('of another spelling redeems no code', async () => {
    const { code, verifier } = await authorize(server, { client, email, resource })
    const response = await oauth.authorizationCodeGrantRequest(
      await discover(server.issuer),
      client,
      oauth.None(),
      code,
      'http://127.0.0.1:9999/callback',
      verifier,
      { [oauth.allowInsecureRequests]: true },
    )
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('is needed by every client that has several', async () => {
    const { url } = await authorizationUrl(server, { client, resource })
    const without = new URL(url)
    without.searchParams.delete('redirect_uri')
    const page = await new Browser(server.issuer).open(without.href)
    expect(page.status).toBe(400)
  })
})

describe('a mix-up of servers', () => {
  test('is noticed: the answer names who gave it, and nobody else', async () => {
    const { url, state } = await authorizationUrl(server, {
      client,
      resource,
      parameters: { prompt: 'none' },
    })
    const answer = handOffTarget(await new Browser(server.issuer).open(url))
    const honest = await discover(server.issuer)
    expect(honest.authorization_response_iss_parameter_supported).toBe(true)
    const other = { ...honest, issuer: 'https://evil.example' }
    expect(() => oauth.validateAuthResponse(other, client, answer, state)).toThrow('iss')
    const silent = new URL(answer)
    silent.searchParams.delete('iss')
    expect(() => oauth.validateAuthResponse(honest, client, silent, state)).toThrow('iss')
  })

  test("ends nowhere: a code that another server got hold of lacks the client's verifier", async () => {
    const victim = await authorize(server, { client, email, resource })
    const attacker = await authorizationUrl(server, { client, resource })
    const injected = await redeem(server, client, { ...victim, verifier: attacker.verifier })
    expect(await injected.json()).toMatchObject({ error: 'invalid_grant' })
    const other = await addClient(server)
    const stolen = await redeem(server, other, await authorize(server, { client, email, resource }))
    expect(await stolen.json()).toMatchObject({ error: 'invalid_grant' })
  })
})
