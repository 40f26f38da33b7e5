import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { Browser, handOffTarget } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  obtainTokens,
  redirectUri,
  signIn,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client

beforeAll(async () => {
  // Without a grace, what was rotated is refused at once.
  server = await startTestServer({ config: { refreshGraceSeconds: 0 } })
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server)
})
afterAll(() => server.stop())

const postToken = (
  body: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      ...body,
    }),
  })

describe('a code challenge', () => {
  const without: [string, Record<string, string | undefined>][] = [
    ['is missing', { code_challenge: undefined, code_challenge_method: undefined }],
    ['is plain', { code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' }],
    ['has no method, which means plain', { code_challenge_method: undefined }],
    ['has a method in lower case', { code_challenge_method: 's256' }],
    ['is empty', { code_challenge: '' }],
    ['is too short', { code_challenge: 'a'.repeat(42) }],
    ['is alone missing', { code_challenge: undefined }],
  ]
  const change = (query: URLSearchParams, fields: Record<string, string | undefined>): void => {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) query.delete(name)
      else query.set(name, value)
    }
  }

  test.each(without)(
    'that %s begins no authorization, by GET, POST or PAR',
    async (_what, fields) => {
      const { url } = await authorizationUrl(server, { client, resource })
      const target = new URL(url)
      change(target.searchParams, fields)
      const body = target.searchParams
      const pages = [
        await new Browser(server.issuer).open(target.href),
        await new Browser(server.issuer).open('/oauth2/auth', { method: 'POST', body }),
      ]
      for (const page of pages) {
        expect(page.text).not.toContain('/login"')
        if (page.status === 200)
          expect(handOffTarget(page).searchParams.get('error')).toBe('invalid_request')
        else expect(page.status).toBeGreaterThanOrEqual(400)
      }
      const pushed = await fetch(`${server.issuer}/oauth2/par`, { method: 'POST', body })
      expect(pushed.status).toBe(400)
    },
  )

  test('is asked of a client with a secret as well', async () => {
    const { client: machine } = await registerClient(
      server.ctx,
      {
        client_name: 'Web app',
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      'usr_admin',
    )
    const { url } = await authorizationUrl(server, {
      client: { client_id: machine.clientId },
      resource,
    })
    const target = new URL(url)
    change(target.searchParams, without[0]![1])
    const page = await new Browser(server.issuer).open(target.href)
    expect(handOffTarget(page).searchParams.get('error')).toBe('invalid_request')
  })

  test('is answered by its verifier and by nothing else', async () => {
    const { code, verifier } = await authorize(server, { client, email, resource })
    const stolen = { code: code.get('code') ?? '', client_id: client.client_id }
    const challenge = await oauth.calculatePKCECodeChallenge(verifier)
    for (const fields of [
      {},
      { code_verifier: '' },
      { code_verifier: challenge },
      { code_verifier: verifier.toUpperCase() },
      { code_verifier: `${verifier} ` },
      { code_verifier: `${verifier}=` },
      { code_verifier: verifier.slice(0, -1) },
      { code_verifier: 'a'.repeat(43) },
    ] as Record<string, string>[]) {
      const answer = await postToken({ ...stolen, ...fields })
      expect(answer.status, JSON.stringify(fields)).toBe(400)
      expect(await answer.json()).toMatchObject({
        error: expect.stringMatching(/^invalid_(grant|request)$/) as string,
      })
    }
    expect((await postToken({ ...stolen, code_verifier: verifier })).status).toBe(200)
  })
})

describe('a code that was stolen', () => {
  test("and given to the client in the attacker's session is worth nothing there", async () => {
    const victim = await authorize(server, { client, email, resource })
    const attacker = await authorizationUrl(server, { client, resource })
    const answer = await postToken({
      client_id: client.client_id,
      code: victim.code.get('code') ?? '',
      code_verifier: attacker.verifier,
    })
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('is worth nothing to another client, with the right verifier, in any spelling of its name', async () => {
    const other = await addClient(server)
    const { code, verifier } = await authorize(server, { client, email, resource })
    for (const id of [
      other.client_id,
      'holdfast-cli',
      client.client_id.toUpperCase(),
      `${client.client_id} `,
      '',
    ]) {
      const answer = await postToken({
        client_id: id,
        code: code.get('code') ?? '',
        code_verifier: verifier,
      })
      expect(answer.status, id).toBeGreaterThanOrEqual(400)
    }
    const own = {
      client_id: client.client_id,
      code: code.get('code') ?? '',
      code_verifier: verifier,
    }
    expect((await postToken(own)).status).toBe(200)
  })

  test('and used after its owner takes the tokens of both away', async () => {
    const { code, verifier } = await authorize(server, { client, email, resource })
    const body = {
      client_id: client.client_id,
      code: code.get('code') ?? '',
      code_verifier: verifier,
    }
    const { access_token: token } = (await (await postToken(body)).json()) as {
      access_token: string
    }
    await expect(server.ctx.verifyToken(token, {})).resolves.toBeDefined()
    expect((await postToken(body)).status).toBe(400)
    await expect(server.ctx.verifyToken(token, {})).rejects.toThrow('revoked')
  })
})

describe('a session that was planted', () => {
  test('is not the one in which its victim signs in', async () => {
    const attacker = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client, resource })
    const page = await attacker.open(url)
    const victim = attacker.copy()
    const consent = await signIn(victim, page, email)
    expect(consent.text).toContain(`Signed in as ${email}`)
    for (const address of [url, page.url, consent.url]) {
      const seen = await attacker.copy().open(address)
      expect(seen.text).not.toContain(email)
      expect(seen.text).not.toContain('/consent"')
    }
  })

  test("of the attacker's own account ends when its victim signs in", async () => {
    await server.addUser('mallory@example.org')
    const attacker = new Browser(server.issuer)
    await authorize(server, { client, email: 'mallory@example.org', resource, browser: attacker })
    const victim = attacker.copy()
    const { url } = await authorizationUrl(server, {
      client,
      resource,
      parameters: { prompt: 'login' },
    })
    const consent = await signIn(victim, await victim.open(url), email)
    expect(consent.text).not.toContain('mallory@example.org')
    const after = await attacker.open((await authorizationUrl(server, { client, resource })).url)
    expect(after.text).not.toContain(email)
  })
})

describe('a code for one resource', () => {
  const elsewhere = 'https://elsewhere.example/mcp'
  beforeAll(() => addResource(server, { resource: elsewhere }))

  const ofCode = async (): Promise<Record<string, string>> => {
    const { code, verifier } = await authorize(server, { client, email, resource })
    return { code: code.get('code') ?? '', code_verifier: verifier }
  }
  const ofRefreshToken = async (): Promise<Record<string, string>> => {
    const { refresh_token: token } = await obtainTokens(server, { client, email, resource })
    return { grant_type: 'refresh_token', refresh_token: token }
  }
  const others = [elsewhere, 'https://unknown.example/mcp', resource.toUpperCase()]

  test.each([
    ...others.map((asked) => ['the code', asked, ofCode] as const),
    ...others.map((asked) => ['its refresh token', asked, ofRefreshToken] as const),
  ])(
    '%s, redeemed for %s: the answer names the one it is for, and it stays good',
    async (_what, asked, source) => {
      const body = { ...(await source()), client_id: client.client_id }
      const refused = await postToken({ ...body, resource: asked })
      expect(refused.status).toBe(400)
      expect(await refused.json()).toMatchObject({
        error: 'invalid_target',
        error_description: expect.stringContaining(resource),
      })
      expect((await postToken({ ...body, resource: `${resource}/` })).status).toBe(200)
      // Used up all the same by then, whatever is asked of it.
      const again = await postToken({ ...body, resource: asked })
      expect(await again.json()).toMatchObject({ error: 'invalid_grant' })
    },
  )

  test('is not named to who cannot redeem it', async () => {
    const { code } = await authorize(server, { client, email, resource })
    const other = await addClient(server)
    const value = code.get('code') ?? ''
    for (const { client_id } of [client, other]) {
      const wrong = { code_verifier: 'z'.repeat(43), client_id, resource: elsewhere }
      const refused = await postToken({ code: value, ...wrong })
      expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
    }
  })
})
