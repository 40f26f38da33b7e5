import { calculateJwkThumbprint, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { removeResource } from '../src/registration/resources.ts'
import { Browser } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  discover,
  dpopKeys,
  exchange,
  insecure,
  obtainTokens,
  redeem,
  refresh,
  type TokenSet,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://notes.example/mcp'
let server: TestServer
let own: RegisteredResource

beforeAll(async () => {
  server = await startTestServer()
  own = await addResource(server, { resource: uri })
})
afterAll(() => server.stop())

let people = 0
interface State {
  readonly client: oauth.Client
  readonly email: string
  readonly userId: string
  readonly tokens: TokenSet
  readonly dispatchToken: string
}

const setUp = async (dpop?: CryptoKeyPair): Promise<State> => {
  const email = `user${++people}@example.org`
  const { id: userId } = await server.addUser(email)
  const client = await addClient(server)
  const tokens = await obtainTokens(server, { client, email, resource: uri, ...(dpop && { dpop }) })
  const exchanged = await exchange(server, own.client, tokens.access_token, {
    dpop: await dpopKeys(),
  })
  const { access_token: dispatchToken } = (await exchanged.json()) as { access_token: string }
  return { client, email, userId, tokens, dispatchToken }
}

const revokeTokenOf = (token: string): Promise<void> =>
  server.ctx.revocation.revokeToken(String(claimsOf(token)['jti']), Date.now() + 60_000)

const introspect = async (token: string, client = own.client): Promise<Record<string, unknown>> => {
  const response = await oauth.introspectionRequest(
    await discover(server.issuer),
    { client_id: client.id },
    oauth.ClientSecretBasic(client.secret),
    token,
    insecure,
  )
  return (await response.json()) as Record<string, unknown>
}

const denyList = (etag?: string, client = own.client): Promise<Response> =>
  fetch(`${server.issuer}/oauth2/deny-list`, {
    headers: {
      authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}`,
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
  })

/** What must be dead on the next request after any revocation. */
async function expectDead({ client, tokens, dispatchToken }: Awaited<ReturnType<typeof setUp>>) {
  await expect(server.ctx.verifyToken(tokens.access_token, {})).rejects.toThrow('revoked')
  await expect(server.ctx.verifyToken(dispatchToken, {})).rejects.toThrow('revoked')
  expect(await introspect(tokens.access_token)).toEqual({ active: false })
  const exchanged = await exchange(server, own.client, tokens.access_token, {
    dpop: await dpopKeys(),
  })
  expect(exchanged.status).toBe(400)
  const refreshed = await refresh(server, client, tokens.refresh_token)
  expect([400, 401]).toContain(refreshed.status)
}

describe('revocation', () => {
  test('of a grant takes effect on the next request everywhere', async () => {
    const state = await setUp()
    expect(await introspect(state.tokens.access_token)).toMatchObject({ active: true })
    const grant = String(claimsOf(state.tokens.access_token)['ddls:grant'])
    await server.ctx.revocation.revokeGrant(grant)
    await expectDead(state)
    const { entries } = (await (await denyList()).json()) as { entries: unknown[] }
    expect(entries).toContainEqual({ kind: 'grant', value: grant, expires_at: expect.any(Number) })
  })

  test('of a client takes effect on the next request everywhere', async () => {
    const state = await setUp()
    await server.ctx.revocation.revokeClient(state.client.client_id)
    await expectDead(state)
  })

  test('of a user takes effect on the next request everywhere, also for a signed-in browser', async () => {
    const state = await setUp()
    const browser = new Browser(server.issuer)
    const before = await authorize(server, { ...state, resource: uri, browser })
    await server.ctx.revocation.revokeUser(state.userId)
    await expectDead(state)
    expect((await redeem(server, state.client, before)).status).toBe(400)
    const { url } = await authorizationUrl(server, { client: state.client, resource: uri })
    expect((await browser.open(url)).text).toContain('<h1>Sign in</h1>')
  })

  test("of a resource kills its server's dispatch tokens and every refresh for it", async () => {
    const gone = await addResource(server, { resource: 'https://gone.example/mcp' })
    const state = await setUp()
    const tokens = await obtainTokens(server, { ...state, resource: 'https://gone.example/mcp' })
    const exchanged = await exchange(server, gone.client, tokens.access_token, {
      dpop: await dpopKeys(),
    })
    const { access_token: dispatchToken } = (await exchanged.json()) as { access_token: string }
    await removeResource(server.ctx, 'https://gone.example/mcp')
    await expect(server.ctx.verifyToken(dispatchToken, {})).rejects.toThrow('revoked')
    expect((await refresh(server, state.client, tokens.refresh_token)).status).toBe(400)
  })

  test('survives a restart', async () => {
    const state = await setUp()
    const grant = String(claimsOf(state.tokens.access_token)['ddls:grant'])
    const { epoch } = await server.ctx.revocation.denyList()
    await server.ctx.revocation.revokeGrant(grant)
    const { createRevocation } = await import('../src/revocation.ts')
    const fresh = createRevocation({
      storage: server.ctx.storage,
      accessTokenTtlSeconds: 300,
      clock: Date.now,
    })
    expect((await fresh.denyList()).epoch).toBeGreaterThan(epoch)
    expect(await fresh.isRevoked({ sub: 'x', client_id: 'y', jti: 'z', 'ddls:grant': grant })).toBe(
      true,
    )
  })
})

describe('RFC 7009', () => {
  const revoke = async (client: oauth.Client, token: string): Promise<Response> =>
    oauth.revocationRequest(await discover(server.issuer), client, oauth.None(), token, insecure)

  test('denies an access token and leaves the grant alone', async () => {
    const state = await setUp()
    expect((await revoke(state.client, state.tokens.access_token)).status).toBe(200)
    await expect(server.ctx.verifyToken(state.tokens.access_token, {})).rejects.toThrow('revoked')
    expect((await refresh(server, state.client, state.tokens.refresh_token)).status).toBe(200)
  })

  test('ends the whole grant with its refresh token', async () => {
    const state = await setUp()
    expect((await revoke(state.client, state.tokens.refresh_token)).status).toBe(200)
    await expectDead(state)
  })

  test("answers 200 to another client's token and to nonsense, and does nothing", async () => {
    const state = await setUp()
    const stranger = await addClient(server)
    expect((await revoke(stranger, state.tokens.access_token)).status).toBe(200)
    expect((await revoke(stranger, state.tokens.refresh_token)).status).toBe(200)
    expect((await revoke(stranger, 'a.b.c')).status).toBe(200)
    await expect(server.ctx.verifyToken(state.tokens.access_token, {})).resolves.toBeDefined()
    expect((await refresh(server, state.client, state.tokens.refresh_token)).status).toBe(200)
  })
})

describe('introspection and the deny list', () => {
  test('tell the own client about its tokens, and other resources nothing', async () => {
    const state = await setUp()
    const other = await addResource(server, { resource: `https://r${people}.example/mcp` })
    expect(await introspect(state.tokens.access_token)).toMatchObject({
      active: true,
      sub: state.userId,
      aud: uri,
      token_type: 'Bearer',
    })
    expect(await introspect(state.tokens.access_token, other.client)).toEqual({ active: false })
    expect(await introspect(state.tokens.refresh_token)).toEqual({ active: false })
  })

  test.each([
    ['token', ({ tokens }) => revokeTokenOf(tokens.access_token)],
    ['grant', ({ grant }) => server.ctx.revocation.revokeGrant(grant)],
    ['client', ({ client }) => server.ctx.revocation.revokeClient(client.client_id)],
    ['user', ({ userId }) => server.ctx.revocation.revokeUser(userId)],
  ] as [string, (state: State & { readonly grant: string }) => Promise<unknown>][])(
    'say of a JWT no more than that it is not active, once its %s is revoked',
    async (kind, revoke) => {
      const dpop = await dpopKeys()
      const state = await setUp(dpop)
      const { jti, sub, client_id: by, ...claims } = claimsOf(state.tokens.access_token)
      expect(await introspect(state.tokens.access_token)).toMatchObject({
        ...{ active: true, token_type: 'DPoP', aud: uri, jti, sub },
        cnf: { jkt: await calculateJwkThumbprint(await exportJWK(dpop.publicKey)) },
      })
      await revoke({ ...state, grant: String(claims['ddls:grant']) })
      expect(await introspect(state.tokens.access_token)).toEqual({ active: false })
      const { entries } = (await (await denyList()).json()) as { entries: unknown[] }
      const value = { token: jti, grant: claims['ddls:grant'], client: by, user: sub }[kind]
      expect(entries).toContainEqual({ kind, value, expires_at: expect.any(Number) })
    },
  )

  test('need a secret', async () => {
    const state = await setUp()
    const anonymous = await fetch(`${server.issuer}/oauth2/introspect`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: state.client.client_id,
        token: state.tokens.access_token,
      }),
    })
    expect(anonymous.status).toBe(401)
    expect((await fetch(`${server.issuer}/oauth2/deny-list`)).status).toBe(401)
    expect((await denyList(undefined, { ...own.client, secret: 'wrong' })).status).toBe(401)
  })

  test('answer 304 until something is revoked', async () => {
    const first = await denyList()
    const etag = first.headers.get('etag') ?? ''
    const { epoch } = (await first.json()) as { epoch: number }
    expect(etag).toBe(`"${epoch}"`)
    expect((await denyList(etag)).status).toBe(304)
    await server.ctx.revocation.revokeToken('some-jti', Date.now() + 60_000)
    expect((await denyList(etag)).status).toBe(200)
  })
})
