import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assertionType } from '../src/oauth/client-assertion.ts'
import { Browser } from './support/browser.ts'
import { type DocumentHost, publicDocument, startDocumentHost } from './support/document-host.ts'
import { addResource, authorizationUrl, redirectUri } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const web = 'https://phish.example/cb'
const confidential = {
  client_name: 'Dynamic agent',
  redirect_uris: [redirectUri],
  token_endpoint_auth_method: 'client_secret_basic',
}

let server: TestServer
let host: DocumentHost

beforeEach(async () => {
  host = await startDocumentHost()
  server = await startTestServer({ config: { outbound: host.outbound } })
  await addResource(server)
  await server.addUser('ann@example.org')
})
afterEach(async () => {
  await server.stop()
  await host.stop()
})

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function send(method: string, url: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(new URL(url, server.issuer), {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
}

const register = (body: Record<string, unknown>): Promise<Answer> =>
  send('POST', '/oauth2/register', body)

const postForm = (path: string, body: Record<string, string>): Promise<Response> =>
  fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(body) })

const uriOf = ({ body }: Answer): string => String(body['registration_client_uri'])
const tokenOf = ({ body }: Answer): string => String(body['registration_access_token'])

/** A PUT whose token was looked at and whose body is still to come. */
async function holdBack(url: string, token: string, body: unknown): Promise<() => Promise<Answer>> {
  const text = JSON.stringify(body)
  const put = request(url, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      expect: '100-continue',
    },
  })
  put.flushHeaders()
  await once(put, 'continue')
  return async () => {
    put.end(text)
    const [response] = (await once(put, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, body: (await json(response)) as Answer['body'] }
  }
}

describe('a registration access token', () => {
  test('changes a client once, of fifty at the same time', async () => {
    const made = await register(confidential)
    const held = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        holdBack(uriOf(made), tokenOf(made), {
          ...confidential,
          client_id: made.body['client_id'],
          client_name: `Name ${n}`,
        }),
      ),
    )
    const answers = await Promise.all(held.map((finish) => finish()))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(49)
    const now = await send('GET', uriOf(made), undefined, tokenOf(won[0]!))
    expect(now.body['client_name']).toBe(won[0]!.body['client_name'])
  })

  test('is no access token, initial access token or secret, and none of these is one', async () => {
    const made = await register(confidential)
    const { token } = await server.ctx.storage.registrationTokens.create({
      ...{ label: undefined, usesLeft: 1, createdBy: 'usr_admin' },
      expiresAtMs: Date.now() + 60_000,
    })
    for (const other of [token, String(made.body['client_secret']), 'x', '']) {
      expect((await send('GET', uriOf(made), undefined, other)).status).toBe(401)
    }
    const management = await fetch(`${server.issuer}/v1/clients`, {
      headers: { authorization: `Bearer ${tokenOf(made)}` },
    })
    expect(management.status).toBe(401)
  })

  test('leads to its own client by no other spelling of the path', async () => {
    const made = await register(confidential)
    const other = await register(confidential)
    const id = String(other.body['client_id'])
    for (const path of [
      `/oauth2/register/${id}`,
      `/oauth2/register/${made.body['client_id'] as string}/../${id}`,
      `/oauth2/register/${made.body['client_id'] as string}/${id}`,
      `/oauth2/register/${id}%00`,
      `/oauth2/register//${id}`,
    ]) {
      const { status } = await send('GET', path, undefined, tokenOf(made))
      expect([400, 401, 404]).toContain(status)
    }
  })

  test('ends with the client: nothing brings a deleted one back', async () => {
    const made = await register(confidential)
    expect((await send('DELETE', uriOf(made), undefined, tokenOf(made))).status).toBe(204)
    const again = { ...confidential, client_id: made.body['client_id'] }
    expect((await send('PUT', uriOf(made), again, tokenOf(made))).status).toBe(401)
    const taken = await register({ ...confidential, client_id: made.body['client_id'] })
    expect(taken.body['client_id']).not.toBe(made.body['client_id'])
  })
})

describe('a client that changes itself', () => {
  test('cannot become one with more rights', async () => {
    const made = await register(confidential)
    const { status, body } = await send(
      'PUT',
      uriOf(made),
      {
        ...confidential,
        client_id: made.body['client_id'],
        grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
        response_types: ['code', 'token'],
        scope: 'admin',
        resources: [`${server.issuer}/v1`],
        resource: 'https://notes.example/mcp',
        source: 'manual',
        'urn:holdfast:source': 'manual',
        application_type: 'web',
        sector_identifier_uri: host.url('/sector'),
        id_token_signed_response_alg: 'none',
        tls_client_auth_san_dns: 'job.example',
        require_pushed_authorization_requests: true,
        client_id_issued_at: undefined,
      },
      tokenOf(made),
    )
    expect(status).toBe(200)
    const stored = await server.ctx.storage.clients.find(String(made.body['client_id']))
    expect(stored).toMatchObject({ source: 'dynamic', resource: undefined, resources: undefined })
    expect(Object.keys(stored?.metadata ?? {}).toSorted()).toEqual([
      'application_type',
      'client_name',
      'grant_types',
      'redirect_uris',
      'response_types',
      'token_endpoint_auth_method',
    ])
    expect(body['grant_types']).toEqual(['authorization_code', 'refresh_token'])
    expect(body['application_type']).toBe('native')
  })

  test('to a key leaves its old secret behind, everywhere', async () => {
    const made = await register(confidential)
    const id = String(made.body['client_id'])
    const secret = String(made.body['client_secret'])
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const changed = await send(
      'PUT',
      uriOf(made),
      {
        ...confidential,
        client_id: id,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [await exportJWK(publicKey)] },
      },
      tokenOf(made),
    )
    expect(changed.status).toBe(200)
    for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
      const answer = await postForm(path, {
        ...{ grant_type: 'refresh_token', refresh_token: 'x', token: 'a.b.c' },
        ...{ client_id: id, client_secret: secret },
      })
      expect(answer.status, path).toBe(401)
    }
    const now = Math.floor(Date.now() / 1000)
    const assertion = await new SignJWT({ jti: randomUUID(), iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(server.issuer)
      .sign(privateKey)
    const answer = await postForm('/oauth2/revoke', {
      token: 'a.b.c',
      client_assertion: assertion,
      client_assertion_type: assertionType,
    })
    expect(answer.status).toBe(200)
    // And back: the secret is a new one.
    const back = await send(
      'PUT',
      uriOf(made),
      { ...confidential, client_id: id },
      tokenOf(changed),
    )
    expect(back.body['client_secret']).toBeTypeOf('string')
    expect(back.body['client_secret']).not.toBe(secret)
  })
})

describe('a redirect address', () => {
  const redirectingTo = (uri: string): Promise<Answer> =>
    register({ client_name: 'Agent', redirect_uris: [redirectUri, uri] })

  test.each([
    'http://127.1/cb',
    'http://0x7f.1/cb',
    'http://2130706433/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    'http://%6cocalhost/cb',
    'http:localhost/cb',
    'https:/app.example/cb',
    'https:////app.example/cb',
    'https://app%2eexample/cb',
  ])('is not taken in another spelling than its own: %s', async (uri) => {
    expect((await redirectingTo(uri)).body['error']).toBe('invalid_redirect_uri')
  })

  test('never leads back into this server, by registration, its change or a document', async () => {
    const own = `${server.issuer}/oauth2/auth?client_id=x`
    const spellings = [own, own.replace('http', 'HTTP').replace('localhost', 'LocalHost')]
    const made = await register(confidential)
    for (const uri of spellings) {
      expect((await redirectingTo(uri)).body['error'], uri).toBe('invalid_redirect_uri')
      const changed = await send(
        'PUT',
        uriOf(made),
        { ...confidential, client_id: made.body['client_id'], redirect_uris: [uri] },
        tokenOf(made),
      )
      expect(changed.body['error']).toBe('invalid_redirect_uri')
      const id = host.serve('/own.json', { redirect_uris: [uri] })
      await server.ctx.storage.clientDocuments.forget(id)
      await expect(server.ctx.documents.resolve(id)).rejects.toMatchObject({ code: 'INVALID' })
    }
    expect((await redirectingTo('http://localhost:1/cb')).status).toBe(201)
  })
})

describe('a limit of new clients', () => {
  const publicClient = { client_name: 'Agent', redirect_uris: [redirectUri] }
  const restart = async (config: Record<string, unknown>): Promise<void> => {
    await server.stop()
    server = await startTestServer({ config })
  }

  test('that a stranger used up keeps nobody from registering again as what is there', async () => {
    await restart({ registration: { newClientsInAll: 3 } })
    const first = await register(publicClient)
    for (let n = 0; n < 2; n += 1) expect((await register(confidential)).status).toBe(201)
    expect((await register(confidential)).status).toBe(429)
    const again = await register(publicClient)
    expect(again.status).toBe(201)
    expect(again.body['client_id']).toBe(first.body['client_id'])
    for (let n = 0; n < 5; n += 1) await register({ ...publicClient, client_name: `${n}` })
    expect((await register(publicClient)).status).toBe(201)
  })

  test('counts an equal client once, of fifty registrations at the same time', async () => {
    await restart({ registration: { newClientsInAll: 60, newClientsPerAddress: 60 } })
    const answers = await Promise.all(Array.from({ length: 50 }, () => register(publicClient)))
    expect(new Set(answers.map(({ body }) => body['client_id'])).size).toBe(1)
    for (let n = 0; n < 59; n += 1) {
      expect((await register({ ...publicClient, client_name: `${n}` })).status).toBe(201)
    }
    expect((await register(confidential)).status).toBe(429)
  })

  test('of one address leaves others theirs', async () => {
    await restart({ trustProxy: true, registration: { newClientsPerAddress: 1 } })
    const from = async (address: string): Promise<number> => {
      const { status } = await fetch(`${server.issuer}/oauth2/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify(confidential),
      })
      return status
    }
    expect(await from('192.0.2.1')).toBe(201)
    expect(await from('192.0.2.1')).toBe(429)
    expect(await from('192.0.2.1:4711')).toBe(429)
    expect(await from('192.0.2.2:4711')).toBe(201)
  })
})

describe('keys that a client brings itself', () => {
  const withKeys = (keys: readonly unknown[], further: Record<string, unknown> = {}) =>
    register({
      ...confidential,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys },
      ...further,
    })

  test('are public, of a kind that is taken, and can be read', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const key of [
      ec.privateKey.export({ format: 'jwk' }),
      rsa.export({ format: 'jwk' }),
      { kty: 'oct', k: 'c2VjcmV0' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'EC' },
      {},
    ]) {
      const answer = await withKeys([key])
      expect(answer.status, JSON.stringify(key)).toBe(400)
      expect(answer.body['error']).toBe('invalid_client_metadata')
    }
  })

  test.each(['none', 'HS256', 'PS256', 'x'])('never sign with %s', async (alg) => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const answer = await withKeys([await exportJWK(publicKey)], {
      token_endpoint_auth_signing_alg: alg,
    })
    expect(answer.status).toBe(400)
  })

  test.each<[string, unknown]>([
    ['a broken key', { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] }],
    [
      'a weak key',
      {
        keys: [
          generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
        ],
      },
    ],
    ['text', { keys: 'x' }],
    ['no key', { keys: [null] }],
    ['a list', []],
    ['nothing', null],
  ])('refuse the client, and break nothing, when their address holds %s', async (_what, keys) => {
    const id = host.serve('/client.json', {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: host.url('/keys'),
    })
    const documents = host.handler.bind(host)
    host.handler = (request, response) => {
      if (request.url !== '/keys') return documents(request, response)
      response.end(JSON.stringify(keys))
      return undefined
    }
    for (const alg of ['ES256', 'RS256'] as const) {
      const { privateKey } = await generateKeyPair(alg)
      const now = Math.floor(Date.now() / 1000)
      const client_assertion = await new SignJWT({ jti: randomUUID(), iat: now, exp: now + 60 })
        .setProtectedHeader({ alg })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(server.issuer)
        .sign(privateKey)
      for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
        const answer = await postForm(path, {
          ...{ grant_type: 'refresh_token', refresh_token: 'x', token: 'a.b.c' },
          ...{ client_assertion, client_assertion_type: assertionType },
        })
        expect([400, 401], `${path} ${alg}`).toContain(answer.status)
      }
    }
    expect(host.requests.some((request) => request.startsWith('/keys '))).toBe(true)
  })
})

describe('a document on the web', () => {
  const pageFor = async (clientId: string) => {
    const { url } = await authorizationUrl(server, { client: { client_id: clientId } })
    return new Browser(server.issuer).open(url)
  }
  const restart = async (config: Record<string, unknown>): Promise<void> => {
    await server.stop()
    server = await startTestServer({ config: { outbound: host.outbound, ...config } })
    await addResource(server)
  }

  test.each([
    [
      'a dot at the end of the host',
      (url: URL) => `https://${url.hostname}.:${url.port}${url.pathname}`,
    ],
    ['capitals', (url: URL) => `https://${url.hostname.toUpperCase()}:${url.port}${url.pathname}`],
    ['an escaped letter', (url: URL) => `https://%64ocs.example:${url.port}${url.pathname}`],
    ['a zero before the port', (url: URL) => `https://${url.hostname}:0${url.port}${url.pathname}`],
    ['more slashes', (url: URL) => `https:////${url.host}${url.pathname}`],
    ['a user', (url: URL) => `https://x@${url.host}${url.pathname}`],
    ['an empty user', (url: URL) => `https://@${url.host}${url.pathname}`],
    ['another path', (url: URL) => `https://${url.host}/other.json`],
    ['another query', (url: URL) => `https://${url.host}/client.json?x`],
  ])('of a host that was denied is not taken with %s', async (_what, spell) => {
    const plain = host.serve('/client.json')
    const spelt = spell(new URL(plain))
    host.handler = (_request, response) =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ...publicDocument, client_id: spelt }))
    await server.ctx.revocation.denyClientHost(new URL(plain).host, 'usr_admin')
    expect((await pageFor(spelt)).status).toBe(400)
    expect(host.requests).toEqual([])
  })

  test('of a host that was denied as a whole is not taken at another port', async () => {
    const plain = host.serve('/client.json')
    await server.ctx.revocation.denyClientHost(new URL(plain).hostname, 'usr_admin')
    expect((await pageFor(plain)).status).toBe(400)
    expect(host.requests).toEqual([])
  })

  test.each(['text/html', 'text/plain; charset=utf-8', 'image/png', ''])(
    'is not what somebody uploaded to a host as %j',
    async (type) => {
      const id = host.url('/uploads/1')
      host.handler = (_request, response) => {
        if (type !== '') response.setHeader('content-type', type)
        response.end(JSON.stringify({ ...publicDocument, client_id: id }))
      }
      expect((await pageFor(id)).status).toBe(400)
    },
  )

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/oauth-client+json',
  ])('is what its host calls %s', async (type) => {
    const id = host.url('/client.json')
    host.handler = (_request, response) => {
      response.setHeader('content-type', type)
      response.end(JSON.stringify({ ...publicDocument, client_id: id }))
    }
    expect((await pageFor(id)).status).toBe(200)
  })

  test('is fetched for nobody who asks beside the sign-in more often than there', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `n${n}.example`)
    await restart({ outbound: { ...host.outbound, privateHosts: names } })
    for (const [n, name] of names.entries()) {
      await postForm(['/oauth2/revoke', '/oauth2/introspect'][n % 2]!, {
        client_id: `https://${name}:${host.port}/client.json`,
        token: 'a.b.c',
      })
    }
    expect(host.connections()).toBe(30)
  })

  test('is trusted by its own host, whatever stands around the name', async () => {
    await restart({ registration: { trust: 'allow-list', allowedHosts: ['*.trusted.example'] } })
    for (const id of [
      `https://trusted.example.evil.example/c`,
      `https://evil.example/x.trusted.example`,
      `https://evil.example?x.trusted.example`,
      `https://eviltrusted.example/c`,
      `https://trusted.example/c`,
      `https://x.trusted.example:444/c`,
      `https://x.trusted.example@evil.example/c`,
      `https://evil.example\\.trusted.example/c`,
      `https://evil.example%2f.trusted.example/c`,
      `https://x.trusted.example%2eevil.example/c`,
      `https://xn--x-.trusted.example.evil.example/c`,
    ]) {
      expect((await pageFor(id)).status, id).toBe(400)
    }
    expect(host.connections()).toBe(0)
  })
})

describe('a client that registered itself', () => {
  const notes = 'http://127.0.0.1:9000/mcp'

  test.each([
    ['an unknown scope', { scope: 'nothing', resource: notes }, 'invalid_scope'],
    ['scopes of no resource', { scope: 'nothing' }, 'invalid_target'],
    ['a silent request', { prompt: 'none' }, 'login_required'],
    ['no PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['another response mode', { response_mode: 'form_post' }, 'unsupported_response_mode'],
  ])(
    'sends nobody to its address by %s, without a word from the person',
    async (_what, parameters, error) => {
      const { body } = await register({ redirect_uris: [web] })
      const { url } = await authorizationUrl(server, {
        client: { client_id: String(body['client_id']) },
        parameters: { redirect_uri: web, ...parameters },
      })
      const page = await new Browser(server.issuer).open(url)
      expect(page.headers.get('location')).toBeNull()
      expect(page.headers.get('refresh')).toBeNull()
      expect(page.text).not.toContain('http-equiv="refresh"')
      expect(page.text).toContain('phish.example')
      expect(page.text).toContain(error)
    },
  )
})
