import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { addResource, claimsOf, discover, dpopKeys, insecure } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://notes.example/mcp'
let server: TestServer
let own: { readonly id: string; readonly secret: string }

beforeAll(async () => {
  server = await startTestServer()
  own = (await addResource(server, { resource: uri })).client
})
afterAll(() => server.stop())

const machine = async (): Promise<{ id: string; secret: string }> => {
  const { client, secret = '' } = await registerClient(
    server.ctx,
    {
      client_name: 'Nightly job',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    'usr_admin',
  )
  return { id: client.clientId, secret }
}

const ask = async (
  { id, secret }: { id: string; secret: string },
  parameters: Record<string, string>,
  dpop?: CryptoKeyPair,
): Promise<Response> =>
  oauth.clientCredentialsGrantRequest(
    await discover(server.issuer),
    { client_id: id },
    oauth.ClientSecretBasic(secret),
    parameters,
    { ...insecure, ...(dpop && { DPoP: oauth.DPoP({}, dpop) }) },
  )

describe('client credentials', () => {
  test('give a registered confidential client a token for one resource', async () => {
    const client = await machine()
    const response = await ask(client, { resource: uri, scope: 'notes:read' }, await dpopKeys())
    expect(response.status).toBe(200)
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect(claimsOf(token)).toMatchObject({
      sub: client.id,
      client_id: client.id,
      aud: uri,
      scope: 'notes:read',
      cnf: { jkt: expect.any(String) },
    })
    expect(claimsOf(token)).not.toHaveProperty('ddls:connections')
  })

  test('give all scopes of the resource to a client that names none, and say so', async () => {
    for (const parameters of [{}, { resource: uri }] as Record<string, string>[]) {
      const response = await ask(await machine(), parameters)
      const { access_token: token, scope } = (await response.json()) as Record<string, string>
      expect(scope).toBe('notes:read notes:write')
      expect(claimsOf(token ?? '')['scope']).toBe(scope)
    }
  })

  test.each(['admin', 'nothing', 'notes:read admin', 'notes:READ'])(
    'are refused for the scope %s, which the resource does not have',
    async (scope) => {
      const response = await ask(await machine(), { resource: uri, scope })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: 'invalid_scope' })
    },
  )

  test('find the only resource when none is named', async () => {
    const response = await ask(await machine(), { scope: 'notes:read' })
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect(claimsOf(token)['aud']).toBe(uri)
  })

  test('reach neither the management nor the dispatch resource', async () => {
    for (const resource of [`${server.issuer}/v1`, `${server.issuer}/dispatch`]) {
      const response = await ask(await machine(), { resource }, await dpopKeys())
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: 'invalid_target' })
    }
  })

  test('are refused with a wrong secret, without one, and for the own client of a resource', async () => {
    const client = await machine()
    expect((await ask({ ...client, secret: 'wrong' }, { resource: uri })).status).toBe(401)
    const bare = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id }),
    })
    expect(bare.status).toBe(401)
    expect((await ask(own, { resource: uri })).status).toBe(400)
  })

  test('are out of reach for public clients', async () => {
    const refused = registerClient(
      server.ctx,
      { client_name: 'Public', grant_types: ['client_credentials'] },
      'usr_admin',
    )
    await expect(refused).rejects.toMatchObject({ code: 'invalid_client_metadata' })
    const anonymous = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'holdfast-cli' }),
    })
    expect(anonymous.status).toBe(400)
  })

  test('are recorded at once, and then counted', async () => {
    const client = await machine()
    for (let i = 0; i < 5; i += 1) await ask(client, { resource: uri })
    const records = await server.ctx.storage.audit.read({ limit: 1000 })
    const own = records.filter((record) => record.client === client.id)
    expect(own.map(({ type, detail }) => [type, detail?.['count']])).toEqual([['token.issued', 1]])
  })

  test('stop when the client is revoked, also with an unexpired token', async () => {
    const client = await machine()
    const response = await ask(client, { resource: uri, scope: 'notes:read' })
    const { access_token: token } = (await response.json()) as { access_token: string }
    await server.ctx.revocation.revokeClient(client.id)
    await expect(server.ctx.verifyToken(token, {})).rejects.toThrow('revoked')
    expect((await ask(client, { resource: uri })).status).toBe(401)
  })
})
