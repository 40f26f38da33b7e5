import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addClient,
  addResource,
  authorize,
  claimsOf,
  dpopKeys,
  obtainTokens,
  redeem,
  refresh,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
let server: TestServer
let client: oauth.Client

const resourceFor = (policy: string): string => `https://${policy}.example/mcp`

beforeAll(async () => {
  server = await startTestServer()
  const { id } = await server.addUser(email)
  await addConnection(server.ctx, id, 'github')
  client = await addClient(server)
  for (const dpop of ['off', 'preferred', 'required']) {
    await addResource(server, { resource: resourceFor(dpop), dpop })
  }
})
afterAll(() => server.stop())

describe('DPoP policy of a resource', () => {
  test('required: refuses a code without a proof, says why, and leaves the code usable', async () => {
    const resource = resourceFor('required')
    const authorization = await authorize(server, { client, email, resource })
    const parameters = { resource }
    const refused = await redeem(server, client, authorization, { parameters })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      error: 'invalid_dpop_proof',
      error_description: expect.stringContaining('send a DPoP proof'),
    })
    const dpop = await dpopKeys()
    expect((await redeem(server, client, authorization, { parameters, dpop })).status).toBe(200)
  })

  test('required: also refuses when the token request leaves the resource to the code, which stays usable', async () => {
    const resource = resourceFor('required')
    const authorization = await authorize(server, { client, email, resource })
    const refused = await redeem(server, client, authorization)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'invalid_dpop_proof' })
    const again = await redeem(server, client, authorization, { dpop: await dpopKeys() })
    expect(again.status).toBe(200)
  })

  test('required: holds for the dispatch and management resources of this server', async () => {
    for (const resource of [`${server.issuer}/dispatch`, `${server.issuer}/v1`]) {
      const handle = (await server.ctx.storage.connections.list())[0]?.handle ?? ''
      const consent = { connection: handle }
      const bearer = await authorize(server, { client, email, resource, consent })
      expect((await redeem(server, client, bearer)).status).toBe(400)
      const bound = await authorize(server, { client, email, resource, consent })
      const response = await redeem(server, client, bound, { dpop: await dpopKeys() })
      expect(response.status).toBe(200)
    }
  })

  test('required: refuses a refresh without a proof', async () => {
    const dpop = await dpopKeys()
    const tokens = await obtainTokens(server, {
      client,
      email,
      resource: resourceFor('required'),
      dpop,
    })
    expect((await refresh(server, client, tokens.refresh_token)).status).toBe(400)
    expect((await refresh(server, client, tokens.refresh_token, dpop)).status).toBe(200)
  })

  test('off: gives a Bearer token even when a proof is sent, and says Bearer', async () => {
    const authorization = await authorize(server, { client, email, resource: resourceFor('off') })
    const response = await redeem(server, client, authorization, { dpop: await dpopKeys() })
    const tokens = (await response.json()) as { token_type: string; access_token: string }
    expect(tokens.token_type).toBe('Bearer')
    expect(claimsOf(tokens.access_token)).not.toHaveProperty('cnf')
  })

  test('refuses a proof that was used before', async () => {
    const resource = resourceFor('preferred')
    const dpop = await dpopKeys()
    const first = await authorize(server, { client, email, resource })
    let proof = ''
    const capture: typeof fetch = (url, init) => {
      proof = new Headers(init?.headers).get('dpop') ?? ''
      return fetch(url, init)
    }
    const as = await oauth.processDiscoveryResponse(
      new URL(server.issuer),
      await oauth.discoveryRequest(new URL(server.issuer), {
        algorithm: 'oauth2',
        [oauth.allowInsecureRequests]: true,
      }),
    )
    await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      first.code,
      'http://127.0.0.1:8123/callback',
      first.verifier,
      {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: capture,
        DPoP: oauth.DPoP(client, dpop),
      },
    )
    const second = await authorize(server, { client, email, resource })
    const replayed = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { dpop: proof },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: client.client_id,
        code: second.code.get('code') ?? '',
        redirect_uri: 'http://127.0.0.1:8123/callback',
        code_verifier: second.verifier,
      }),
    })
    expect(replayed.status).toBe(400)
    expect(await replayed.json()).toEqual({
      error: 'invalid_dpop_proof',
      error_description: expect.stringContaining('used before'),
    })
  })

  test('takes a proof for the alias of the token endpoint, and only there', async () => {
    const { createDpopProof, generateDpopKey } = await import('@holdfast/protocol/token')
    const key = await generateDpopKey()
    const ask = async (path: string, htuPath: string): Promise<number> => {
      const { code, verifier } = await authorize(server, {
        client,
        email,
        resource: resourceFor('required'),
      })
      const response = await fetch(server.issuer + path, {
        method: 'POST',
        headers: {
          dpop: await createDpopProof({ key, method: 'POST', url: server.issuer + htuPath }),
        },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: client.client_id,
          code: code.get('code') ?? '',
          redirect_uri: 'http://127.0.0.1:8123/callback',
          code_verifier: verifier,
        }),
      })
      return response.status
    }
    expect(await ask('/token', '/token')).toBe(200)
    expect(await ask('/oauth2/token', '/token')).toBe(400)
    expect(await ask('/token', '/oauth2/token')).toBe(400)
  })
})
