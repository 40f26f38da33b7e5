import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RegisteredResource } from '../src/registration/resources.ts'
import {
  addClient,
  addResource,
  claimsOf,
  dpopKeys,
  exchange,
  obtainTokens,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const uri = 'https://issues.example/mcp'
let server: TestServer
let client: oauth.Client
let own: RegisteredResource
let other: RegisteredResource
let userId: string
let handle: string
let now = 0

beforeAll(async () => {
  server = await startTestServer({ clock: () => Date.now() + now })
  userId = (await server.addUser(email)).id
  handle = await addConnection(server.ctx, userId, 'github')
  client = await addClient(server)
  own = await addResource(server, {
    resource: uri,
    connections: [{ name: 'repo', provider: 'github', description: 'Reads your issues' }],
  })
  other = await addResource(server, { resource: 'https://other.example/mcp' })
})
afterAll(() => server.stop())

const userToken = async (resource = uri): Promise<string> => {
  const tokens = await obtainTokens(server, {
    client,
    email,
    resource,
    ...(resource === uri && { consent: { 'connection.repo': handle } }),
  })
  return tokens.access_token
}

const refusal = async (
  response: Response,
): Promise<{ error: string; error_description: string }> => {
  expect(response.ok).toBe(false)
  return (await response.json()) as { error: string; error_description: string }
}

describe('token exchange', () => {
  test('takes no ext, which only an API key has', async () => {
    const subject = await userToken()
    for (const ext of [`{"connections":{"repo":"${handle}"}}`, '{}', '']) {
      const dpop = await dpopKeys()
      const parameters = { ext }
      const response = await exchange(server, own.client, subject, { dpop, parameters })
      const { error, error_description: text } = await refusal(response)
      expect(error).toBe('invalid_request')
      expect(text).toContain('ext')
    }
  })

  test('gives the MCP server a dispatch token of the user, bound to its own key', async () => {
    const subject = await userToken()
    const response = await exchange(server, own.client, subject, { dpop: await dpopKeys() })
    expect(response.status).toBe(200)
    const body = (await response.json()) as Record<string, string>
    expect(body).toMatchObject({
      token_type: 'DPoP',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'dispatch',
    })
    const claims = claimsOf(body['access_token'] ?? '')
    expect(claims).toMatchObject({
      sub: userId,
      aud: `${server.issuer}/dispatch`,
      client_id: own.client.id,
      act: { sub: own.client.id },
      scope: 'dispatch',
      'ddls:resource': uri,
      'ddls:connections': { repo: handle },
      'ddls:grant': claimsOf(subject)['ddls:grant'],
      cnf: { jkt: expect.any(String) },
    })
    expect(Number(claims['exp'])).toBeLessThanOrEqual(Number(claimsOf(subject)['exp']))
    expect(body).not.toHaveProperty('refresh_token')
    await expect(
      server.ctx.verifyToken(body['access_token'] ?? '', {
        audience: `${server.issuer}/dispatch`,
      }),
    ).resolves.toMatchObject({ sub: userId })
  })

  test("refuses another resource's token", async () => {
    const response = await exchange(server, other.client, await userToken(), {
      dpop: await dpopKeys(),
    })
    expect(await refusal(response)).toEqual({
      error: 'invalid_request',
      error_description: 'subject_token refused: the access token is meant for another resource',
    })
  })

  test('refuses without a proof and says what to send', async () => {
    const { error, error_description: text } = await refusal(
      await exchange(server, own.client, await userToken()),
    )
    expect(error).toBe('invalid_dpop_proof')
    expect(text).toContain('DPoP proof')
  })

  test('refuses an expired subject token', async () => {
    const subject = await userToken()
    now = 301_000
    try {
      const { error_description: text } = await refusal(
        await exchange(server, own.client, subject, { dpop: await dpopKeys() }),
      )
      expect(text).toContain('expired')
    } finally {
      now = 0
    }
  })

  test('refuses the token of a revoked grant at once', async () => {
    const subject = await userToken()
    await server.ctx.revocation.revokeGrant(String(claimsOf(subject)['ddls:grant']))
    const { error_description: text } = await refusal(
      await exchange(server, own.client, subject, { dpop: await dpopKeys() }),
    )
    expect(text).toContain('revoked')
  })

  test('refuses a token of another issuer, a changed token and what is no token', async () => {
    const subject = await userToken()
    const foreign = await startTestServer()
    try {
      await foreign.addUser(email)
      const agent = await addClient(foreign)
      await addResource(foreign, { resource: uri })
      const stranger = await obtainTokens(foreign, { client: agent, email, resource: uri })
      const [head = '', body = '', signature = ''] = subject.split('.')
      const claims = { ...claimsOf(subject), sub: 'usr_someone_else' }
      const forged = Buffer.from(JSON.stringify(claims)).toString('base64url')
      const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
      for (const token of [
        stranger.access_token,
        [head, forged, signature].join('.'),
        [unsigned, body, ''].join('.'),
        [unsigned, body, signature].join('.'),
        'not-a-token',
      ]) {
        const { error } = await refusal(
          await exchange(server, own.client, token, { dpop: await dpopKeys() }),
        )
        expect(error).toBe('invalid_request')
      }
    } finally {
      await foreign.stop()
    }
  })

  test('refuses a wrong secret, and clients that are not the own client of a resource', async () => {
    const subject = await userToken()
    const wrong = await exchange(server, { ...own.client, secret: other.client.secret }, subject, {
      dpop: await dpopKeys(),
    })
    expect(wrong.status).toBe(401)
    const publicClient = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: client.client_id,
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
    })
    expect(publicClient.status).toBe(400)
  })

  test.each([
    ['another target', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['an unknown target', { resource: 'https://unknown.example/' }, 'invalid_target'],
    ['another scope', { scope: 'admin' }, 'invalid_scope'],
    ['an actor token', { actor_token: 'x', actor_token_type: 'y' }, 'invalid_request'],
    ['another subject type', { subject_token_type: 'urn:x:y' }, 'invalid_request'],
    [
      'an id token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
  ])('refuses %s', async (_name, parameters, error) => {
    const response = await exchange(server, own.client, await userToken(), {
      dpop: await dpopKeys(),
      parameters,
    })
    expect((await refusal(response)).error).toBe(error)
  })

  test('refuses to exchange an exchanged token again', async () => {
    const first = await exchange(server, own.client, await userToken(), { dpop: await dpopKeys() })
    const { access_token: token } = (await first.json()) as { access_token: string }
    const again = await exchange(server, own.client, token, { dpop: await dpopKeys() })
    expect((await refusal(again)).error).toBe('invalid_request')
  })
})
