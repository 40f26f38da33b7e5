import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '../src/logger.ts'
import { Browser, formOf } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  dpopKeys,
  exchange,
  redeem,
  refresh,
  signIn,
  type TokenSet,
} from './support/flow.ts'
import { password, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
const secrets: string[] = [password]

beforeAll(async () => {
  server = await startTestServer()
  secrets.push(new URL(server.setupLink ?? '').searchParams.get('key') ?? '')
  const setup = new Browser(server.issuer)
  const page = await setup.open(server.setupLink ?? '')
  await setup.submit(formOf(page, '/setup'), {
    email: 'root@example.org',
    password,
    repeat: password,
  })

  await server.addUser(email)
  const client = await addClient(server)
  const own = await addResource(server, { resource })
  const wrong = 'a wrong password of somebody'
  const browser = new Browser(server.issuer)
  const { url } = await authorizationUrl(server, { client, resource })
  const login = await browser.open(url)
  await browser.submit(formOf(login, '/login'), { email, password: wrong })
  const authorization = await authorize(server, { client, email, resource, browser })
  const dpop = await dpopKeys()
  const tokens = (await (await redeem(server, client, authorization, { dpop })).json()) as TokenSet
  const next = (await (
    await refresh(server, client, tokens.refresh_token, dpop)
  ).json()) as TokenSet
  const exchanged = (await (
    await exchange(server, own.client, next.access_token, { dpop })
  ).json()) as TokenSet
  await refresh(server, client, 'a-made-up-refresh-token-value', dpop)
  const denied = new Browser(server.issuer)
  const again = await authorizationUrl(server, { client, resource })
  const consent = formOf(await signIn(denied, await denied.open(again.url), email), '/consent')
  await denied.submit({ ...consent, action: consent.action.replace(/consent$/, 'abort') })
  secrets.push(
    wrong,
    'a-made-up-refresh-token-value',
    authorization.code.get('code') ?? '',
    authorization.verifier,
    tokens.access_token,
    tokens.refresh_token,
    next.access_token,
    next.refresh_token,
    exchanged.access_token,
    own.client.secret,
    formOf(login, '/login').fields['csrf'] ?? '',
  )
})
afterAll(() => server.stop())

test('no secret stands in any log line, at the most talkative level', () => {
  const log = server.log()
  expect(log).toContain('/oauth2/token')
  expect(secrets.every((secret) => secret.length >= 12)).toBe(true)
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), btoa(secret)]) {
      expect(log.includes(form)).toBe(false)
    }
  }
  expect(log).not.toMatch(/\/interaction\/[\w-]{10,}/)
})

test('no secret stands in the audit log, and every step does', async () => {
  const records = await server.ctx.storage.audit.read({ limit: 1000 })
  const text = JSON.stringify(records)
  for (const secret of secrets) expect(text.includes(secret)).toBe(false)
  const seen = records.map(({ type, outcome }) => `${type} ${outcome}`)
  for (const step of [
    'user.created success',
    'sign_in denied',
    'sign_in success',
    'consent.granted success',
    'token.issued success',
    'token.refused denied',
    'consent.denied denied',
  ]) {
    expect(seen).toContain(step)
  }
  expect(records.filter(({ type }) => type === 'token.issued').map(({ detail }) => detail)).toEqual(
    [
      { grant_type: 'authorization_code', proof: true },
      { grant_type: 'refresh_token', proof: true },
      { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', proof: true },
    ],
  )
})

test('the logger hides secret fields that are logged by mistake', () => {
  const lines: string[] = []
  const logger = createLogger({ logLevel: 'trace' }, { write: (line) => void lines.push(line) })
  const leak = 'super-secret-value'
  logger.info({ authorization: leak, req: { headers: { cookie: leak, dpop: leak } } }, 'x')
  const error = Object.assign(new Error('failed'), { request: { body: leak } })
  logger.error({ err: error }, 'x')
  expect(lines.join('')).not.toContain(leak)
})

test('the code of an error is told, an authorization code is not', () => {
  const lines: string[] = []
  const logger = createLogger({ logLevel: 'trace' }, { write: (line) => void lines.push(line) })
  const code = 'an-authorization-code'
  const cause = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
  logger.error({ err: new Error('failed', { cause }), code, query: { code } }, 'x')
  expect(JSON.parse(lines.join(''))).toMatchObject({
    message: 'x',
    err: { cause: { error_code: 'SQLITE_BUSY' } },
  })
  expect(lines.join('')).not.toContain(code)
})
