/** What real MCP clients do when they register, by the numbers of our list of them. */
import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Browser, formOf, handOffTarget } from './support/browser.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import {
  addResource,
  askSigned,
  authorizationUrl,
  authorize,
  discover,
  obtainTokens,
  signIn,
  claimsOf,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.com'

let host: DocumentHost
let server: TestServer
let serveDocuments: DocumentHost['handler']
beforeAll(async () => {
  host = await startDocumentHost()
  serveDocuments = host.handler
})
afterAll(() => host.stop())
beforeEach(async () => {
  host.requests.length = 0
  host.handler = serveDocuments
  server = await startTestServer({ config: { outbound: host.outbound } })
  await addResource(server)
  await server.addUser(email)
})
afterEach(() => server.stop())

async function register(metadata: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.issuer}/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  })
  const body = (await response.json()) as Record<string, unknown>
  if (response.status !== 201) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  return body
}

/** Signs in with a redirect and returns where the code goes, or the page that refuses. */
async function codeAt(clientId: string, redirect: string): Promise<URL | string> {
  const { url } = await authorizationUrl(server, {
    client: { client_id: clientId },
    parameters: { redirect_uri: redirect },
  })
  const browser = new Browser(server.issuer)
  const first = await browser.open(url)
  if (first.status !== 200) return first.text
  const consent = await signIn(browser, first, email)
  return handOffTarget(await browser.submit(formOf(consent, '/consent')))
}

test('gotcha 1: Claude Code lists portless loopback redirects and uses any port', async () => {
  const id = host.serve('/claude.json', {
    client_name: 'Claude Code',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  })
  for (const redirect of ['http://localhost:54321/callback', 'http://127.0.0.1:3118/callback']) {
    const target = await codeAt(id, redirect)
    expect(target).toBeInstanceOf(URL)
    expect((target as URL).href).toContain(`${redirect}?`)
  }
  for (const redirect of [
    'http://localhost:54321/other',
    'http://localhost.evil.example:54321/callback',
    'https://localhost:54321/callback',
    'http://[::1]:54321/callback',
  ]) {
    expect(await codeAt(id, redirect)).toContain('not registered for it')
  }
})

test('gotcha 2: VS Code registers port 33418 and uses another when it is busy', async () => {
  const { client_id: id } = await register({
    client_name: 'Visual Studio Code',
    redirect_uris: ['http://127.0.0.1/', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
  })
  expect(await codeAt(id as string, 'http://127.0.0.1:40001/')).toBeInstanceOf(URL)
  expect(await codeAt(id as string, 'https://vscode.dev/redirect')).toBeInstanceOf(URL)
  expect(await codeAt(id as string, 'https://vscode.dev:8443/redirect')).toBeTypeOf('string')
})

test('gotcha 3: Cursor uses a scheme of its own and says web, or nothing', async () => {
  const uri = 'cursor://anysphere.cursor-mcp/oauth/callback'
  for (const type of [{ application_type: 'web' }, {}]) {
    const client = await register({
      client_name: 'Cursor',
      redirect_uris: [uri, 'https://www.cursor.com/agents/mcp/oauth/callback'],
      ...type,
    })
    expect(client['application_type']).toBe('native')
    const target = await codeAt(client['client_id'] as string, uri)
    expect((target as URL).href).toContain(uri)
    expect(
      await codeAt(client['client_id'] as string, 'cursor://anysphere.cursor-mcp/other'),
    ).toBeTypeOf('string')
  }
})

test('gotcha 4: VS Code lists the device grant, which is left out and not refused', async () => {
  const grants = [
    'authorization_code',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
  ]
  const client = await register({ redirect_uris: ['http://127.0.0.1/'], grant_types: grants })
  expect(client['grant_types']).toEqual(['authorization_code', 'refresh_token'])
  const id = host.serve('/vscode.json', {
    redirect_uris: ['http://127.0.0.1/'],
    grant_types: grants,
  })
  expect(await codeAt(id, 'http://127.0.0.1:33418/')).toBeInstanceOf(URL)
})

test('gotcha 5: a scope at registration bounds nothing later', async () => {
  for (const scope of ['notes:read', 'claudeai', '']) {
    const client = await register({
      client_name: `Agent ${scope}`,
      redirect_uris: ['http://127.0.0.1/callback'],
      scope,
    })
    expect(client).not.toHaveProperty('scope')
    const tokens = await obtainTokens(server, {
      client: { client_id: client['client_id'] as string },
      email,
      scope: 'notes:read notes:write',
    })
    expect(tokens.scope).toBe('notes:read notes:write')
  }
})

test('gotcha 6: a stale client id is told so: 401 to programs, a page with the fix to people', async () => {
  const page = (await codeAt('dcr_gone', 'http://127.0.0.1:1/callback')) as string
  expect(page).toContain('not registered here (any more)')
  expect(page).toContain('connect it again')
  const response = await fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: 'dcr_gone',
    }),
  })
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ error: 'invalid_client' })
})

test('gotcha 8: a refresh token without offline_access, and with it but no prompt', async () => {
  const client = await register({ redirect_uris: ['http://127.0.0.1/callback'] })
  const own = { client_id: client['client_id'] as string }
  for (const scope of ['notes:read', 'notes:read offline_access']) {
    const tokens = await obtainTokens(server, { client: own, email, scope })
    expect(tokens.refresh_token).toBeTypeOf('string')
  }
})

test('gotcha 9: offline_access is advertised by this server and never refused', async () => {
  const as = await discover(server.issuer)
  expect(as.scopes_supported).toContain('offline_access')
  const id = host.serve('/offline.json', {
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code'],
    scope: 'offline_access',
  })
  const tokens = await obtainTokens(server, {
    client: { client_id: id },
    email,
    scope: 'notes:read offline_access',
  })
  expect(tokens.access_token).toBeTypeOf('string')
  expect(tokens.refresh_token).toBeUndefined()
})

test('gotcha 9: offline_access is not refused at a refresh either, where Codex repeats it', async () => {
  const client = await register({ redirect_uris: ['http://127.0.0.1/callback'] })
  const own = { client_id: client['client_id'] as string }
  const asked = 'notes:read offline_access'
  for (const [parameters, scope] of [
    [{}, asked],
    [{ prompt: 'consent' }, asked],
    [{}, 'offline_access'],
  ] as const) {
    const tokens = await obtainTokens(server, { client: own, email, scope: asked, parameters })
    const answer = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, scope, ...own },
      }),
    })
    expect(answer.status).toBe(200)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    expect(String(claimsOf(token)['scope']).split(' ')).toContain('notes:read')
  }
})

describe('gotcha 13: a client in a web page', () => {
  const origin = 'https://inspector.example'

  test('may register, and learns of every error', async () => {
    const preflight = await fetch(`${server.issuer}/oauth2/register`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,mcp-protocol-version',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
    for (const body of ['{"redirect_uris":["https://inspector.example/cb"]}', 'x']) {
      const { headers } = await fetch(`${server.issuer}/oauth2/register`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body,
      })
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    }
  })

  test('that describes itself by a document may redeem its code and refresh', async () => {
    const id = host.serve('/web.json', { redirect_uris: ['http://127.0.0.1/callback'] })
    const { headers } = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: id }),
    })
    expect(headers.get('access-control-allow-origin')).toBe(origin)
  })
})

test('gotcha 16: a host that turns servers away does not turn its client away', async () => {
  host.handler = (_request, response) =>
    response.writeHead(403, { 'cf-mitigated': 'challenge' }).end()
  const page = (await codeAt(host.url('/blocked.json'), 'http://localhost:1/callback')) as string
  expect(page).toContain('status 403')
  expect(page).toContain('holdfast clients pin FILE')
  expect(host.requests[0]).toMatch(/ Holdfast\/[\d.]+ \(authorization server; \+http/)
  await server.ctx.storage.clientDocuments.pin({
    clientId: host.url('/blocked.json'),
    host: `docs.example:${host.port}`,
    document: JSON.stringify({
      client_id: host.url('/blocked.json'),
      redirect_uris: ['http://localhost/callback'],
    }),
    pinnedBy: 'usr_admin',
  })
  expect(await codeAt(host.url('/blocked.json'), 'http://localhost:1/callback')).toBeInstanceOf(URL)
})

test('gotcha 17: Claude takes documents only where none is advertised as well', async () => {
  const as = await discover(server.issuer)
  expect(as.client_id_metadata_document_supported).toBe(true)
  expect(as.token_endpoint_auth_methods_supported).toContain('none')
})

describe('gotcha 18: ChatGPT', () => {
  const chatGpt = {
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
  }

  test('signs with RS256 under a jwks_uri, which is asked for once a minute', async () => {
    const as = await discover(server.issuer)
    expect(as.token_endpoint_auth_methods_supported).toContain('private_key_jwt')
    expect(as.token_endpoint_auth_signing_alg_values_supported).toContain('RS256')
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
    const id = host.serve('/chatgpt.json', { ...chatGpt, jwks_uri: host.url('/jwks.json') })
    host.handler = (request, response) => {
      if (request.url === '/jwks.json') response.end(JSON.stringify({ keys: [jwk] }))
      else serveDocuments(request, response)
    }
    const client = { client_id: id }
    for (let n = 0; n < 2; n += 1) {
      const { code, verifier } = await authorize(server, { client, email })
      const assertion = await new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(as.issuer)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey)
      const response = await fetch(as.token_endpoint!, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: code.get('code') ?? '',
          redirect_uri: 'http://127.0.0.1:8123/callback',
          code_verifier: verifier,
          client_id: id,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      })
      expect(await response.json()).toHaveProperty('access_token')
      expect(response.status).toBe(200)
    }
    expect(host.requests.filter((request) => request.startsWith('/jwks.json'))).toHaveLength(1)
  })

  test('may offer a choice of methods and no preferred one', async () => {
    const id = host.serve('/choices.json', {
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: undefined,
      token_endpoint_auth_methods_supported: ['client_secret_jwt', 'none'],
    })
    const tokens = await obtainTokens(server, { client: { client_id: id }, email })
    expect(tokens.access_token).toBeTypeOf('string')
  })

  test('a jwks_uri leads nowhere inside', async () => {
    for (const uri of [
      'https://127.0.0.1/jwks',
      'https://169.254.169.254/latest',
      'https://[::1]/',
    ]) {
      const id = host.serve('/inside.json', { ...chatGpt, jwks_uri: uri })
      await server.ctx.storage.clientDocuments.forget(id)
      const [header, claims] = [
        { alg: 'RS256' },
        { iss: id, sub: id, aud: server.issuer, jti: uri, exp: 4e9 },
      ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      const { status } = await askSigned(server, id, `${header}.${claims}.eA`)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
    }
  })
})
