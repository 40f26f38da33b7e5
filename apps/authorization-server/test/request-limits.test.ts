import type * as oauth from 'oauth4webapi'
import { afterEach, describe, expect, test } from 'vitest'
import { createProxies } from '../src/http/proxies.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  dpopKeys,
  exchange,
  obtainTokens,
  refresh,
  type TokenSet,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer | undefined

afterEach(() => server?.stop())

async function start(
  rateLimits: Record<string, number>,
  config: Record<string, unknown> = {},
): Promise<{ server: TestServer; client: oauth.Client }> {
  server = await startTestServer({ config: { rateLimits, ...config } })
  await server.addUser(email)
  await addResource(server, { resource })
  return { server, client: await addClient(server) }
}

const failing = (running: TestServer, clientId: string, address?: string): Promise<Response> =>
  fetch(`${running.issuer}/oauth2/token`, {
    method: 'POST',
    headers: {
      ...(address !== undefined && { 'x-forwarded-for': address }),
      authorization: `Basic ${Buffer.from(`${clientId}:wrong`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })

describe('limits of requests', () => {
  test('authorization: 429 with Retry-After, in the form of OAuth', async () => {
    const { server: running, client } = await start({ authorizePerAddress: 3 })
    const { url } = await authorizationUrl(running, { client })
    for (let i = 0; i < 3; i += 1) {
      expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
    }
    const refused = await fetch(url, { redirect: 'manual' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })

  test('token: refused requests run out for their address, those of others and good ones do not', async () => {
    const { server: running, client } = await start(
      { tokenFailuresPerAddress: 3, tokenFailuresPerClient: 100 },
      { trustProxy: true },
    )
    const tokens = await obtainTokens(running, { client, email })
    for (let i = 0; i < 3; i += 1) {
      expect((await failing(running, 'nobody', `2001:db8::${i + 1}`)).status).toBe(401)
    }
    expect((await failing(running, 'nobody', '2001:db8::ffff')).status).toBe(429)
    expect((await failing(running, 'nobody', '2001:db8:0:1::1')).status).toBe(401)
    let { refresh_token: token } = tokens
    for (let i = 0; i < 10; i += 1) {
      const answer = await refresh(running, client, token)
      expect(answer.status).toBe(200)
      ;({ refresh_token: token } = (await answer.json()) as TokenSet)
    }
  })

  test('token: failures in the name of one client leave its neighbours at the address alone', async () => {
    const { server: running } = await start({ tokenFailuresPerClient: 2 })
    expect((await failing(running, 'broken')).status).toBe(401)
    expect((await failing(running, 'broken')).status).toBe(401)
    const refused = await failing(running, 'broken')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('access-control-expose-headers')).toContain('Retry-After')
    expect((await failing(running, 'neighbour')).status).toBe(401)
  })

  test('token: a user who has not connected an account does not use up the limit of the server that asks', async () => {
    const { server: running, client } = await start({
      tokenFailuresPerAddress: 2,
      tokenFailuresPerClient: 2,
    })
    const uri = 'https://files.example/mcp'
    const own = await addResource(running, {
      resource: uri,
      connections: [{ name: 'github', provider: 'github', description: 'Reads', optional: true }],
    })
    const { access_token: token } = await obtainTokens(running, { client, email, resource: uri })
    const ask = async (parameters: Record<string, string>): Promise<Response> =>
      exchange(running, own.client, token, { dpop: await dpopKeys(), parameters })
    for (let i = 0; i < 3; i += 1) {
      expect(await (await ask({ connection: 'github' })).json()).toMatchObject({
        error: 'oauth_required',
      })
      expect(await (await ask({ connection: 'gitlab' })).json()).toMatchObject({
        error: 'invalid_request',
      })
    }
    expect((await ask({})).status).toBe(200)
  })

  test('token: one user in a loop runs out, and keeps the refresh token', async () => {
    const { server: running, client } = await start({ tokensPerAccount: 2 })
    const { refresh_token: first } = await obtainTokens(running, { client, email })
    const answer = await refresh(running, client, first)
    const { refresh_token: second } = (await answer.json()) as TokenSet
    const refused = await refresh(running, client, second)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
    const stored = await running.ctx.storage.oidcAdapter('RefreshToken').find(second)
    expect(stored).toBeDefined()
    expect(stored).not.toHaveProperty('consumed')
  })
})

describe('limits of pushed requests', () => {
  const push = (
    running: TestServer,
    path: 'par' | 'device/auth',
    clientId: string,
    address: string,
  ): Promise<Response> =>
    fetch(`${running.issuer}/oauth2/${path}`, {
      method: 'POST',
      headers: { 'x-forwarded-for': address },
      body: new URLSearchParams({ client_id: clientId, resource }),
    })

  test('count a public client by the name in its body, and leave its neighbours alone', async () => {
    const { server: running, client } = await start({ pushedPerClient: 2 }, { trustProxy: true })
    const other = await addClient(running)
    for (const path of ['par', 'device/auth'] as const) {
      const { status } = await push(running, path, client.client_id, '203.0.113.1')
      expect(status).not.toBe(429)
    }
    const refused = await push(running, 'par', client.client_id, '203.0.113.1')
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
    expect((await push(running, 'par', other.client_id, '203.0.113.1')).status).not.toBe(429)
    expect((await push(running, 'par', client.client_id, '203.0.113.2')).status).not.toBe(429)
  })

  test('invented names do not get an address round its own limit', async () => {
    const { server: running } = await start({ authorizePerAddress: 5 }, { trustProxy: true })
    const statuses: number[] = []
    for (let n = 0; n < 7; n += 1) {
      statuses.push((await push(running, 'par', `invented-${n}`, '203.0.113.1')).status)
    }
    expect(statuses.slice(0, 5)).not.toContain(429)
    expect(statuses.slice(5)).toEqual([429, 429])
    expect((await push(running, 'par', 'invented', '203.0.113.2')).status).not.toBe(429)
  })
})

describe('the address of a client', () => {
  const from = (
    options: { trustProxy: boolean; trustedProxies: string[] },
    peer: string,
    forwarded?: string,
  ): string =>
    createProxies(options).clientAddress({
      headers: { 'x-forwarded-for': forwarded },
      socket: { remoteAddress: peer },
    } as never)

  test('is the one of the connection unless a proxy is configured', () => {
    const options = { trustProxy: false, trustedProxies: [] }
    expect(from(options, '198.51.100.7', '203.0.113.9')).toBe('198.51.100.7')
  })

  test('is the last hop that is no proxy of ours; what stands left of it may be invented', () => {
    const options = { trustProxy: true, trustedProxies: ['10.0.0.0/8', '2001:db8:1::/48'] }
    const forwarded = '1.2.3.4, 203.0.113.9, 10.1.1.1, 2001:db8:1::5'
    expect(from(options, '10.9.9.9', forwarded)).toBe('203.0.113.9')
    expect(from(options, '::ffff:10.9.9.9', '203.0.113.9')).toBe('203.0.113.9')
    expect(from(options, '198.51.100.7', '203.0.113.9')).toBe('198.51.100.7')
    expect(from(options, '10.9.9.9', 'nonsense')).toBe('10.9.9.9')
    expect(from(options, '10.9.9.9')).toBe('10.9.9.9')
  })

  test('without a list is what the one proxy in front wrote last', () => {
    const options = { trustProxy: true, trustedProxies: [] }
    expect(from(options, '198.51.100.7', '1.2.3.4, 203.0.113.9')).toBe('203.0.113.9')
  })

  test.each(['203.0.113.9:5678', '[2001:db8::9]:5678', '[2001:db8::9]', '::ffff:203.0.113.9'])(
    'is %s without its port and brackets',
    (hop) => {
      const options = { trustProxy: true, trustedProxies: ['10.0.0.1'] }
      const address = hop.includes('2001') ? '2001:db8::9' : '203.0.113.9'
      expect(from(options, '10.0.0.1', `${hop}, 10.0.0.1:80`)).toBe(address)
    },
  )

  test('is the proxy for what is no address', () => {
    const options = { trustProxy: true, trustedProxies: [] }
    for (const hop of ['203.0.113.9:', '203.0.113.9:x', '203.0.113:1', 'x:1', '[x]:1']) {
      expect(from(options, '198.51.100.7', hop)).toBe('198.51.100.7')
    }
  })
})

describe('cookies of an https issuer', () => {
  test('have names that only https can set', async () => {
    const { server: running, client } = await start({}, { issuer: 'https://auth.example' })
    const { url } = await authorizationUrl(running, { client })
    const target = new URL(url)
    const { request } = await import('node:http')
    const cookies = await new Promise<string[]>((found, failed) => {
      request(
        {
          host: '127.0.0.1',
          port: running.ctx.config.port,
          path: target.pathname + target.search,
          headers: { host: 'auth.example' },
        },
        (response) => {
          response.resume()
          found(response.headers['set-cookie'] ?? [])
        },
      )
        .on('error', failed)
        .end()
    })
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__(Host|Secure)-/)
      expect(cookie.toLowerCase()).toContain('secure')
      expect(cookie.toLowerCase()).toContain('httponly')
    }
  })
})
