import { describe, expect, it } from 'vitest'
import {
  type Auth,
  AuthorizationCodeAuth,
  type AuthorizationCodeOptions,
  authorizedFetch,
  ClientCredentialsAuth,
  CrossAppAuth,
} from '../src/index.ts'
import { findAuthorizationServer } from '../src/oauth/server-metadata.ts'
import {
  type ProtectedWorld,
  setting,
  startAuthorizationServer,
  type World,
} from './oauth-world.ts'

type Send = (url: string, init: RequestInit) => Promise<Response>

const redirectUri = 'http://127.0.0.1:1/callback'
const platform: Send = (url, init) => fetch(url, init)
const call = (rs: ProtectedWorld, auth: Auth, send: Send = platform): Promise<Response> =>
  authorizedFetch({ auth, resource: rs.url, fetch: send })(rs.url)

describe('a client is known by', () => {
  const document = 'https://app.example/oauth-client.json'
  const person = (as: World, options: Partial<AuthorizationCodeOptions>): Auth =>
    new AuthorizationCodeAuth({ redirectUri, authorize: as.authorize, ...options })

  it('its metadata document, where the server reads such documents, and registers nowhere', async () => {
    const { as, rs } = await setting()
    as.metadata = { client_id_metadata_document_supported: true }
    expect((await call(rs, person(as, { clientMetadataUrl: document }))).status).toBe(200)
    expect(as.requests.some((line) => line.includes('/register'))).toBe(false)
    expect(as.tokenRequests[0]?.form).toMatchObject({ client_id: document })
    expect(as.tokenRequests[0]?.authorization).toBeUndefined()
  })

  it('dynamic registration, where the server reads none', async () => {
    const { as, rs } = await setting()
    expect((await call(rs, person(as, { clientMetadataUrl: document }))).status).toBe(200)
    expect(as.tokenRequests[0]?.form['client_id']).toMatch(/^dcr-/)
  })

  it('neither, when it may not register', async () => {
    const { as, rs } = await setting()
    const auth = person(as, { clientMetadataUrl: document, clientName: false })
    await expect(call(rs, auth)).rejects.toMatchObject({ code: 'NOT_REGISTERED' })
  })

  it.each([
    ['without https', 'http://app.example/client.json', 'PLAINTEXT_REFUSED'],
    ['without a path', 'https://app.example/', 'INVALID_REQUEST'],
  ])('no document %s', async (_what, clientMetadataUrl, code) => {
    const { as, rs } = await setting()
    as.metadata = { client_id_metadata_document_supported: true }
    await expect(call(rs, person(as, { clientMetadataUrl }))).rejects.toMatchObject({ code })
  })

  it('the registration that came by hand before all others', async () => {
    const { as, rs } = await setting()
    as.metadata = { client_id_metadata_document_supported: true }
    const auth = person(as, { client: { clientId: 'mine' }, clientMetadataUrl: document })
    expect((await call(rs, auth)).status).toBe(200)
    expect(as.tokenRequests[0]?.form['client_id']).toBe('mine')
  })
})

describe('a program proves who it is', () => {
  it('by a signature of its private key, for this very server, once', async () => {
    const { as, rs } = await setting()
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { privateKey: key, publicKey } = await crypto.subtle.generateKey(algorithm, false, [
      'sign',
      'verify',
    ])
    const client = { clientId: 'robot', privateKey: { key, kid: 'k-1' } }
    expect((await call(rs, new ClientCredentialsAuth({ client }))).status).toBe(200)
    const form: Readonly<Record<string, string>> = as.tokenRequests[0]?.form ?? {}
    expect(form['client_assertion_type']).toBe(
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    )
    const [header = '', claims = '', signature = ''] = (form['client_assertion'] ?? '').split('.')
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(read(header)).toMatchObject({ alg: 'ES256', kid: 'k-1' })
    expect(read(claims)).toMatchObject({
      iss: 'robot',
      sub: 'robot',
      aud: as.issuer,
      jti: expect.any(String) as string,
      exp: expect.any(Number) as number,
    })
    const isValid = await crypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      publicKey,
      Buffer.from(signature, 'base64url'),
      Buffer.from(`${header}.${claims}`),
    )
    expect(isValid).toBe(true)
  })

  it('by its secret in the form, where the server takes it nowhere else', async () => {
    const { as, rs } = await setting()
    as.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] }
    const client = { clientId: 'robot', clientSecret: 's3cret' }
    expect((await call(rs, new ClientCredentialsAuth({ client }))).status).toBe(200)
    expect(as.tokenRequests[0]?.form).toMatchObject({
      client_id: 'robot',
      client_secret: 's3cret',
    })
    expect(as.tokenRequests[0]?.authorization).toBeUndefined()
  })
})

describe('an enterprise’s identity provider', () => {
  const idJagType = 'urn:ietf:params:oauth:token-type:id-jag'

  async function throughProvider(answer: Record<string, unknown>) {
    const { as, rs } = await setting()
    const idp = await startAuthorizationServer()
    const exchanges: URLSearchParams[] = []
    const send: Send = async (url, init) => {
      if (url !== `${idp.issuer}/token`) return fetch(url, init)
      exchanges.push(new URLSearchParams(String(init.body as URLSearchParams)))
      return Response.json({ access_token: 'the-id-jag', token_type: 'N_A', ...answer })
    }
    const auth = new CrossAppAuth({
      client: { clientId: 'agent', clientSecret: 's', issuer: as.issuer },
      identityProvider: { issuer: idp.issuer, client: { clientId: 'agent-at-idp' } },
      idToken: () => 'the-id-token',
    })
    return { as, rs, exchanges, done: call(rs, auth, send) }
  }

  it('exchanges the ID token for an assertion to this server, which alone is sent there', async () => {
    const { as, rs, exchanges, done } = await throughProvider({ issued_token_type: idJagType })
    expect((await done).status).toBe(200)
    expect(Object.fromEntries(exchanges[0] ?? [])).toMatchObject({
      requested_token_type: idJagType,
      subject_token: 'the-id-token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: as.issuer,
      resource: rs.url,
    })
    expect(as.tokenRequests.map(({ form }) => form)).toMatchObject([
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: 'the-id-jag',
        resource: rs.url,
      },
    ])
    expect(JSON.stringify(as.tokenRequests)).not.toContain('the-id-token')
  })

  it('that issues something else is not believed', async () => {
    const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
    const { as, done } = await throughProvider({ issued_token_type: accessToken })
    await expect(done).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(as.tokenRequests).toEqual([])
  })
})

describe('the metadata of an authorization server', () => {
  it.each([
    [
      'https://as.example',
      ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
    ],
    [
      'https://as.example/tenant',
      [
        '/.well-known/oauth-authorization-server/tenant',
        '/.well-known/openid-configuration/tenant',
        '/tenant/.well-known/openid-configuration',
      ],
    ],
  ])('of %s are looked for in the order of the specification', async (issuer, places) => {
    const asked: string[] = []
    const send: Send = (url) => {
      asked.push(new URL(url).pathname)
      return Promise.resolve(new Response(null, { status: 404 }))
    }
    await expect(findAuthorizationServer(issuer, send)).rejects.toMatchObject({
      code: 'SERVER_ERROR',
    })
    expect(asked).toEqual(places)
    const last = places.at(-1)
    const found = await findAuthorizationServer(issuer, (url) =>
      Promise.resolve(
        new URL(url).pathname === last
          ? Response.json({ issuer, token_endpoint: `${issuer}/token` })
          : new Response(null, { status: 404 }),
      ),
    )
    expect(found.token_endpoint).toBe(`${issuer}/token`)
  })

  it('are not looked for elsewhere when the server fails', async () => {
    const asked: string[] = []
    const send: Send = (url) => {
      asked.push(url)
      return Promise.resolve(new Response(null, { status: 503 }))
    }
    await expect(findAuthorizationServer('https://as.example', send)).rejects.toMatchObject({
      code: 'SERVER_ERROR',
    })
    expect(asked).toHaveLength(1)
  })
})
