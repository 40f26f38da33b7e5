import { calculateJwkThumbprint, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RegisteredResource } from '../src/registration/resources.ts'
import {
  addClient,
  addResource,
  claimsOf,
  discover,
  dpopKeys,
  exchange,
  insecure,
  obtainTokens,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const uriOf = (n: number): string => `https://server-${n}.example/mcp`
const scopes = [
  { name: 'notes:read', description: 'Read your notes' },
  { name: 'notes:write', description: 'Change your notes' },
]
let server: TestServer
let agent: oauth.Client
let chain: RegisteredResource[]
let handle: string

beforeAll(async () => {
  server = await startTestServer()
  const user = await server.addUser(email)
  handle = await addConnection(server.ctx, user.id, 'github')
  agent = await addClient(server)
  // Each server may call the one that was registered before it.
  chain = []
  for (let n = 0; n < 7; n += 1) {
    chain.unshift(
      await addResource(server, {
        resource: uriOf(n),
        scopes,
        connections: [{ name: 'repo', provider: 'github', description: 'Reads' }],
        ...(n > 0 && { calls: [uriOf(n - 1)] }),
      }),
    )
  }
})
afterAll(() => server.stop())

const first = async (scope?: string): Promise<string> =>
  (
    await obtainTokens(server, {
      client: agent,
      email,
      resource: uriOf(6),
      scope,
      consent: { 'connection.repo': handle },
    })
  ).access_token

const onward = async (
  nth: number,
  token: string,
  parameters: Record<string, string> = { resource: uriOf(5 - nth) },
) => {
  const response = await exchange(server, chain[nth]!.client, token, {
    dpop: await dpopKeys(),
    parameters,
  })
  return (await response.json()) as Record<string, string>
}

test('every server that acts stays in the token, and the chain ends somewhere', async () => {
  let token = await first()
  const ids = chain.map(({ client }) => client.id)
  for (let n = 0; n < 5; n += 1) {
    token = (await onward(n, token))['access_token'] ?? ''
    const actors: string[] = []
    for (
      let actor = claimsOf(token)['act'] as { sub: string; act?: never } | undefined;
      actor;
      actor = actor.act
    ) {
      actors.push(actor.sub)
    }
    expect(actors).toEqual(ids.slice(0, n + 1).toReversed())
    expect(claimsOf(token)).toMatchObject({
      aud: uriOf(5 - n),
      'ddls:connections': { repo: handle },
    })
  }
  const { error_description: text } = await onward(5, token)
  expect(text).toContain('more than 5 servers')
})

test('introspection tells the whole chain, and the key of the server that acts', async () => {
  const once = (await onward(0, await first()))['access_token'] ?? ''
  const dpop = await dpopKeys()
  const parameters = { resource: uriOf(4) }
  const answer = await exchange(server, chain[1]!.client, once, { dpop, parameters })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const { id, secret } = chain[2]!.client
  const introspected = await oauth.introspectionRequest(
    await discover(server.issuer),
    { client_id: id },
    oauth.ClientSecretBasic(secret),
    token,
    insecure,
  )
  expect(await introspected.json()).toMatchObject({
    active: true,
    token_type: 'DPoP',
    aud: uriOf(4),
    client_id: chain[1]!.client.id,
    act: { sub: chain[1]!.client.id, act: { sub: chain[0]!.client.id } },
    cnf: { jkt: await calculateJwkThumbprint(await exportJWK(dpop.publicKey)) },
  })
})

test('a chain ends in a dispatch token that names all of it, and dies with each of its servers', async () => {
  const second = (await onward(0, await first()))['access_token'] ?? ''
  const { access_token: token = '' } = await onward(1, second, {})
  expect(claimsOf(token)).toMatchObject({
    aud: `${server.issuer}/dispatch`,
    'ddls:resource': uriOf(5),
    client_id: chain[1]!.client.id,
    act: { sub: chain[1]!.client.id, act: { sub: chain[0]!.client.id } },
  })
  await expect(server.ctx.verifyToken(token, {})).resolves.toBeDefined()
  const doomed = await addResource(server, {
    resource: 'https://doomed.example/mcp',
    scopes,
    calls: [uriOf(0)],
  })
  const { access_token: mine } = await obtainTokens(server, {
    client: agent,
    email,
    resource: 'https://doomed.example/mcp',
  })
  const called = await exchange(server, doomed.client, mine, {
    dpop: await dpopKeys(),
    parameters: { resource: uriOf(0) },
  })
  const { access_token: given } = (await called.json()) as { access_token: string }
  const last = (await onward(6, given, {}))['access_token'] ?? ''
  await server.ctx.revocation.revokeClient(doomed.client.id)
  await expect(server.ctx.verifyToken(last, {})).rejects.toMatchObject({ problem: 'revoked' })
})

test('a server reaches only those that an administrator named for it', async () => {
  const token = await first()
  expect((await onward(0, token, { resource: uriOf(4) }))['error']).toBe('invalid_target')
  expect((await onward(0, token, { resource: `${server.issuer}/v1` }))['error']).toBe(
    'invalid_target',
  )
})

test('no scope is won on the way', async () => {
  const token = await first('notes:read')
  const narrow = await onward(0, token)
  expect(narrow['scope']).toBe('notes:read')
  const wide = await onward(0, token, { resource: uriOf(5), scope: 'notes:read notes:write' })
  expect(wide['error']).toBe('invalid_scope')
})

test('a forged chain is worth nothing: the signature covers it', async () => {
  const token = (await onward(0, await first()))['access_token'] ?? ''
  const [head, , signature] = token.split('.')
  const claims = { ...claimsOf(token), act: { sub: agent.client_id } }
  const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature]
  expect((await onward(1, forged.join('.'), {}))['error']).toBe('invalid_request')
})

test('somebody else’s token cannot be passed on, nor one with an actor of one’s choice', async () => {
  const token = await first()
  expect((await onward(1, token, {}))['error']).toBe('invalid_request')
  const chosen = await onward(0, token, { actor_token: token, actor_token_type: 'x' })
  expect(chosen['error']).toBe('invalid_request')
})
