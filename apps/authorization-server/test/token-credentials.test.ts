import { generateKeyPairSync } from 'node:crypto'
import type { CredentialKind } from '@holdfast/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { edit } from './helpers/edit-database.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  callerFor,
  type Caller,
  clientCredentials,
  connectSealed,
  allowAll,
  appCredential,
  uploadSealed,
  makePerson,
} from './helpers/token-connections.ts'
import {
  serviceAccount,
  startTokenProvider,
  type TokenProvider,
  type Trick,
} from './helpers/token-provider.ts'
import {
  callApi,
  callDispatch,
  type Reply,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let ann: Caller

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  ann = await callerFor(app, await makePerson(app, 'ann'))
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
afterEach(() => {
  provider.trick = undefined
})

const me = (handle: string, rest: object = {}) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me', ...rest },
})

const connectClient = () =>
  connectSealed(app, ann, provider, clientCredentials(provider), {
    client_secret: provider.client.secret,
  })

describe('client credentials', () => {
  test('the first call gets a token, the next ones use it, and nobody outside sees it', async () => {
    const { handle, caller } = await connectClient()
    const first = await callDispatch(app, caller, me(handle))
    expect(first.json, first.text).toMatchObject({ success: true, response: { status: 200 } })
    expect(first.json.response.body).toEqual({ account: 'octo', echo: '[redacted by holdfast]' })
    const before = provider.asked['client_credentials']
    const second = await callDispatch(app, caller, me(handle))
    expect(second.json.success).toBe(true)
    expect(provider.asked['client_credentials']).toBe(before)
  })

  test('many first calls at once make one token', async () => {
    const { handle, caller } = await connectClient()
    const before = provider.asked['client_credentials'] ?? 0
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => callDispatch(app, caller, me(handle))),
    )
    expect(replies.map(({ json }) => json.success)).toEqual(Array(12).fill(true))
    expect(provider.asked['client_credentials']).toBe(before + 1)
  })
})

const jwtBearer = (): CredentialKind => ({
  ...serviceAccount(provider),
  revocation_endpoint: `${provider.url}/service/revoke`,
  key_id: 'key-1',
})

const githubApp = (): CredentialKind => ({
  kind: 'github_app',
  api_url: provider.url,
  app_id: 'app-5',
  installation_id: '77',
})

const statusOf = async (handle: string): Promise<string> =>
  (await callApi(app, ann.api, 'GET', `/v1/connections/${handle}`)).json.status

const auditOf = async (handle: string) =>
  (await app.context.storage.audit.read({ limit: 1000 })).filter(
    ({ connection }) => connection === handle,
  )

describe('service accounts', () => {
  test('a JWT assertion that the provider verifies becomes a token; revoking ends it there', async () => {
    const { handle, caller } = await connectSealed(app, ann, provider, jwtBearer(), {
      private_key: provider.privateKeyPem,
    })
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json, reply.text).toMatchObject({ success: true, response: { status: 200 } })
    const ended = provider.ended.length
    await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    await expect.poll(() => provider.ended.length).toBe(ended + 1)
    expect(provider.ended.at(-1)).toMatch(/^svc_/)
    expect((await callDispatch(app, caller, me(handle))).json.error.code).toBe('CONNECTION_REVOKED')
  })

  test('a GitHub App signs in as itself and gets an installation token; revoking ends it there', async () => {
    const { handle, caller } = await connectSealed(app, ann, provider, githubApp(), {
      private_key: provider.privateKeyPem,
    })
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json, reply.text).toMatchObject({ success: true, response: { status: 200 } })
    await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
    await expect.poll(() => provider.ended.at(-1)).toMatch(/^ghs_/)
  })

  test('a key that the provider does not know needs a new one, which the owner uploads to the same handle', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const wrong = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const { handle, caller } = await connectSealed(app, ann, provider, jwtBearer(), {
      private_key: wrong,
    })
    const refused = await callDispatch(app, caller, me(handle))
    expect(refused.json.error).toMatchObject({ code: 'DOWNSTREAM_AUTH_FAILURE', retryable: false })
    expect(await statusOf(handle)).toBe('needs_reconnect')
    const asked = provider.asked['urn:ietf:params:oauth:grant-type:jwt-bearer']
    expect((await callDispatch(app, caller, me(handle))).json.error.code).toBe(
      'DOWNSTREAM_AUTH_FAILURE',
    )
    expect(provider.asked['urn:ietf:params:oauth:grant-type:jwt-bearer']).toBe(asked)
    const events = (await auditOf(handle)).map(({ type }) => type)
    expect(events.filter((type) => type === 'connection.needs_reconnect')).toHaveLength(1)

    const reopened = await callApi(app, ann.api, 'POST', `/v1/connections/${handle}/upload`)
    await uploadSealed(app, ann, reopened.json, provider, jwtBearer(), {
      private_key: provider.privateKeyPem,
    })
    expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
    expect(await statusOf(handle)).toBe('active')
  })

  test('GitHub’s 403 of a limit is no end of the installation; one without is', async () => {
    const { handle, caller } = await connectSealed(app, ann, provider, githubApp(), {
      private_key: provider.privateKeyPem,
    })
    const refuse =
      (headers: Record<string, string>): Trick =>
      (request, response) => {
        if (!request.url?.startsWith('/app/')) return false
        response.writeHead(403, headers).end('{}')
        return true
      }
    provider.trick = refuse({ 'retry-after': '2' })
    const limited = await callDispatch(app, caller, me(handle))
    expect(limited.json.error.code).toBe('DOWNSTREAM_RATE_LIMITED')
    expect(await statusOf(handle)).toBe('active')
    app.advance(3000)
    provider.trick = refuse({})
    await callDispatch(app, caller, me(handle))
    expect(await statusOf(handle)).toBe('needs_reconnect')
  })

  test.each([
    ['a key of another kind', {}, generateKeyPairSync('ed25519').privateKey],
    ['a key that is too short', {}, generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
  ])('%s is refused at upload', async (_name, _changes, key) => {
    const pem = key.export({ type: 'pkcs8', format: 'pem' })
    expect((await tryUpload(jwtBearer(), { private_key: pem })).json.code).toBe(
      'CREDENTIAL_REFUSED',
    )
  })
})

async function tryUpload(
  credential: CredentialKind,
  secrets: Record<string, string>,
): Promise<Reply> {
  const reserved = await callApi(app, ann.api, 'POST', '/v1/connections', {
    provider: 'local',
    base_url: provider.url,
    policy: allowAll,
  })
  return uploadSealed(app, ann, reserved.json, provider, credential, secrets)
}

describe('what a client may seal', () => {
  const issued = { generation: 'A'.repeat(22), expires_at_ms: null, scopes: [] }

  test.each([
    [
      'a finished authorization',
      () => ({
        kind: 'oauth2' as const,
        app: 'ddls:conn:01J0000000000000000000000A-local' as never,
        client_id: 'x',
        token_endpoint: `${provider.url}/token`,
      }),
      { access_token: 'stolen-elsewhere' },
    ],
    [
      'a token that the enclave did not make',
      () => ({ ...clientCredentials(provider), issued }) as CredentialKind,
      { client_secret: 'x', access_token: 'y' },
    ],
    [
      'a token in a header that HTTP needs itself',
      () =>
        ({
          ...clientCredentials(provider),
          header: { name: 'content-length', template: '{access_token}' },
        }) as CredentialKind,
      { client_secret: 'x' },
    ],
    [
      'an OAuth app in the place of a credential',
      () => appCredential(provider),
      { client_secret: 'x' },
    ],
  ])('%s is refused', async (_name, credential, secrets) => {
    const reply = await tryUpload(credential(), secrets)
    expect(reply.json.code, reply.text).toBe('CREDENTIAL_REFUSED')
  })

  test.each([
    'http://localhost/token',
    'https://user:pw@localhost/token',
    'https://localhost/token#x',
    'token',
  ])('the token endpoint %s is refused', async (token_endpoint) => {
    await expect(
      tryUpload({ ...clientCredentials(provider), token_endpoint } as CredentialKind, {
        client_secret: 'x',
      }),
    ).rejects.toThrow('token_endpoint')
  })
})

describe('a token endpoint that does not do its work', () => {
  const answer =
    (status: number, type: string, body: string, headers: Record<string, string> = {}): Trick =>
    (request, response) => {
      if (!request.url?.startsWith('/token')) return false
      response.writeHead(status, { 'content-type': type, ...headers })
      response.end(body)
      return true
    }

  test.each([
    ['HTML', answer(200, 'text/html', '<h1>Sign in</h1>'), 'DOWNSTREAM_UNREACHABLE'],
    ['a failure', answer(500, 'text/plain', 'no'), 'DOWNSTREAM_UNREACHABLE'],
    ['too much', answer(200, 'application/json', ' '.repeat(200_000)), 'DOWNSTREAM_UNREACHABLE'],
    ['nothing that is a token', answer(200, 'application/json', '{}'), 'DOWNSTREAM_UNREACHABLE'],
    [
      'a token that is no header value',
      answer(200, 'application/json', '{"access_token":"a\\r\\nx-evil: 1","token_type":"bearer"}'),
      'DOWNSTREAM_UNREACHABLE',
    ],
    ['a plea to slow down', answer(429, 'text/plain', ''), 'DOWNSTREAM_RATE_LIMITED'],
    [
      'the same, as GitHub says it',
      answer(403, 'application/json', '{}', { 'x-ratelimit-remaining': '0' }),
      'DOWNSTREAM_RATE_LIMITED',
    ],
    [
      'a redirect',
      answer(307, 'text/plain', '', { location: 'https://evil.example/token' }),
      'DOWNSTREAM_AUTH_FAILURE',
    ],
    [
      'an error of ours to mend',
      answer(400, 'application/json', '{"error":"invalid_scope"}'),
      'DOWNSTREAM_AUTH_FAILURE',
    ],
  ])('%s: %#', async (_name, trick, code) => {
    const { handle, caller } = await connectClient()
    provider.trick = trick
    const asked = provider.asked['client_credentials'] ?? 0
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.error.code, reply.text).toBe(code)
    expect(await statusOf(handle)).toBe('active')
    // It cools down: calls right after do not ask again.
    expect((await callDispatch(app, caller, me(handle))).json.success).toBe(false)
    expect(provider.asked['client_credentials']).toBe(asked + 1)
    provider.trick = undefined
    app.advance(3000)
    expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
  })

  test('errors are told with status 200 too; a revoked client secret needs a new one', async () => {
    const { handle, caller } = await connectClient()
    provider.trick = answer(200, 'application/json', '{"error":"invalid_client"}')
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.error.code).toBe('DOWNSTREAM_AUTH_FAILURE')
    expect(await statusOf(handle)).toBe('needs_reconnect')
  })

  test('more scopes than a record holds cost neither the answer nor its token', async () => {
    const { handle, caller } = await connectClient()
    provider.trick = answer(
      200,
      'application/json',
      JSON.stringify({
        access_token: 'not-known-to-the-api',
        token_type: 'bearer',
        scope: Array.from({ length: 200 }, (_, at) => `${at}${'x'.repeat(500)}`).join(' '),
      }),
    )
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json, reply.text).toMatchObject({ success: true, response: { status: 401 } })
  })

  test('an answer that never ends is given up', { timeout: 40_000 }, async () => {
    const { handle, caller } = await connectClient()
    provider.trick = (request, response) => {
      if (!request.url?.startsWith('/token')) return false
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{')
      return true
    }
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.error).toMatchObject({ code: 'DOWNSTREAM_TIMEOUT', retryable: true })
  })
})

describe('a token that the API does not take', () => {
  test('is renewed once and the call made again; a call with effects is not', async () => {
    const { handle, caller } = await connectClient()
    await callDispatch(app, caller, me(handle))
    provider.forgetAccessTokens()
    const asked = provider.asked['client_credentials'] ?? 0
    const reply = await callDispatch(app, caller, me(handle))
    expect(reply.json.response.status, reply.text).toBe(200)
    expect(provider.asked['client_credentials']).toBe(asked + 1)

    const other = await connectClient()
    await callDispatch(app, other.caller, me(other.handle))
    provider.forgetAccessTokens()
    const post = await callDispatch(
      app,
      other.caller,
      me(other.handle, { method: 'POST', path: '/api/things', body: {} }),
    )
    expect(post.json.response.status).toBe(401)
    expect(provider.asked['client_credentials']).toBe(asked + 2)
  })

  test('an API that always refuses does not make us ask its provider each time', async () => {
    const { handle, caller } = await connectClient()
    provider.trick = (request, response) => {
      if (!request.url?.startsWith('/api')) return false
      response.writeHead(401).end()
      return true
    }
    const asked = provider.asked['client_credentials'] ?? 0
    for (let call = 0; call < 4; call++) {
      expect((await callDispatch(app, caller, me(handle))).json.response.status).toBe(401)
    }
    expect(provider.asked['client_credentials']).toBe(asked + 2)
  })
})

describe('the database in other hands', () => {
  test('a record of another connection, or other hosts, open nothing at the token endpoint', async () => {
    const a = await connectClient()
    const b = await connectClient()
    const asked = provider.asked['client_credentials'] ?? 0
    edit(
      app,
      `update connections set record = (select record from connections where handle = '${a.handle}') where handle = ?`,
      b.handle,
    )
    expect((await callDispatch(app, b.caller, me(b.handle))).json.error.code).toBe(
      'DECRYPTION_FAILED',
    )
    edit(
      app,
      `update connections set allowed_hosts = '["evil.example"]' where handle = ?`,
      a.handle,
    )
    expect((await callDispatch(app, a.caller, me(a.handle))).json.error.code).toBe(
      'DECRYPTION_FAILED',
    )
    expect(provider.asked['client_credentials'] ?? 0).toBe(asked)
  })
})
