import { afterAll, beforeAll, expect, test } from 'vitest'
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
