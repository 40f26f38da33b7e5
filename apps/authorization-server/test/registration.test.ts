import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { redirectUriProblem, selfServiceRedirectProblem } from '../src/registration/redirect-uri.ts'
import { registerResource } from '../src/registration/resources.ts'
import { startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

describe('redirect addresses', () => {
  test.each([
    'https://app.example/callback',
    'https://app.example:8443/cb?x=1',
    'http://127.0.0.1:8123/callback',
    'http://localhost/callback',
    'http://[::1]:1/cb',
    'cursor://anysphere.cursor-retrieval/oauth/callback',
    'com.example.app:/callback',
  ])('%s is accepted', (uri) => {
    expect(redirectUriProblem(uri)).toBeUndefined()
  })

  test.each([
    'javascript:alert(1)',
    'JavaScript://x/%0aalert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'http://app.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'https://localhost/callback',
    'https://app.example/cb#fragment',
    'https://app.example/cb#',
    'https://user:pass@app.example/cb',
    'https://app.example/c b',
    'https://app.example\\@evil.example/',
    'java\tscript:alert(1)',
    '/relative',
    'cursor:callback',
    'intent://x#Intent;end',
    `https://app.example/${'a'.repeat(2100)}`,
  ])('%s is refused', (uri) => {
    expect(redirectUriProblem(uri)).toBeTypeOf('string')
  })
})

describe('redirect addresses of clients that register themselves', () => {
  test.each([
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'vscode://saoudrizwan.claude-dev/mcp-auth/callback/0a1b',
    'warp://mcp/oauth2callback',
    'com.raycast:/oauth',
    'com.example.app-2:/callback',
    'https://app.example/callback',
    'http://127.0.0.1:8123/callback',
  ])('%s is accepted', (uri) => {
    expect(selfServiceRedirectProblem(uri, 'https://auth.example')).toBeUndefined()
  })

  test.each([
    'evil://callback/x',
    'slack://oauth/callback',
    'ms-msdt://x/y',
    'search-ms://query/x',
    'web+app://callback/x',
    'cursor.://callback/x',
    'c.x://callback/x',
    'javascript:alert(1)',
    'http://app.example/callback',
  ])('%s is refused', (uri) => {
    expect(selfServiceRedirectProblem(uri, 'https://auth.example')).toBeTypeOf('string')
  })

  test('are checked when one registers; an administrator may still name any scheme', async () => {
    const uri = 'acme-agent://callback/x'
    const response = await fetch(`${server.issuer}/oauth2/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'A', redirect_uris: [uri] }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: 'invalid_redirect_uri',
      error_description: expect.stringContaining('com.example.app') as string,
    })
    const input = { client_name: 'A', redirect_uris: [uri] }
    const { client } = await registerClient(server.ctx, input, 'usr_admin')
    expect(client.metadata).toMatchObject({ redirect_uris: [uri] })
  })
})

describe('clients', () => {
  const register = (input: unknown) => registerClient(server.ctx, input, 'usr_admin')

  test('are public code clients by default, and get a secret only when they ask for one', async () => {
    const open = await register({ client_name: 'A', redirect_uris: ['https://a.example/cb'] })
    expect(open.secret).toBeUndefined()
    expect(open.client.metadata).toMatchObject({
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    })
    const closed = await register({
      client_name: 'B',
      redirect_uris: ['https://b.example/cb'],
      token_endpoint_auth_method: 'client_secret_basic',
    })
    expect(closed.secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(JSON.stringify(closed.client)).not.toContain(closed.secret)
  })

  test.each([
    ['no redirect', { client_name: 'A' }, 'invalid_redirect_uri'],
    [
      'a bad redirect',
      { client_name: 'A', redirect_uris: ['javascript:x'] },
      'invalid_redirect_uri',
    ],
    [
      'too many redirects',
      { client_name: 'A', redirect_uris: Array.from({ length: 21 }, (_, i) => `https://a${i}.b/`) },
      'invalid_redirect_uri',
    ],
    ['an unknown field', { client_name: 'A', scope: 'x' }, 'invalid_client_metadata'],
    [
      'an unknown grant',
      { client_name: 'A', redirect_uris: ['https://a.b/'], grant_types: ['implicit'] },
      'invalid_client_metadata',
    ],
    ['no body', undefined, 'invalid_client_metadata'],
  ])('with %s are refused', async (_name, input, code) => {
    await expect(register(input)).rejects.toMatchObject({ code })
  })
})

describe('resources', () => {
  const register = (input: unknown) => registerResource(server.ctx, input, 'usr_admin')

  test('get a canonical URI, a client of their own and, on request, a deployment', async () => {
    const made = await register({
      resource: 'HTTPS://Notes.Example:443/',
      display_name: 'Notes',
      deployment: true,
    })
    expect(made.resource).toMatchObject({
      resource: 'https://notes.example',
      clientId: made.client.id,
      dpop: 'preferred',
      deploymentId: made.deployment?.id,
    })
    expect(made.resource.scopes).toHaveLength(1)
    expect(Buffer.from(made.deployment?.secret ?? '', 'base64')).toHaveLength(32)
    expect(await server.ctx.storage.clients.checkSecret(made.client.id, made.client.secret)).toBe(
      true,
    )
    expect(JSON.stringify(made.resource)).not.toContain(made.client.secret)
  })

  test('share no URI, and a refused one leaves no usable client behind', async () => {
    await register({ resource: 'https://a.example/mcp', display_name: 'A' })
    const before = await server.ctx.storage.clients.list({ limit: 1000 })
    await expect(
      register({
        resource: 'https://b.example/mcp',
        display_name: 'B',
        aliases: ['https://a.example/mcp'],
      }),
    ).rejects.toMatchObject({ code: 'conflict' })
    const after = await server.ctx.storage.clients.list({ limit: 1000 })
    const usable = (clients: typeof after): number =>
      clients.filter(({ revokedAtMs }) => revokedAtMs === undefined).length
    expect(usable(after)).toBe(usable(before))
  })

  test('may not stand on this server, nor carry what a resource URI must not', async () => {
    for (const resource of [
      `${server.issuer}/v1`,
      `${server.issuer}/dispatch`,
      `${server.issuer}/anything`,
      'https://x.example/#f',
      'https://x.example/?q',
      'https://user@x.example/',
      'ftp://x.example/',
      'not a uri',
    ]) {
      await expect(register({ resource, display_name: 'X' })).rejects.toMatchObject({
        code: 'invalid_resource',
      })
    }
  })
})
