/** What real MCP clients do when they ask for tokens, by the numbers of our list of them. */
import type * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, formOf, handOffTarget } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  discover,
  dpopKeys,
  obtainTokens,
  redeem,
  redirectUri,
  refresh,
  signIn,
  type TokenSet,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const notes = 'https://notes.example/mcp'
const drive = 'https://drive.example/mcp'
let server: TestServer
let client: oauth.Client
let shiftMs: number

beforeEach(async () => {
  shiftMs = 0
  server = await startTestServer({ clock: () => Date.now() + shiftMs })
  await server.addUser(email)
  await addResource(server, { resource: notes })
  client = await addClient(server)
})
afterEach(() => server.stop())

const addDrive = (scope: string): Promise<unknown> =>
  addResource(server, {
    resource: drive,
    display_name: 'Drive',
    scopes: [{ name: scope, description: 'Read your files' }],
  })

const tokensOf = async (response: Response): Promise<TokenSet> => {
  expect(response.status).toBe(200)
  return (await response.json()) as TokenSet
}

/** The error that an authorization request ends with. */
async function errorOf(parameters: Record<string, string>): Promise<URLSearchParams> {
  const { url } = await authorizationUrl(server, { client, parameters })
  return handOffTarget(await new Browser(server.issuer).open(url)).searchParams
}

test('gotcha 7: processes that share a refresh token all refresh, and later use ends the family', async () => {
  const { refresh_token: token } = await obtainTokens(server, { client, email, resource: notes })
  const all = await Promise.all(Array.from({ length: 5 }, () => refresh(server, client, token)))
  const tokens = await Promise.all(all.map(tokensOf))
  for (const { refresh_token: next } of tokens) {
    expect((await refresh(server, client, next)).status).toBe(200)
  }
  shiftMs = 31_000
  expect((await refresh(server, client, token)).status).toBe(400)
  for (const { access_token: access, refresh_token: next } of tokens) {
    expect((await refresh(server, client, next)).status).toBe(400)
    await expect(server.ctx.verifyToken(access, {})).rejects.toThrow('revoked')
  }
  const records = await server.ctx.storage.audit.read({ limit: 1000 })
  expect(records.filter(({ type }) => type === 'grant.revoked').at(0)?.detail).toMatchObject({
    reason: 'refresh_token_reused',
  })
})

test('gotcha 10: an added slash, another case and an alias all mean the one canonical resource', async () => {
  await addResource(server, {
    resource: 'https://files.example/mcp',
    aliases: ['https://files.example/'],
  })
  for (const [asked, canonical] of [
    ['https://notes.example/mcp/', notes],
    ['HTTPS://Notes.Example:443/mcp', notes],
    ['https://files.example', 'https://files.example/mcp'],
  ] as const) {
    const tokens = await obtainTokens(server, {
      client,
      email,
      resource: asked,
      scope: 'notes:read',
    })
    expect(claimsOf(tokens.access_token)['aud']).toBe(canonical)
  }
  const error = await errorOf({ resource: 'https://notes.example/other' })
  expect(error.get('error')).toBe('invalid_target')
})

describe('gotcha 11: a request without resource', () => {
  test('means the only one', async () => {
    const tokens = await obtainTokens(server, { client, email })
    expect(claimsOf(tokens.access_token)['aud']).toBe(notes)
  })

  test('means the one that owns the scopes, where there are several', async () => {
    await addDrive('files:read')
    const tokens = await obtainTokens(server, { client, email, scope: 'files:read' })
    expect(claimsOf(tokens.access_token)['aud']).toBe(drive)
  })

  test('is told what to send where it could mean several', async () => {
    await addDrive('notes:read')
    for (const parameters of [{ scope: 'notes:read' }, {}] as Record<string, string>[]) {
      const error = await errorOf(parameters)
      expect(error.get('error')).toBe('invalid_target')
      expect(error.get('error_description')).toContain('send "resource"')
      expect(error.get('error_description')).toContain(notes)
      expect(error.get('error_description')).toContain(drive)
    }
  })
})

test('gotcha 12: a resource that is sent to the authorization endpoint only is that of the tokens', async () => {
  await addDrive('notes:read')
  const authorization = await authorize(server, { client, email, resource: drive })
  const tokens = await tokensOf(await redeem(server, client, authorization))
  expect(claimsOf(tokens.access_token)['aud']).toBe(drive)
  const next = await tokensOf(await refresh(server, client, tokens.refresh_token))
  expect(claimsOf(next.access_token)['aud']).toBe(drive)
})

test('gotcha 14: a preflight with the headers of MCP and DPoP is answered at every endpoint', async () => {
  const as = await discover(server.issuer)
  const asked = 'authorization,content-type,dpop,mcp-method,mcp-name,mcp-protocol-version'
  for (const url of [
    as.token_endpoint,
    as.revocation_endpoint,
    as.registration_endpoint,
    as.pushed_authorization_request_endpoint,
    as.device_authorization_endpoint,
    as.jwks_uri,
    `${server.issuer}/.well-known/oauth-authorization-server`,
  ]) {
    const { status, headers } = await fetch(url ?? '', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://inspector.example',
        'access-control-request-method': url?.includes('well-known') ? 'GET' : 'POST',
        'access-control-request-headers': asked,
      },
    })
    expect([url, status < 300]).toEqual([url, true])
    expect(headers.get('access-control-allow-origin')).toMatch(
      /^(\*|https:\/\/inspector\.example)$/,
    )
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase() ?? ''
    expect(asked.split(',').filter((name) => !allowed.includes(name))).toEqual([])
  }
})

test("gotcha 15: consent under form-action 'self' ends on a page that leads to the client", async () => {
  const browser = new Browser(server.issuer)
  const { url } = await authorizationUrl(server, { client, resource: notes })
  const consent = await signIn(browser, await browser.open(url), email)
  expect(consent.headers.get('content-security-policy')).toContain("form-action 'self'")
  const done = await browser.submit(formOf(consent, '/consent'))
  // A redirect of the posted form to another origin is what browsers would block.
  expect(done.status).toBe(200)
  expect(done.headers.get('location')).toBeNull()
  expect(handOffTarget(done).href.startsWith(`${redirectUri}?`)).toBe(true)
})

test('gotcha 19: the issuer is one string everywhere, without a slash at its end', async () => {
  expect(server.issuer).not.toMatch(/\/$/)
  for (const path of ['oauth-authorization-server', 'openid-configuration']) {
    const response = await fetch(`${server.issuer}/.well-known/${path}`)
    expect(((await response.json()) as { issuer: string }).issuer).toBe(server.issuer)
  }
  const authorization = await authorize(server, { client, email, resource: notes })
  expect(authorization.code.get('iss')).toBe(server.issuer)
  const tokens = await tokensOf(await redeem(server, client, authorization))
  expect(claimsOf(tokens.access_token)['iss']).toBe(server.issuer)
})

test('gotcha 21: metadata is found by either name at the root, where clients look last', async () => {
  const bodies = await Promise.all(
    ['oauth-authorization-server', 'openid-configuration'].map(async (path) =>
      (await fetch(`${server.issuer}/.well-known/${path}`)).json(),
    ),
  )
  expect(bodies[1]).toEqual(bodies[0])
  // An issuer without a path leaves nothing to insert or append it to.
  expect(new URL(server.issuer).pathname).toBe('/')
})

test('gotcha 22: a client that only refreshes has what the user granted at once', async () => {
  const tokens = await obtainTokens(server, {
    client,
    email,
    resource: notes,
    scope: 'notes:read notes:write',
  })
  const next = await tokensOf(await refresh(server, client, tokens.refresh_token))
  expect(claimsOf(next.access_token)['scope']).toBe('notes:read notes:write')
})

test('gotcha 22: step-up by a new authorization request asks again and widens', async () => {
  const browser = new Browser(server.issuer)
  const options = { client, email, resource: notes, browser }
  const first = await obtainTokens(server, { ...options, scope: 'notes:read' })
  expect(first.scope).toBe('notes:read')
  const second = await obtainTokens(server, { ...options, scope: 'notes:read notes:write' })
  expect(second.scope).toBe('notes:read notes:write')
})

test('gotcha 23: a refresh without scope keeps scope and resource', async () => {
  await addDrive('files:read')
  const scope = 'notes:read notes:write'
  let tokens = await obtainTokens(server, { client, email, resource: notes, scope })
  for (let n = 0; n < 3; n += 1) {
    tokens = await tokensOf(await refresh(server, client, tokens.refresh_token))
    expect(claimsOf(tokens.access_token)).toMatchObject({ aud: notes, scope })
  }
})

test('gotcha 24: a client without DPoP is refused where it is required, before it holds a useless token', async () => {
  await addResource(server, { resource: drive, dpop: 'required' })
  const authorization = await authorize(server, { client, email, resource: drive })
  const refused = await redeem(server, client, authorization)
  expect(refused.status).toBe(400)
  const body = (await refused.json()) as Record<string, string>
  expect(body['error']).toBe('invalid_dpop_proof')
  expect(body['error_description']).toContain('send a DPoP proof')
  expect(body).not.toHaveProperty('access_token')
  // The code is still good: a client that can repeats the request with a proof.
  const dpop = await dpopKeys()
  const tokens = await tokensOf(await redeem(server, client, authorization, { dpop }))
  expect(tokens.token_type).toBe('DPoP')
})

test('gotcha 25: a request without scope asks for those of the resource', async () => {
  const authorization = await authorize(server, { client, email, resource: notes })
  const tokens = await tokensOf(await redeem(server, client, authorization))
  expect(tokens.scope).toBe('notes:read notes:write')
})
