import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restrictClients } from '../src/registration/client-validator.ts'
import { requireStaticClient } from '../src/registration/static-client.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import { addResource, postForm, redirectUri } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const grants = {
  client_credentials: {},
  'urn:ietf:params:oauth:grant-type:token-exchange': {
    subject_token: 'x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  },
  'urn:ietf:params:oauth:grant-type:device_code': { device_code: 'x' },
  'urn:ietf:params:oauth:grant-type:jwt-bearer': { assertion: 'e30.e30.x' },
}
const everyGrant = ['authorization_code', 'refresh_token', ...Object.keys(grants)]

let host: DocumentHost
let server: TestServer
beforeAll(async () => {
  host = await startDocumentHost()
  server = await startTestServer({ config: { outbound: host.outbound } })
  await addResource(server)
})
afterAll(async () => {
  await server.stop()
  await host.stop()
})

/** Three ways to become a client without being asked who one is. */
const ways: Record<string, () => Promise<{ client_id: string; client_secret?: string }>> = {
  'a document': async () => ({
    client_id: host.serve('/machine.json', { grant_types: everyGrant, holdfast_source: 'manual' }),
  }),
  'a public registration': () => register({ token_endpoint_auth_method: 'none' }),
  'a confidential registration': () =>
    register({ token_endpoint_auth_method: 'client_secret_post' }),
}

async function register(
  fields: Record<string, unknown>,
): Promise<{ client_id: string; client_secret?: string }> {
  const response = await fetch(`${server.issuer}/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [redirectUri],
      grant_types: everyGrant,
      holdfast_source: 'manual',
      ...fields,
    }),
  })
  const answer = (await response.json()) as { client_id: string; client_secret?: string }
  return {
    client_id: answer.client_id,
    ...(answer.client_secret !== undefined && { client_secret: answer.client_secret }),
  }
}

describe.each(Object.keys(ways))('whoever comes by %s', (way) => {
  test.each(Object.keys(grants))('gets no token by %s', async (grant) => {
    const client = await ways[way]!()
    const { status, body } = await postForm(server, '/oauth2/token', {
      grant_type: grant,
      resource: 'http://127.0.0.1:9000/mcp',
      scope: 'notes:read',
      ...client,
      ...grants[grant as keyof typeof grants],
    })
    expect(body).not.toHaveProperty('access_token')
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body['error']).toMatch(/^(unauthorized_client|unsupported_grant_type)$/)
  })

  test('gets no device code', async () => {
    const client = await ways[way]!()
    const response = await fetch(`${server.issuer}/oauth2/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ scope: 'notes:read', ...client }),
    })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).not.toContain('device_code"')
  })
})

test('a client in the database is held to the same, whatever its metadata says', async () => {
  const { client } = await server.ctx.storage.dynamicClients.register(
    {
      clientId: 'dcr_planted',
      metadata: {
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'client_credentials'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    },
    10_000,
  )
  expect(client?.clientId).toBe('dcr_planted')
  const { body } = await postForm(server, '/oauth2/token', {
    grant_type: 'client_credentials',
    client_id: 'dcr_planted',
    scope: 'notes:read',
    resource: 'http://127.0.0.1:9000/mcp',
  })
  expect(body).not.toHaveProperty('access_token')
  expect(body['error']).toBe('unauthorized_client')
})

test('the library alone would give such a client a token', async () => {
  const clients = [
    {
      client_id: 'machine',
      redirect_uris: ['https://a.example/cb'],
      grant_types: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_method: 'none' as const,
    },
  ]
  const settings = { clients, features: { clientCredentials: { enabled: true } } }
  const bare = await new Provider('http://localhost', settings).Client.find('machine')
  expect(bare?.grantTypeAllowed('client_credentials')).toBe(true)
  const held = await new Provider('http://localhost', {
    ...settings,
    extraClientMetadata: restrictClients(),
  }).Client.find('machine')
  expect(held?.grantTypeAllowed('client_credentials')).toBe(false)
  expect(held?.grantTypeAllowed('authorization_code')).toBe(true)
})

test('grants that act without a person demand a client that an administrator registered', () => {
  for (const source of ['builtin', 'manual']) {
    expect(() => requireStaticClient({ clientId: 'a', holdfast_source: source })).not.toThrow()
  }
  for (const source of ['dynamic', 'document', undefined, 'anything']) {
    expect(() => requireStaticClient({ clientId: 'a', holdfast_source: source })).toThrow(
      /unauthorized_client/,
    )
  }
})
