import { createRemoteKeySource, createAccessTokenVerifier } from '@holdfast/protocol/token'
import { createLocalJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { announcementMs } from '../src/keystore.ts'
import { registerClient } from '../src/registration/clients.ts'
import { signingAlgorithms } from '../src/signing-algorithms.ts'
import {
  addClient,
  addResource,
  claimsOf,
  discover,
  headerOf,
  insecure,
  obtainTokens,
  refresh,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let shiftMs: number

const clock = (): number => Date.now() + shiftMs

async function start(config: Record<string, unknown> = {}): Promise<void> {
  server = await startTestServer({ config, clock })
  await server.addUser(email)
  await addResource(server, { resource })
}

beforeEach(() => {
  shiftMs = 0
})
afterEach(() => server.stop())

interface PublishedKey {
  readonly kid: string
  readonly alg: string
}
const keySet = async (): Promise<{ keys: PublishedKey[] }> =>
  (await (await fetch(`${server.issuer}/.well-known/jwks.json`)).json()) as { keys: PublishedKey[] }

/** The token check of resource servers, with the keys as this server publishes them. */
const resourceServer = (cooldownMs = 5000) =>
  createAccessTokenVerifier({
    issuer: server.issuer,
    audience: resource,
    keys: createRemoteKeySource({ load: keySet, cooldownMs, now: clock }),
    now: clock,
  })

test.for(signingAlgorithms)('tokens are signed by %s from the first key on', async (alg) => {
  await start({ signingAlgorithm: alg })
  const client = await addClient(server)
  const tokens = await obtainTokens(server, { client, email, resource, scope: 'openid notes:read' })
  expect(headerOf(tokens.access_token)).toMatchObject({ alg, typ: 'at+jwt' })
  const published = await keySet()
  expect(published.keys.map((key) => key.alg)).toEqual([alg, alg])
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
    for (const key of published.keys) expect(key).not.toHaveProperty(member)
  }

  const keys = createLocalJWKSet(published)
  await jwtVerify(tokens.access_token, keys, { algorithms: [alg], issuer: server.issuer })
  const { id_token: idToken } = tokens as unknown as { id_token: string }
  await jwtVerify(idToken, keys, { algorithms: [alg], audience: client.client_id })
  await expect(resourceServer().verify(tokens.access_token)).resolves.toMatchObject({
    clientId: client.client_id,
  })
  await expect(server.ctx.verifyToken(tokens.access_token, {})).resolves.toBeDefined()

  // What an unsigned or re-labelled token would gain.
  const [, body = '', signature = ''] = tokens.access_token.split('.')
  for (const other of ['none', 'HS256', ...signingAlgorithms.filter((name) => name !== alg)]) {
    const header = { ...headerOf(tokens.access_token), alg: other }
    const forged = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${body}.${signature}`
    await expect(server.ctx.verifyToken(forged, {})).rejects.toThrow()
    await expect(resourceServer().verify(forged)).rejects.toThrow()
  }
})

describe('another algorithm', () => {
  test('is published first and signs a minute later, by command, and stays', async () => {
    await start()
    const client = await addClient(server)
    const before = await obtainTokens(server, { client, email, resource })
    const announced = await server.ctx.keystore.rotate('EdDSA')
    expect(announced).toMatchObject({ alg: 'ES256', next_signs_from_ms: expect.any(Number) })
    expect(announced.retired_kid).toBeUndefined()
    expect((await keySet()).keys.map(({ alg }) => alg)).toEqual(['ES256', 'EdDSA'])
    expect(await server.ctx.keystore.maintain()).toBeUndefined()

    shiftMs = announcementMs + 1000
    expect(await server.ctx.keystore.maintain()).toMatchObject({
      alg: 'EdDSA',
      signing_kid: announced.next_kid,
      retired_kid: announced.signing_kid,
      reason: 'algorithm',
    })
    expect((await keySet()).keys.map(({ alg }) => alg)).toEqual(['EdDSA', 'EdDSA', 'ES256'])
    await expect(resourceServer().verify(before.access_token)).resolves.toBeDefined()
    const after = await refresh(server, client, before.refresh_token)
    const { access_token: token } = (await after.json()) as { access_token: string }
    expect(headerOf(token)['alg']).toBe('EdDSA')
    await expect(resourceServer().verify(token)).resolves.toBeDefined()
    expect((await server.ctx.keystore.rotate()).alg).toBe('EdDSA')
  })

  test('is called off by asking for the one that signs', async () => {
    await start()
    await server.ctx.keystore.rotate('RS256')
    const calledOff = await server.ctx.keystore.rotate('ES256')
    expect(calledOff.next_signs_from_ms).toBeUndefined()
    expect((await keySet()).keys.map(({ alg }) => alg)).toEqual(['ES256', 'ES256'])
    shiftMs = announcementMs * 2
    expect(await server.ctx.keystore.maintain()).toBeUndefined()
  })

  test('in the configuration counts from the next start, and a command outlives a start', async () => {
    await start()
    const { dataDir } = server
    const [first] = server.ctx.keystore.keys()
    const again = async (config: Record<string, unknown>): Promise<void> => {
      await server.close(500)
      server = await startTestServer({ config, clock, dataDir })
    }
    await again({ signingAlgorithm: 'RS256' })
    expect(server.ctx.keystore.keys().map(({ alg }) => alg)).toEqual(['ES256', 'RS256'])
    expect(server.ctx.keystore.keys()[0]?.kid).toBe(first?.kid)
    shiftMs = announcementMs * 2
    expect(await server.ctx.keystore.maintain()).toMatchObject({ alg: 'RS256' })

    await server.ctx.keystore.rotate('EdDSA')
    await again({ signingAlgorithm: 'RS256' })
    expect(server.ctx.keystore.keys().map(({ alg }) => alg)).toEqual(['RS256', 'EdDSA', 'ES256'])
    await again({ signingAlgorithm: 'ES256' })
    expect(server.ctx.keystore.keys().map(({ alg }) => alg)).toEqual(['RS256', 'ES256', 'ES256'])
  })
})

test('the schedule replaces a key by age, and never with age 0', async () => {
  await start({ signingKeyMaxAgeSeconds: 86_400 })
  const due = server.ctx.keystore.rotationDueMs() ?? 0
  shiftMs = due - Date.now() - 10_000
  expect(await server.ctx.keystore.maintain()).toBeUndefined()
  shiftMs += 20_000
  expect(await server.ctx.keystore.maintain()).toMatchObject({ reason: 'age', alg: 'ES256' })
  expect(await server.ctx.keystore.maintain()).toBeUndefined()
  await server.stop()
  await start({ signingKeyMaxAgeSeconds: 0 })
  expect(server.ctx.keystore.rotationDueMs()).toBeUndefined()
  shiftMs = 3650 * 86_400_000
  expect(await server.ctx.keystore.maintain()).toBeUndefined()
})

test('200 token requests and their checks see no failure while keys rotate and change algorithm', async () => {
  await start()
  const { client, secret } = await registerClient(
    server.ctx,
    {
      client_name: 'Job',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    'usr_admin',
  )
  const as = await discover(server.issuer)
  // A verifier that may look again at once: what is tested is what the server publishes, and when.
  const verifier = resourceServer(0)
  const own = { client_id: client.clientId }
  const seen = new Map<unknown, string>()

  async function one(): Promise<void> {
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      own,
      oauth.ClientSecretBasic(secret ?? ''),
      { resource },
      insecure,
    )
    expect(response.status).toBe(200)
    const { access_token: token } = (await response.json()) as { access_token: string }
    seen.set(headerOf(token)['kid'], token)
    expect(claimsOf(token)['aud']).toBe(resource)
    await verifier.verify(token)
    await server.ctx.verifyToken(token, {})
    // Also tokens of the keys before.
    for (const old of seen.values()) await server.ctx.verifyToken(old, {})
  }

  // Every 40 requests something changes, while the others are under way.
  const changes: (() => Promise<unknown>)[] = [
    () => server.ctx.keystore.rotate(),
    () => server.ctx.keystore.rotate('EdDSA'),
    () => server.ctx.keystore.rotate(),
    () => server.ctx.keystore.rotate(),
  ]
  let left = 200
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      if (left % 40 === 0) await changes.shift()?.()
      await one()
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  expect(seen.size).toBeGreaterThanOrEqual(3)
  expect(new Set([...seen.values()].map((token) => headerOf(token)['alg']))).toEqual(
    new Set(['ES256', 'EdDSA']),
  )
  const fresh = resourceServer()
  for (const token of seen.values()) await fresh.verify(token)
})

test('a resource server that runs on its own learns of a rotation from the token', async () => {
  await start()
  const client = await addClient(server)
  const verifier = resourceServer()
  const { access_token: old } = await obtainTokens(server, { client, email, resource })
  await verifier.verify(old)
  // The key that signs next was in the set that it has.
  await server.ctx.keystore.rotate()
  const { access_token: next } = await obtainTokens(server, { client, email, resource })
  await verifier.verify(next)
  // Those after it are found once the verifier may ask again.
  await server.ctx.keystore.rotate()
  await server.ctx.keystore.rotate()
  shiftMs = 6000
  const { access_token: later } = await obtainTokens(server, { client, email, resource })
  await verifier.verify(later)
})
