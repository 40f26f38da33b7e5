import { setTimeout } from 'node:timers/promises'
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey, newApiKeySchema } from '../src/api-keys/create.ts'
import { trustIssuer } from '../src/assertions/issuers.ts'
import { newIssuerSchema } from '../src/assertions/trust.ts'
import { createTicket, finishTicket } from '../src/connect/tickets.ts'
import { registerClient } from '../src/registration/clients.ts'
import {
  addResource,
  authorize,
  claimsOf,
  discover,
  insecure,
  redeem,
  redirectUri,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://issues.example/mcp'
const email = 'ann@example.org'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
let server: TestServer
let aheadMs = 0
let key: GenerateKeyPairResult
let userId: string
let handle: string

beforeAll(async () => {
  server = await startTestServer({
    config: { rateLimits: { tokenFailuresPerAddress: 10_000 } },
    clock: () => Date.now() + aheadMs,
  })
  key = await generateKeyPair('ES256', { extractable: true })
  userId = (await server.addUser(email)).id
  handle = await addConnection(server.ctx, userId, 'github')
  await addResource(server, {
    resource: uri,
    connections: [
      { name: 'repo', provider: 'github', description: 'Reads your issues' },
      { name: 'mirror', provider: 'github', description: 'Copies them', optional: true },
    ],
  })
})
afterAll(() => server.stop())

/** A client at which people sign in, and which also presents what platforms vouch for. */
async function addAgent(): Promise<oauth.Client> {
  const { client } = await registerClient(
    server.ctx,
    {
      client_name: 'Agent',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', jwtBearer, tokenExchange],
      token_endpoint_auth_method: 'none',
    },
    'usr_admin',
  )
  return { client_id: client.clientId }
}

/** What happens from now on is newer than what happened before. */
const later = (): void => {
  aheadMs += 5
}

let issuers = 0
async function trust(agent: oauth.Client, known?: string): Promise<string> {
  issuers += 1
  const issuer = known ?? `https://idp.example/${issuers}`
  const jwk = { ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'ES256' }
  await trustIssuer(
    server.ctx,
    newIssuerSchema.parse({
      issuer,
      trust: {
        jwks: { keys: [jwk] },
        uses: ['workload'],
        subjects: [{ subject: 'ann', user: userId }],
        clients: [agent.client_id],
        resources: [uri],
      },
    }),
    'usr_admin',
  )
  return issuer
}

async function request(
  agent: oauth.Client,
  grantType: string,
  parameters: Record<string, string>,
): Promise<Record<string, unknown>> {
  const response = await oauth.genericTokenEndpointRequest(
    await discover(server.issuer),
    agent,
    oauth.None(),
    grantType,
    parameters,
    insecure,
  )
  const body = (await response.json()) as Record<string, string>
  expect(body['error_description']).toBeUndefined()
  return claimsOf(body['access_token'] ?? '')
}

const assertionOf = (issuer: string): Promise<string> =>
  new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(issuer)
    .setSubject('ann')
    .setAudience(server.issuer)
    .setIssuedAt()
    .setExpirationTime('2 minutes')
    .sign(key.privateKey)

/** The claims of a token for what a platform vouches for. */
const vouched = async (agent: oauth.Client, issuer: string): Promise<Record<string, unknown>> =>
  request(agent, jwtBearer, { assertion: await assertionOf(issuer), resource: uri })

async function consent(
  agent: oauth.Client,
  parameters: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const code = await authorize(server, {
    client: agent,
    email,
    resource: uri,
    parameters,
    consent: { 'connection.repo': handle },
  })
  const body = (await (await redeem(server, agent, code)).json()) as { access_token: string }
  return claimsOf(body.access_token)
}

/** True for a token that is still accepted after what it came of was taken back meanwhile. */
async function outlives(
  parameters: Record<string, string>,
  delayMs: number,
  takeBack: () => Promise<unknown>,
): Promise<boolean> {
  const { token_endpoint: endpoint = '' } = await discover(server.issuer)
  const asking = fetch(endpoint, { method: 'POST', body: new URLSearchParams(parameters) })
  await setTimeout(delayMs)
  await takeBack()
  const { access_token: token } = (await (await asking).json()) as { access_token?: string }
  if (token === undefined) return false
  return server.ctx.verifyToken(token, {}).then(
    () => true,
    () => false,
  )
}

/** From at once to after the answer. */
const delays = Array.from({ length: 60 }, (_, n) => (n % 30) / 3)

describe('a token that is asked for while its ground is taken away', () => {
  test('dies with its API key', async () => {
    const alive: boolean[] = []
    for (const delayMs of delays) {
      const wanted = newApiKeySchema.parse({ resources: [uri], connections: { repo: handle } })
      const made = await createApiKey(server.ctx, wanted, userId)
      const parameters = {
        grant_type: tokenExchange,
        subject_token: made.key,
        subject_token_type: 'urn:ietf:params:oauth:token-type:api_key',
        resource: uri,
      }
      const revoke = () => server.ctx.revocation.revokeApiKey(made.record.id)
      alive.push(await outlives(parameters, delayMs, revoke))
    }
    expect(alive).not.toContain(true)
  })

  test('dies with the trust in its issuer', async () => {
    const agent = await addAgent()
    const alive: boolean[] = []
    for (const delayMs of delays) {
      const issuer = await trust(agent)
      const { id } = (await server.ctx.storage.trustedIssuers.findByIssuer(issuer))!
      const parameters = {
        grant_type: jwtBearer,
        client_id: agent.client_id,
        assertion: await assertionOf(issuer),
        resource: uri,
      }
      const remove = () => server.ctx.revocation.removeIssuer(id)
      alive.push(await outlives(parameters, delayMs, remove))
    }
    expect(alive).not.toContain(true)
  })
})

/** Connects an account for the grant of an assertion, as its user does on the connect page. */
async function chooseOnPage(
  agent: oauth.Client,
  grantId: unknown,
  chosen: string,
  name = 'repo',
): Promise<void> {
  const actor = { sub: userId, clientId: agent.client_id, requestId: 'test' }
  const request = { provider: 'github', name, resource: uri, grantId: String(grantId) }
  const ticket = await createTicket(server.ctx, actor, request)
  await server.ctx.storage.connectTickets.setHandle(ticket.id, undefined, chosen)
  expect(await finishTicket(server.ctx, ticket, chosen, 'test')).toBe(true)
}

describe('what a user chose on a connect page for an app that is vouched for', () => {
  const vouchedConnections = async (agent: oauth.Client, issuer: string): Promise<unknown> =>
    (await vouched(agent, issuer))['ddls:connections']
  const own = (): Promise<string> => addConnection(server.ctx, userId, 'github')

  test('is in the next assertion’s token, of any issuer for the same app, and in no other app’s', async () => {
    const [agent, other] = [await addAgent(), await addAgent()]
    const [one, two] = [await trust(agent), await trust(agent)]
    const { 'ddls:grant': grant, 'ddls:connections': before } = await vouched(agent, one)
    expect(before).toEqual({})
    const chosen = await own()
    await chooseOnPage(agent, grant, chosen)
    for (const issuer of [one, two, one]) {
      expect(await vouchedConnections(agent, issuer)).toEqual({ repo: chosen })
    }
    expect(await vouchedConnections(other, await trust(other))).toEqual({})
  })

  test('ends with the connection, with its owner, and with what the resource asks for', async () => {
    const agent = await addAgent()
    const issuer = await trust(agent)
    const { 'ddls:grant': grant } = await vouched(agent, issuer)
    const chosen = await own()
    await chooseOnPage(agent, grant, chosen)
    await chooseOnPage(agent, grant, await own(), 'mail')
    expect(await vouchedConnections(agent, issuer)).toEqual({ repo: chosen })
    const bob = await server.addUser(`bob-${issuers}@example.org`)
    for (const foreign of [
      await addConnection(server.ctx, bob.id, 'github'),
      await addConnection(server.ctx, userId, 'slack'),
    ]) {
      await chooseOnPage(agent, grant, foreign)
      expect(await vouchedConnections(agent, issuer)).toEqual({})
    }
    await chooseOnPage(agent, grant, chosen)
    expect(await vouchedConnections(agent, issuer)).toEqual({ repo: chosen })
    await server.ctx.storage.connections.revoke(chosen)
    expect(await vouchedConnections(agent, issuer)).toEqual({})
  })

  test('gives way to a later consent, and never exceeds a limited one', async () => {
    const agent = await addAgent()
    const issuer = await trust(agent)
    const { 'ddls:grant': grant } = await vouched(agent, issuer)
    const chosen = await own()
    await chooseOnPage(agent, grant, chosen)
    later()
    await consent(agent)
    expect(await vouchedConnections(agent, issuer)).toEqual({ repo: handle })
    later()
    await chooseOnPage(agent, grant, chosen)
    expect(await vouchedConnections(agent, issuer)).toEqual({ repo: chosen })
    later()
    const details = [{ type: 'connection', name: 'repo', actions: ['GET /repos/**'] }]
    await consent(agent, { authorization_details: JSON.stringify(details) })
    expect(await vouchedConnections(agent, issuer)).toEqual({})
    later()
    await chooseOnPage(agent, grant, chosen)
    expect(await vouchedConnections(agent, issuer)).toEqual({})
  })

  test('stays when a connection of another name is added to an earlier consent', async () => {
    const agent = await addAgent()
    const issuer = await trust(agent)
    const { 'ddls:grant': consented } = await consent(agent)
    later()
    const [chosen, added] = [await own(), await own()]
    await chooseOnPage(agent, (await vouched(agent, issuer))['ddls:grant'], chosen, 'mirror')
    later()
    await chooseOnPage(agent, consented, added)
    expect(await vouchedConnections(agent, issuer)).toEqual({ mirror: chosen, repo: added })
    later()
    await chooseOnPage(agent, consented, added, 'mirror')
    expect(await vouchedConnections(agent, issuer)).toEqual({ mirror: added, repo: added })
  })

  test('is forgotten with any access of the app that its user takes back', async () => {
    const agent = await addAgent()
    const [one, two] = [await trust(agent), await trust(agent)]
    const { 'ddls:grant': grant } = await vouched(agent, one)
    await chooseOnPage(agent, grant, await own())
    await server.ctx.revocation.revokeGrant(String(grant))
    expect(await vouchedConnections(agent, two)).toEqual({})
    const { 'ddls:grant': consented } = await consent(agent)
    await chooseOnPage(agent, (await vouched(agent, two))['ddls:grant'], await own())
    await server.ctx.revocation.revokeGrant(String(consented))
    expect(await vouchedConnections(agent, two)).toEqual({})
  })
})

describe('an issuer that was removed and is registered again', () => {
  const reregister = async (agent: oauth.Client, issuer: string): Promise<void> => {
    const { id } = (await server.ctx.storage.trustedIssuers.findByIssuer(issuer))!
    await server.ctx.revocation.removeIssuer(id)
    await trust(agent, issuer)
  }
  const refusal = async (agent: oauth.Client, issuer: string): Promise<unknown> => {
    const { token_endpoint: endpoint = '' } = await discover(server.issuer)
    const response = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: jwtBearer,
        client_id: agent.client_id,
        assertion: await assertionOf(issuer),
        resource: uri,
      }),
    })
    return ((await response.json()) as Record<string, unknown>)['error_description']
  }

  test('brings nothing back that people took back, however often', async () => {
    const agent = await addAgent()
    const issuer = await trust(agent)
    await server.ctx.revocation.revokeGrant(String((await vouched(agent, issuer))['ddls:grant']))
    for (let times = 0; times < 3; times += 1) {
      await reregister(agent, issuer)
      expect(await refusal(agent, issuer)).toContain('its user took this access back')
    }
  })

  test('serves those again who took nothing back', async () => {
    const agent = await addAgent()
    const issuer = await trust(agent)
    for (let times = 0; times < 3; times += 1) {
      const { 'ddls:grant': grant } = await vouched(agent, issuer)
      expect(grant).toBeDefined()
      await reregister(agent, issuer)
    }
    expect(await vouched(agent, issuer)).toMatchObject({ sub: userId })
  })
})

describe('what another server vouches for', () => {
  test('gets the connections of the consent, until the user takes that back', async () => {
    const agent = await addAgent()
    const [one, two] = [await trust(agent), await trust(agent)]
    const { 'ddls:grant': grant } = await consent(agent)
    for (const issuer of [one, two, one]) {
      expect((await vouched(agent, issuer))['ddls:connections']).toEqual({ repo: handle })
    }
    await server.ctx.revocation.revokeGrant(String(grant))
    for (const issuer of [one, two, one]) {
      expect((await vouched(agent, issuer))['ddls:connections']).toEqual({})
    }
  })

  test('gets no connection of which the user allowed single actions only', async () => {
    const agent = await addAgent()
    const details = [{ type: 'connection', name: 'repo', actions: ['GET /repos/**'] }]
    await consent(agent, { authorization_details: JSON.stringify(details) })
    expect((await vouched(agent, await trust(agent)))['ddls:connections']).toEqual({})
  })

  test('gets what the newest of many consents says', async () => {
    const agent = await addAgent()
    const consented = { userId, clientId: agent.client_id, resource: uri, scopes: ['notes:read'] }
    const put = (grantId: string, connections: Record<string, string>) =>
      server.ctx.storage.grants.put({ ...consented, grantId, connections })
    await Promise.all(Array.from({ length: 150 }, (_, n) => put(`many-${n}`, { repo: handle })))
    await setTimeout(2)
    await put('many-newest', {})
    expect((await vouched(agent, await trust(agent)))['ddls:connections']).toEqual({})
  })

  test('gets nothing of what an API key names', async () => {
    const agent = await addAgent()
    const wanted = newApiKeySchema.parse({ resources: [uri], connections: { repo: handle } })
    const made = await createApiKey(server.ctx, wanted, userId)
    const claims = await request(agent, tokenExchange, {
      subject_token: made.key,
      subject_token_type: 'urn:ietf:params:oauth:token-type:api_key',
      resource: uri,
    })
    expect(claims['ddls:connections']).toEqual({ repo: handle })
    expect((await vouched(agent, await trust(agent)))['ddls:connections']).toEqual({})
  })
})
