import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addClient,
  addResource,
  claimsOf,
  discover,
  dpopKeys,
  insecure,
  obtainTokens,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
  client = await addClient(server)
  await addResource(server, { resource })
})
afterAll(() => server.stop())

describe('userinfo', () => {
  test('tells whose a bound token is, to the holder of its key only', async () => {
    const dpop = await dpopKeys()
    const { access_token: token } = await obtainTokens(server, { client, email, resource, dpop })
    const as = await discover(server.issuer)
    const ask = (keys?: CryptoKeyPair): Promise<Response> =>
      oauth.userInfoRequest(as, client, token, {
        ...insecure,
        ...(keys && { DPoP: oauth.DPoP(client, keys) }),
      })
    const answer = await ask(dpop)
    expect(answer.status).toBe(200)
    const { sub, exp } = claimsOf(token)
    expect(await answer.json()).toEqual({
      sub,
      exp,
      iss: server.issuer,
      aud: resource,
      client_id: client.client_id,
      scope: 'notes:read notes:write',
    })
    await expect(ask(await dpopKeys()).then(({ status }) => status)).resolves.toBe(401)
    const bearer = await fetch(`${server.issuer}/oauth2/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(bearer.status).toBe(401)
    expect(bearer.headers.get('www-authenticate')).toContain('DPoP')
  })

  test('refuses no token, a made-up one and a revoked one', async () => {
    const { access_token: token } = await obtainTokens(server, { client, email, resource })
    const ask = async (authorization?: string): Promise<number> =>
      (
        await fetch(`${server.issuer}/oauth2/userinfo`, {
          headers: { ...(authorization && { authorization }) },
        })
      ).status
    expect(await ask(`Bearer ${token}`)).toBe(200)
    await server.ctx.revocation.revokeGrant(String(claimsOf(token)['ddls:grant']))
    expect(await ask(`Bearer ${token}`)).toBe(401)
    expect(await ask('Bearer a.b.c')).toBe(401)
    expect(await ask()).toBe(401)
  })
})
