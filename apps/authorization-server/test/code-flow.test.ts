import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  discover,
  dpopKeys,
  headerOf,
  insecure,
  obtainTokens,
  redeem,
  refresh,
  redirectUri,
  signIn,
} from './support/flow.ts'
import { Browser, formOf, handOffTarget } from './support/browser.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'http://127.0.0.1:9000/mcp'
let server: TestServer
let client: oauth.Client
let userId: string

beforeAll(async () => {
  server = await startTestServer()
  userId = (await server.addUser(email)).id
  client = await addClient(server)
  await addResource(server, { aliases: ['http://127.0.0.1:9000'] })
})
afterAll(() => server.stop())

describe('authorization code flow', () => {
  test('gives a DPoP-bound at+jwt for the resource, checked by an independent validator', async () => {
    const dpop = await dpopKeys()
    const tokens = await obtainTokens(server, {
      client,
      email,
      resource,
      scope: 'notes:read',
      dpop,
    })
    expect(tokens.token_type.toLowerCase()).toBe('dpop')
    expect(headerOf(tokens.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(claimsOf(tokens.access_token)).toMatchObject({
      iss: server.issuer,
      sub: userId,
      aud: resource,
      client_id: client.client_id,
      scope: 'notes:read',
      'ddls:connections': {},
      'ddls:grant': expect.any(String),
    })
    const { exp, iat } = claimsOf(tokens.access_token)
    expect(Number(exp) - Number(iat)).toBe(300)

    const as = await discover(server.issuer)
    const seen: Request[] = []
    await oauth.protectedResourceRequest(
      tokens.access_token,
      'GET',
      new URL(resource),
      undefined,
      null,
      {
        ...insecure,
        DPoP: oauth.DPoP(client, dpop),
        [oauth.customFetch]: (url, options) => {
          seen.push(new Request(url, { method: options.method, headers: options.headers }))
          return Promise.resolve(new Response())
        },
      },
    )
    await expect(
      oauth.validateJwtAccessToken(as, seen[0]!, resource, { requireDPoP: true, ...insecure }),
    ).resolves.toMatchObject({ sub: userId })
  })

  test('gives an ordinary Bearer token when no proof is sent and the resource only prefers one', async () => {
    const tokens = await obtainTokens(server, { client, email, resource, scope: 'notes:read' })
    expect(tokens.token_type).toBe('Bearer')
    expect(claimsOf(tokens.access_token)).not.toHaveProperty('cnf')
  })

  test('asks for all scopes of the resource when the client names none', async () => {
    const tokens = await obtainTokens(server, { client, email, resource })
    expect(tokens.scope).toBe('notes:read notes:write')
  })

  test('finds the only resource when the client names none', async () => {
    const tokens = await obtainTokens(server, { client, email, scope: 'notes:read' })
    expect(claimsOf(tokens.access_token)['aud']).toBe(resource)
  })

  test('writes the canonical resource into aud for an alias and for other spellings', async () => {
    for (const spelling of ['http://127.0.0.1:9000/', 'HTTP://127.0.0.1:9000/mcp/']) {
      const authorization = await authorize(server, {
        client,
        email,
        resource: spelling,
        scope: 'notes:read',
      })
      const response = await redeem(server, client, authorization, {
        parameters: { resource: spelling },
      })
      const { access_token: token } = (await response.json()) as { access_token: string }
      expect(claimsOf(token)['aud']).toBe(resource)
    }
  })

  test('refuses an unknown resource and tells the client so', async () => {
    const { url } = await authorizationUrl(server, {
      client,
      resource: 'https://elsewhere.example/mcp',
      scope: 'notes:read',
    })
    const target = handOffTarget(await new Browser(server.issuer).open(url))
    expect(target.origin + target.pathname).toBe(redirectUri)
    expect(target.searchParams.get('error')).toBe('invalid_target')
    expect(target.searchParams.get('iss')).toBe(server.issuer)
  })

  test.each([
    ['plain', { code_challenge_method: 'plain' }],
    ['missing', { code_challenge: '', code_challenge_method: '' }],
  ])('refuses PKCE %s', async (_name, parameters) => {
    const { url } = await authorizationUrl(server, { client, resource, parameters })
    const target = handOffTarget(await new Browser(server.issuer).open(url))
    expect(target.searchParams.get('error')).toBe('invalid_request')
  })

  test('hands on access_denied with iss and state when the user denies', async () => {
    const browser = new Browser(server.issuer)
    const { url, state } = await authorizationUrl(server, { client, resource })
    const page = await signIn(browser, await browser.open(url), email)
    const form = formOf(page, '/consent')
    const done = await browser.submit({ ...form, action: form.action.replace(/consent$/, 'abort') })
    const target = handOffTarget(done)
    expect(target.searchParams.get('error')).toBe('access_denied')
    expect(target.searchParams.get('iss')).toBe(server.issuer)
    expect(target.searchParams.get('state')).toBe(state)
  })

  test('lets exactly one of 50 concurrent redemptions of a code win', async () => {
    const authorization = await authorize(server, { client, email, resource })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => redeem(server, client, authorization)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(49)
    const losers = await Promise.all(
      answers.filter(({ status }) => status === 400).map((answer) => answer.json()),
    )
    for (const { error_description: why } of losers as { error_description: string }[]) {
      expect(why).toMatch(/was used by a concurrent request|was used before|has been used up/)
    }
  })

  test('ends the whole grant when a code is used again', async () => {
    const authorization = await authorize(server, { client, email, resource })
    const first = (await (await redeem(server, client, authorization)).json()) as {
      access_token: string
      refresh_token: string
    }
    expect((await redeem(server, client, authorization)).status).toBe(400)
    expect((await refresh(server, client, first.refresh_token)).status).toBe(400)
    await expect(server.ctx.verifyToken(first.access_token, {})).rejects.toThrow('revoked')
  })

  test('carries the connections that the user picked, by the names the resource uses', async () => {
    const handle = await addConnection(server.ctx, userId, 'github', { label: 'Work' })
    await addResource(server, {
      resource: 'https://issues.example/mcp',
      display_name: 'Issues',
      connections: [
        { name: 'repo', provider: 'github', description: 'Reads your issues' },
        { name: 'chat', provider: 'slack', description: 'Tells your team', optional: true },
      ],
    })
    const tokens = await obtainTokens(server, {
      client,
      email,
      resource: 'https://issues.example/mcp',
      consent: { 'connection.repo': handle },
    })
    expect(claimsOf(tokens.access_token)['ddls:connections']).toEqual({ repo: handle })
  })
})

describe('refresh', () => {
  const dpopTokens = async () => {
    const dpop = await dpopKeys()
    return { dpop, tokens: await obtainTokens(server, { client, email, resource, dpop }) }
  }

  test('rotates, keeps scope and resource, and stays bound to the key', async () => {
    const { dpop, tokens } = await dpopTokens()
    const response = await refresh(server, client, tokens.refresh_token, dpop)
    const next = (await response.json()) as typeof tokens
    expect(response.status).toBe(200)
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    expect(claimsOf(next.access_token)).toMatchObject({
      aud: resource,
      scope: 'notes:read notes:write',
      cnf: { jkt: expect.any(String) },
    })
    const foreignKey = await refresh(server, client, next.refresh_token, await dpopKeys())
    expect(foreignKey.status).toBe(400)
    expect((await refresh(server, client, next.refresh_token)).status).toBe(400)
  })

  test('lets parallel refreshes of one token all succeed within the grace', async () => {
    const { dpop, tokens } = await dpopTokens()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => refresh(server, client, tokens.refresh_token, dpop)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  test('kills the family when a rotated token comes back after the grace', async () => {
    let offset = 0
    const strict = await startTestServer({ clock: () => Date.now() + offset })
    try {
      await strict.addUser(email)
      const agent = await addClient(strict)
      await addResource(strict)
      const first = await obtainTokens(strict, { client: agent, email, resource })
      const second = (await (await refresh(strict, agent, first.refresh_token)).json()) as {
        refresh_token: string
        access_token: string
      }
      offset = 61_000
      expect((await refresh(strict, agent, first.refresh_token)).status).toBe(400)
      expect((await refresh(strict, agent, second.refresh_token)).status).toBe(400)
      await expect(strict.ctx.verifyToken(second.access_token, {})).rejects.toThrow('revoked')
    } finally {
      await strict.stop()
    }
  })

  test('keeps the grants of one client at two resources apart', async () => {
    await addResource(server, { resource: 'https://other.example/mcp', display_name: 'Other' })
    const browser = new Browser(server.issuer)
    const a = await obtainTokens(server, { client, email, resource, browser })
    const b = await obtainTokens(server, {
      client,
      email,
      resource: 'https://other.example/mcp',
      browser,
    })
    const grantA = String(claimsOf(a.access_token)['ddls:grant'])
    await server.ctx.revocation.revokeGrant(grantA)
    expect((await refresh(server, client, a.refresh_token)).status).toBe(400)
    expect((await refresh(server, client, b.refresh_token)).status).toBe(200)
  })
})
