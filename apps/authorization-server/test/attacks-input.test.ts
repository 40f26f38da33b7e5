import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, handOffTarget } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  obtainTokens,
  redirectUri,
  signIn,
} from './support/flow.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client

beforeAll(async () => {
  server = await startTestServer({ config: { registration: { dynamic: 'open' } } })
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server)
})
afterAll(() => server.stop())

const post = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(server.issuer + path, { method: 'POST', body, headers })

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('a parameter that is there twice', () => {
  test.each([
    ['client_id', 'another'],
    ['redirect_uri', 'https://evil.example/cb'],
    ['response_type', 'token'],
    ['scope', 'admin'],
    ['state', 'x'],
    ['resource', 'https://other.example/mcp'],
    ['code_challenge', 'b'.repeat(43)],
    ['code_challenge_method', 'plain'],
    ['authorization_details', '[]'],
    ['prompt', 'none'],
  ])('%s: the authorization ends without a code', async (name, value) => {
    const parameters = { prompt: 'login', scope: 'notes:read', authorization_details: '[]' }
    const { url } = await authorizationUrl(server, { client, resource, parameters })
    for (const twice of [
      `${url}&${name}=${encodeURIComponent(value)}`,
      twiceBefore(url, name, value),
    ]) {
      const page = await new Browser(server.issuer).open(twice)
      expect(page.text).not.toContain('/login"')
      expect(page.text).not.toContain('evil.example')
      if (page.status === 200) {
        const { searchParams, origin } = handOffTarget(page)
        expect(origin).toBe(new URL(redirectUri).origin)
        expect(searchParams.get('error')).toMatch(/^invalid_/)
        expect(searchParams.has('code')).toBe(false)
      } else expect(page.status).toBe(400)
    }
  })

  test.each(['grant_type', 'code', 'redirect_uri', 'code_verifier', 'client_id'])(
    '%s: nothing is redeemed, and the code stays good',
    async (name) => {
      const { code, verifier } = await authorize(server, { client, email, resource })
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: code.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: verifier,
        client_id: client.client_id,
      }).toString()
      const twice = await post('/oauth2/token', `${body}&${name}=x`, form)
      expect(twice.status).toBeGreaterThanOrEqual(400)
      expect(await twice.json()).toMatchObject({ error: expect.stringMatching(/^invalid_/) })
      expect((await post('/oauth2/token', body, form)).status).toBe(200)
    },
  )

  test.each(['constructor', '__proto__', 'toString', 'grant_type[]', 'code[0]'])(
    'or named %s changes nothing',
    async (name) => {
      const body = `grant_type=refresh_token&refresh_token=x&client_id=${client.client_id}`
      const plain = await post('/oauth2/token', body, form)
      const odd = await post('/oauth2/token', `${body}&${encodeURIComponent(name)}=y`, form)
      expect([odd.status, await odd.json()]).toEqual([plain.status, await plain.json()])
    },
  )
})

describe('an endpoint beside the library', () => {
  let own: RegisteredResource
  let other: RegisteredResource
  let token: string

  beforeAll(async () => {
    own = await addResource(server, { resource: 'https://files.example/mcp' })
    other = await addResource(server, { resource: 'https://drive.example/mcp' })
    const tokens = await obtainTokens(server, { client, email, resource: own.resource.resource })
    token = tokens.access_token
  })

  const basic = ({ client: { id, secret } }: RegisteredResource): Record<string, string> => ({
    authorization: `Basic ${btoa(`${id}:${secret}`)}`,
  })
  const secretOf = ({ client: { id, secret } }: RegisteredResource): string =>
    `client_id=${id}&client_secret=${secret}`

  test('answers a request that says each thing once', async () => {
    for (const body of ['', `&client_id=${own.client.id}`, '&client_secret=&client_assertion=']) {
      const answer = await post('/oauth2/introspect', `token=${token}${body}`, {
        ...form,
        ...basic(own),
      })
      expect(await answer.json()).toMatchObject({ active: true })
    }
  })

  test.each(['/oauth2/introspect', '/oauth2/revoke'])(
    '%s: refuses one that says something twice',
    async (path) => {
      const rows: readonly [string, Record<string, string>][] = [
        [`token=${token}&token=x.y.z`, basic(own)],
        [`token=x.y.z&token=${token}`, basic(own)],
        [`token=${token}&token_type_hint=a&token_type_hint=b`, basic(own)],
        [`token=${token}&client_id=${own.client.id}&client_id=${other.client.id}`, basic(own)],
        [`token=${token}&client_id=${other.client.id}`, basic(own)],
        [`token=${token}&${secretOf(own)}`, basic(own)],
        [`token=${token}&${secretOf(other)}`, basic(own)],
        [`token=${token}&client_secret=wrong`, basic(own)],
        [`token=${token}&client_assertion=a.b.c`, basic(own)],
        [`token=${token}&client_assertion=a.b.c&${secretOf(own)}`, {}],
      ]
      for (const [body, headers] of rows) {
        const answer = await post(path, body, { ...form, ...headers })
        expect(answer.status, body).toBe(400)
        expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
      }
    },
  )
})

/** The second value in front of the first: whoever takes the first, and whoever takes the last, is wrong. */
const twiceBefore = (url: string, name: string, value: string): string =>
  url.replace('?', `?${name}=${encodeURIComponent(value)}&`)

describe('hostile JSON', () => {
  const deep = '['.repeat(100_000)
  const object = '{"a":'.repeat(100_000)

  test.each([
    ['dynamic registration', '/oauth2/register'],
    ['dispatch', '/dispatch'],
    ['the management API', '/v1/connections'],
  ])('%s refuses it and goes on', async (_what, path) => {
    for (const body of [
      deep,
      object,
      `${deep}${']'.repeat(100_000)}`,
      `{"__proto__":{"admin":true},"client_name":"x","redirect_uris":["${redirectUri}"]}`,
      `"${'x'.repeat(300_000)}"`,
      '',
      'null',
      '\u0000',
    ]) {
      const answer = await post(path, body, { 'content-type': 'application/json' })
      expect(answer.status).toBeGreaterThanOrEqual(path === '/oauth2/register' ? 200 : 400)
      expect(answer.status).toBeLessThan(500)
    }
    expect((await fetch(`${server.issuer}/.well-known/jwks.json`)).status).toBe(200)
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  test('in a token is refused before it is parsed twice', async () => {
    const part = Buffer.from(deep.slice(0, 3000)).toString('base64url')
    for (const token of [`${part}.${part}.x`, `${'a'.repeat(20_000)}.b.c`, '..', '.']) {
      const answer = await fetch(`${server.issuer}/v1/connections`, {
        headers: { authorization: `DPoP ${token}`, dpop: token.slice(0, 4000) },
      })
      expect([400, 401, 431]).toContain(answer.status)
    }
  })
})

describe('a name that looks like another', () => {
  const register = async (name: string): Promise<string> => {
    const answer = await post(
      '/oauth2/register',
      JSON.stringify({ client_name: name, redirect_uris: [redirectUri] }),
      { 'content-type': 'application/json' },
    )
    expect(answer.status).toBe(201)
    return ((await answer.json()) as { client_id: string }).client_id
  }

  const consentFor = async (name: string): Promise<string> => {
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, {
      client: { client_id: await register(name) },
      resource,
    })
    return (await signIn(browser, await browser.open(url), email)).text.replaceAll(/\s+/g, ' ')
  }

  test.each([
    ['with Cyrillic letters', 'Cl\u0430ude', true],
    ['with Greek letters', 'G\u03bf\u03bfgle', true],
    ['with Latin letters in a Cyrillic word', '\u0421laude', true],
    ['in one alphabet', 'Заметки', false],
    ['in two languages', 'Notes Заметки', false],
  ])('%s is warned of: %s', async (_what, name, isWarned) => {
    const text = await consentFor(name)
    expect(text).toContain('This app is not verified')
    expect(text.includes('letters of several alphabets')).toBe(isWarned)
    expect(text).toContain('127.0.0.1:8123')
  })

  test.each([
    ['a reversal', 'Bank\u202Egnihsihp'],
    ['an invisible character', 'Cl\u200Bau\u2060de'],
    ['a line break', 'Claude\nVerified by Holdfast'],
    ['a tag character', 'Claude\u{E0041}'],
  ])('with %s is shown without it, or not taken', async (_what, name) => {
    const answer = await post(
      '/oauth2/register',
      JSON.stringify({ client_name: name, redirect_uris: [redirectUri] }),
      { 'content-type': 'application/json' },
    )
    if (answer.status === 400) return
    const { client_id: id } = (await answer.json()) as { client_id: string }
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client: { client_id: id }, resource })
    const { text } = await signIn(browser, await browser.open(url), email)
    expect(text).not.toMatch(/[\u200B\u2060\u202E]|\u{E0041}|Claude\nVerified/u)
  })

  test('gets no more than its own name: tokens go by the client id', async () => {
    const id = await register('Test agent')
    expect(id).not.toBe(client.client_id)
    const { access_token: token } = await obtainTokens(server, {
      client: { client_id: id },
      email,
      resource,
    })
    expect(claimsOf(token)['client_id']).toBe(id)
  })
})
