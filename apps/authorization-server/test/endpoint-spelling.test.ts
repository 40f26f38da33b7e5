import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { addClient, addResource, authorizationUrl } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

// The library takes its paths in any case and with a slash behind, our own steps around it do not:
// whatever only the library recognises would pass by them, the audit log among them.

const uri = 'https://notes.example/mcp'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await addResource(server, { resource: uri })
})
afterAll(() => server.stop())

test.each(['/oauth2/TOKEN', '/oauth2/token/', '/OAuth2/token', '/TOKEN', '/oauth2/%74oken'])(
  'no token is issued at %s, where nobody would write it down',
  async (path) => {
    const { client, secret } = await registerClient(
      server.ctx,
      {
        client_name: 'Nightly job',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      'usr_admin',
    )
    const before = await server.ctx.storage.audit.head()
    const response = await fetch(server.issuer + path, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.clientId,
        client_secret: secret ?? '',
        resource: uri,
      }),
    })
    expect(await response.text()).not.toContain('access_token')
    expect(response.status).toBe(404)
    expect((await server.ctx.storage.audit.head()).seq).toBe(before.seq)
  },
)

test.each(['/oauth2/AUTH', '/oauth2/auth/', '/Oauth2/auth/some-interaction'])(
  'no authorization begins or resumes at %s',
  async (path) => {
    const client = await addClient(server)
    const { url } = await authorizationUrl(server, { client, resource: uri, scope: 'notes:read' })
    const response = await fetch(url.replace('/oauth2/auth', path), { redirect: 'manual' })
    expect(response.status).toBe(404)
  },
)

test('the right spelling is served', async () => {
  const client = await addClient(server)
  const { url } = await authorizationUrl(server, { client, resource: uri, scope: 'notes:read' })
  expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
})

describe('another method', () => {
  const endpoints = [
    ['/oauth2/token', 'POST'],
    ['/token', 'POST'],
    ['/oauth2/revoke', 'POST'],
    ['/oauth2/introspect', 'POST'],
    ['/oauth2/par', 'POST'],
    ['/oauth2/device/auth', 'POST'],
    ['/oauth2/auth', 'GET'],
    ['/oauth2/deny-list', 'GET'],
    ['/oauth2/userinfo', 'GET, POST'],
    ['/.well-known/jwks.json', 'GET, HEAD'],
  ] as const

  test.each(endpoints)('than that of %s is told to be %s', async (path, allowed) => {
    const before = await server.ctx.storage.audit.head()
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (allowed.split(', ').includes(method)) continue
      const answer = await fetch(server.issuer + path, {
        method,
        headers: { origin: 'https://app.example' },
        redirect: 'manual',
      })
      expect([method, answer.status]).toEqual([method, 405])
      expect(answer.headers.get('allow')).toBe(allowed)
    }
    // It is nobody's request: nothing was refused to anyone.
    expect((await server.ctx.storage.audit.head()).seq).toBe(before.seq)
  })

  test('is told to a page of another origin as well', async () => {
    const answer = await fetch(`${server.issuer}/oauth2/token`, {
      headers: { origin: 'https://app.example' },
    })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  test('begins no authorization past the limits of the right one', async () => {
    const { url } = await authorizationUrl(server, {
      client: await addClient(server),
      resource: uri,
    })
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual' })
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.getSetCookie()).toEqual([])
  })
})
