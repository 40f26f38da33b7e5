import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { afterEach, describe, expect, test } from 'vitest'
import { createDpopNonces } from '../src/oauth/dpop-nonces.ts'
import {
  addClient,
  addResource,
  authorize,
  discover,
  dpopKeys,
  insecure,
  obtainTokens,
  redeem,
  redirectUri,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer

afterEach(() => server.stop())

async function start(dpopNonce: string, more: Record<string, unknown> = {}): Promise<oauth.Client> {
  server = await startTestServer({ config: { dpopNonce } })
  await server.addUser(email)
  await addResource(server, { resource, ...more })
  return addClient(server)
}

/** A token request with a proof of our own making. */
async function redeemWith(
  client: oauth.Client,
  code: Awaited<ReturnType<typeof authorize>>,
  key: DpopKey,
  nonce?: string,
): Promise<Response> {
  const url = `${server.issuer}/oauth2/token`
  return fetch(url, {
    method: 'POST',
    headers: {
      origin: 'https://app.example',
      dpop: await createDpopProof({ key, method: 'POST', url, ...(nonce && { nonce }) }),
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: code.code.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: code.verifier,
    }),
  })
}

const nonceSecret = (): Promise<Uint8Array> =>
  server.ctx.storage.settings.secretOrElse('dpop-nonce-key', new Uint8Array(32))

describe('DPoP nonces', () => {
  test('off: a proof without one is taken, and one is offered', async () => {
    const client = await start('off')
    const answer = await redeemWith(
      client,
      await authorize(server, { client, email }),
      await generateDpopKey(),
    )
    expect(answer.status).toBe(200)
    expect(answer.headers.get('dpop-nonce')).not.toBeNull()
  })

  test('token-endpoint: a proof without one is told a nonce, readable by a browser, and the code stays usable', async () => {
    const client = await start('token-endpoint')
    const key = await generateDpopKey()
    const code = await authorize(server, { client, email })
    const refused = await redeemWith(client, code, key)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'use_dpop_nonce' })
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(refused.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
    const nonce = refused.headers.get('dpop-nonce') ?? ''
    const granted = await redeemWith(client, code, key, nonce)
    expect(granted.status).toBe(200)
    expect(await granted.json()).toMatchObject({ token_type: 'DPoP' })
  })

  test('token-endpoint: oauth4webapi gets through by its own retry', async () => {
    const client = await start('token-endpoint')
    const DPoP = oauth.DPoP(client, await dpopKeys())
    const { code, verifier } = await authorize(server, { client, email })
    const as = await discover(server.issuer)
    const ask = async (): Promise<oauth.TokenEndpointResponse> =>
      oauth.processAuthorizationCodeResponse(
        as,
        client,
        await oauth.authorizationCodeGrantRequest(
          as,
          client,
          oauth.None(),
          code,
          redirectUri,
          verifier,
          { ...insecure, DPoP },
        ),
      )
    const error: unknown = await ask().catch((reason: unknown) => reason)
    expect(oauth.isDPoPNonceError(error)).toBe(true)
    expect(await ask()).toMatchObject({ token_type: 'dpop' })
  })

  test('token-endpoint: refuses an invented nonce and one of ten minutes ago', async () => {
    const client = await start('token-endpoint')
    const key = await generateDpopKey()
    const code = await authorize(server, { client, email })
    const old = createDpopNonces(await nonceSecret(), () => Date.now() - 600_000).current()
    for (const nonce of ['invented', old]) {
      const refused = await redeemWith(client, code, key, nonce)
      expect(await refused.json()).toMatchObject({ error: 'use_dpop_nonce' })
    }
  })

  test('token-endpoint: leaves bearer tokens and our own resources alone', async () => {
    const client = await start('token-endpoint')
    const bearer = await redeem(server, client, await authorize(server, { client, email }))
    expect(bearer.status).toBe(200)
    expect(server.ctx.proofNonces).toBeUndefined()
  })

  test('ours and those of the library are the same', async () => {
    const client = await start('token-endpoint')
    const code = await authorize(server, { client, email })
    const offered = (await redeemWith(client, code, await generateDpopKey())).headers
    const ours = createDpopNonces(await nonceSecret(), Date.now)
    expect(ours.accepts(offered.get('dpop-nonce') ?? '')).toBe(true)
  })

  test('everywhere: /v1, /dispatch and userinfo demand one too and say which', async () => {
    const client = await start('everywhere')
    const key = await generateDpopKey()
    const ask = async (
      method: string,
      path: string,
      target: string,
      scope: string,
    ): Promise<void> => {
      const { code, verifier } = await authorize(server, { client, email, resource: target, scope })
      const tokenUrl = `${server.issuer}/oauth2/token`
      const nonces = createDpopNonces(await nonceSecret(), Date.now)
      const redeemed = await fetch(tokenUrl, {
        method: 'POST',
        headers: {
          dpop: await createDpopProof({
            key,
            method: 'POST',
            url: tokenUrl,
            nonce: nonces.current(),
          }),
        },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: client.client_id,
          code: code.get('code') ?? '',
          redirect_uri: redirectUri,
          code_verifier: verifier,
        }),
      })
      const { access_token: accessToken } = (await redeemed.json()) as { access_token: string }
      const url = server.issuer + path
      const call = async (nonce?: string): Promise<Response> =>
        fetch(url, {
          method,
          headers: {
            authorization: `DPoP ${accessToken}`,
            dpop: await createDpopProof({ key, method, url, accessToken, ...(nonce && { nonce }) }),
          },
        })
      const refused = await call()
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain('use_dpop_nonce')
      const taken = await call(refused.headers.get('dpop-nonce') ?? '')
      expect(taken.status).not.toBe(401)
    }
    await ask('GET', '/v1/connections', `${server.issuer}/v1`, 'connections:read')
    await ask('GET', '/oauth2/userinfo', resource, 'notes:read')
  })

  test('per resource: demanded for its tokens only, also when the code alone names the resource', async () => {
    const client = await start('off', { dpop_nonce: true })
    await addResource(server, { resource: 'https://other.example/mcp' })
    const key = await generateDpopKey()
    const code = await authorize(server, { client, email, resource })
    const refused = await redeemWith(client, code, key)
    expect(await refused.json()).toMatchObject({ error: 'use_dpop_nonce' })
    const nonce = refused.headers.get('dpop-nonce') ?? ''
    expect((await redeemWith(client, code, key, nonce)).status).toBe(200)
    await obtainTokens(server, {
      client,
      email,
      resource: 'https://other.example/mcp',
      dpop: await dpopKeys(),
    })
  })
})

describe('refusals of the token endpoint', () => {
  test('say what is wrong with a grant and what to do', async () => {
    const client = await start('off')
    const code = await authorize(server, { client, email })
    const ask = async (changes: Record<string, string>): Promise<unknown> => {
      const answer = await fetch(`${server.issuer}/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: client.client_id,
          code: code.code.get('code') ?? '',
          redirect_uri: redirectUri,
          code_verifier: code.verifier,
          ...changes,
        }),
      })
      return answer.json()
    }
    const other = await addClient(server)
    expect(await ask({ client_id: other.client_id })).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('another client'),
    })
    expect(await ask({ code_verifier: 'x'.repeat(43) })).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('code_verifier'),
    })
    expect(await ask({ code: 'unknown' })).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('unknown'),
    })
  })

  test('answer the preflight of a browser client with the headers that it wants to send', async () => {
    await start('off')
    for (const path of ['/oauth2/token', '/token', '/oauth2/revoke', '/oauth2/par']) {
      const wanted = 'dpop,mcp-protocol-version,mcp-method,mcp-name'
      const answer = await fetch(server.issuer + path, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': wanted,
        },
      })
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-headers')).toBe(wanted)
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })
})
