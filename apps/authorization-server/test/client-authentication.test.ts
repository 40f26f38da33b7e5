import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import { createAuthority } from '../../../test/helpers/tls.ts'
import { addResource, discover, insecure } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const resource = 'https://notes.example/mcp'
let server: TestServer
let as: oauth.AuthorizationServer

const start = async (config: Record<string, unknown> = {}): Promise<void> => {
  server = await startTestServer({ config })
  await addResource(server, { resource })
  as = await discover(server.issuer)
}
beforeEach(() => start())
afterEach(() => server.stop())

const machine = (input: Record<string, unknown>) =>
  registerClient(
    server.ctx,
    { client_name: 'Job', grant_types: ['client_credentials'], ...input },
    'usr_admin',
  )

const ask = (client: oauth.Client, auth: oauth.ClientAuth): Promise<Response> =>
  oauth.clientCredentialsGrantRequest(as, client, auth, { resource, scope: 'notes:read' }, insecure)

const postToken = (body: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(as.token_endpoint ?? '', {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, ...body }),
  })

describe('client_secret_basic', () => {
  test('takes secrets form-encoded as RFC 6749 wants, and as most clients send them', async () => {
    const { client, secret = '' } = await machine({
      token_endpoint_auth_method: 'client_secret_basic',
    })
    expect(secret).toMatch(/^[A-Za-z0-9_-]+$/)
    const encoded = [client.clientId, secret].map((part) =>
      [...part].map((c) => `%${c.codePointAt(0)?.toString(16).padStart(2, '0')}`).join(''),
    )
    for (const pair of [`${client.clientId}:${secret}`, encoded.join(':')]) {
      const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
      expect((await postToken({}, { authorization })).status).toBe(200)
      const introspected = await fetch(as.introspection_endpoint ?? '', {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ token: 'x' }),
      })
      expect(introspected.status).toBe(200)
    }
    const one = await ask({ client_id: client.clientId }, oauth.ClientSecretBasic(secret))
    expect(one.status).toBe(200)
  })

  test('refuses two ways at once, a wrong secret and a bare id', async () => {
    const { client, secret = '' } = await machine({
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const basic = (text: string): string =>
      `Basic ${Buffer.from(`${client.clientId}:${text}`).toString('base64')}`
    const wrong = await postToken({}, { authorization: basic('wrong') })
    expect(wrong.status).toBe(401)
    expect(await wrong.json()).toMatchObject({ error: 'invalid_client' })
    expect((await postToken({ client_id: client.clientId })).status).toBe(401)
    const both = await postToken(
      { client_id: client.clientId, client_secret: secret },
      { authorization: basic(secret) },
    )
    expect(both.status).toBe(400)
  })
})

describe('client_secret_post', () => {
  test('is taken', async () => {
    const { client, secret = '' } = await machine({
      token_endpoint_auth_method: 'client_secret_post',
    })
    expect((await ask({ client_id: client.clientId }, oauth.ClientSecretPost(secret))).status).toBe(
      200,
    )
  })
})

describe('private_key_jwt', () => {
  const keyed = async (alg: 'ES256' | 'RS256') => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg }
    const { client } = await machine({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    })
    return { id: client.clientId, privateKey, alg }
  }
  type Keyed = Awaited<ReturnType<typeof keyed>>

  const assertion = ({ id, privateKey, alg }: Keyed, claims: JWTPayload = {}): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: id,
      sub: id,
      aud: as.issuer,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
      ...claims,
    })
      .setProtectedHeader({ alg, kid: 'k1' })
      .sign(privateKey)
  }
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const send = (text: string): Promise<Response> =>
    postToken({ client_assertion: text, client_assertion_type: type })
  const introspect = (text: string): Promise<Response> =>
    fetch(as.introspection_endpoint ?? '', {
      method: 'POST',
      body: new URLSearchParams({
        token: 'x',
        client_assertion: text,
        client_assertion_type: type,
      }),
    })

  test.for(['ES256', 'RS256'] as const)('takes %s, also by oauth4webapi', async (alg) => {
    const client = await keyed(alg)
    expect((await send(await assertion(client))).status).toBe(200)
    const auth = oauth.PrivateKeyJwt({ key: client.privateKey, kid: 'k1' })
    expect((await ask({ client_id: client.id }, auth)).status).toBe(200)
    expect((await introspect(await assertion(client))).status).toBe(200)
    expect(as.token_endpoint_auth_signing_alg_values_supported).toEqual(['ES256', 'RS256'])
  })

  test('takes an assertion once, of fifty at once exactly one, and at no second endpoint', async () => {
    const client = await keyed('ES256')
    const text = await assertion(client)
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(text)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const refused = answers.find(({ status }) => status !== 200)
    expect(refused?.status).toBe(401)
    expect(await refused?.json()).toMatchObject({ error: 'invalid_client' })
    expect((await introspect(text)).status).toBe(401)
    const other = await assertion(client)
    expect((await introspect(other)).status).toBe(200)
    expect((await introspect(other)).status).toBe(401)
    expect((await send(other)).status).toBe(401)
  })

  test('refuses what is meant for others, too old, too long-lived, or of another key', async () => {
    const client = await keyed('ES256')
    const other = await keyed('ES256')
    const now = Math.floor(Date.now() / 1000)
    const wrong = [
      await assertion(client, { aud: 'https://elsewhere.example' }),
      await assertion(client, { exp: now - 300, iat: now - 400 }),
      await assertion(client, { exp: now + 3600 }),
      await assertion(client, { iss: other.id }),
      await assertion({ ...client, id: other.id }),
      await assertion(client, { jti: '' }),
      `${(await assertion(client)).split('.').slice(0, 2).join('.')}.`,
    ]
    for (const text of wrong) {
      expect((await send(text)).status).toBeGreaterThanOrEqual(400)
      expect((await introspect(text)).status).toBe(401)
    }
  })

  test('has no way round it: neither its bare id nor a secret is taken', async () => {
    const { id } = await keyed('ES256')
    const revoke = (body: Record<string, string>): Promise<Response> =>
      fetch(as.revocation_endpoint ?? '', {
        method: 'POST',
        body: new URLSearchParams({ token: 'a.b.c', client_id: id, ...body }),
      })
    expect((await postToken({ client_id: id })).status).toBe(401)
    expect((await postToken({ client_id: id, client_secret: 'x' })).status).toBe(401)
    expect((await revoke({})).status).toBe(401)
    expect((await revoke({ client_secret: 'x' })).status).toBe(401)
  })

  test('never has a key that is private, weak or of another kind', async () => {
    const bad = [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
    ]
    for (const key of bad) {
      const jwks = { keys: [key.export({ format: 'jwk' })] }
      await expect(
        machine({ token_endpoint_auth_method: 'private_key_jwt', jwks }),
      ).rejects.toMatchObject({ code: 'invalid_client_metadata' })
    }
    await expect(machine({ token_endpoint_auth_method: 'private_key_jwt' })).rejects.toThrow()
    await expect(
      machine({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://keys.example' }),
    ).rejects.toThrow(/https/)
  })

  test('does not fetch keys from an address that is not public', async () => {
    const { client } = await machine({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://127.0.0.1:9/keys',
    })
    const { privateKey } = await generateKeyPair('ES256')
    const text = await assertion({ id: client.clientId, privateKey, alg: 'ES256' })
    expect((await send(text)).status).toBe(401)
    expect((await introspect(text)).status).toBe(401)
  })
})

describe('mutual TLS', () => {
  const header = 'x-client-cert'
  const behindProxy = {
    trustProxy: true,
    mtls: { certificateHeader: header, verifiedHeader: 'x-client-verify' },
  }
  const restart = async (config: Record<string, unknown>): Promise<void> => {
    await server.stop()
    await start(config)
  }
  const authority = createAuthority()
  /** A client's certificate; whether it signed itself makes no difference to who compares it whole. */
  const selfSigned = () => {
    const { certPem: pem } = authority.issue(['job.example'], { usage: 'client' })
    const { raw: der, publicKey } = new X509Certificate(pem)
    return {
      pem,
      der,
      jwk: { ...publicKey.export({ format: 'jwk' }), x5c: [der.toString('base64')] },
    }
  }

  test('is not offered, and its header means nothing, unless a proxy is configured', async () => {
    expect(as.token_endpoint_auth_methods_supported).not.toContain('self_signed_tls_client_auth')
    const { jwk } = selfSigned()
    await expect(
      machine({ token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [jwk] } }),
    ).rejects.toThrow(/mtlsCertificateHeader/)
  })

  test('self_signed: takes the registered certificate only, as RFC 9440 or URL-encoded PEM', async () => {
    await restart(behindProxy)
    const own = selfSigned()
    const other = selfSigned()
    const { client } = await machine({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [own.jwk] },
    })
    const body = { client_id: client.clientId }
    const revoke = (headers: Record<string, string>): Promise<Response> =>
      fetch(as.revocation_endpoint ?? '', {
        method: 'POST',
        headers,
        body: new URLSearchParams({ token: 'a.b.c', ...body }),
      })
    for (const value of [`:${own.der.toString('base64')}:`, encodeURIComponent(own.pem)]) {
      expect((await postToken(body, { [header]: value })).status).toBe(200)
      expect((await revoke({ [header]: value })).status).toBe(200)
    }
    for (const value of ['', 'nonsense', `:${other.der.toString('base64')}:`]) {
      expect((await postToken(body, { [header]: value })).status).toBe(401)
      expect((await revoke({ [header]: value })).status).toBe(401)
    }
  })

  test('tls_client_auth: needs the registered name and the word of the proxy', async () => {
    await restart(behindProxy)
    const own = selfSigned()
    const certificate = `:${own.der.toString('base64')}:`
    const verified = { 'x-client-verify': 'SUCCESS' }
    for (const [property, right] of [
      ['tls_client_auth_san_dns', 'job.example'],
      ['tls_client_auth_subject_dn', 'CN=job.example'],
    ] as const) {
      const { client } = await machine({
        token_endpoint_auth_method: 'tls_client_auth',
        [property]: right,
      })
      const { client: other } = await machine({
        token_endpoint_auth_method: 'tls_client_auth',
        [property]: right.replace('job', 'other'),
      })
      const send = async (id: string, headers: Record<string, string>): Promise<number> =>
        (await postToken({ client_id: id }, { [header]: certificate, ...headers })).status
      expect(await send(client.clientId, verified)).toBe(200)
      expect(await send(client.clientId, { 'x-client-verify': 'FAILED' })).toBe(401)
      expect(await send(client.clientId, {})).toBe(401)
      expect(await send(other.clientId, verified)).toBe(401)
    }
  })

  test('the header of a caller that is no proxy of ours is not believed', async () => {
    await restart({ ...behindProxy, trustedProxies: ['10.1.2.0/24'] })
    const own = selfSigned()
    const { client } = await machine({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [own.jwk] },
    })
    const answer = await postToken(
      { client_id: client.clientId },
      { [header]: `:${own.der.toString('base64')}:` },
    )
    expect(answer.status).toBe(401)
  })
})

describe('resources of a machine client', () => {
  test('are those that it was registered for', async () => {
    await addResource(server, { resource: 'https://other.example/mcp' })
    const { client, secret = '' } = await machine({
      token_endpoint_auth_method: 'client_secret_basic',
      resources: [resource],
    })
    const auth = oauth.ClientSecretBasic(secret)
    expect((await ask({ client_id: client.clientId }, auth)).status).toBe(200)
    const elsewhere = await oauth.clientCredentialsGrantRequest(
      as,
      { client_id: client.clientId },
      auth,
      { resource: 'https://other.example/mcp' },
      insecure,
    )
    expect(elsewhere.status).toBe(400)
    expect(await elsewhere.json()).toMatchObject({ error: 'invalid_target' })
  })

  test('must be registered themselves', async () => {
    await expect(
      machine({
        token_endpoint_auth_method: 'client_secret_basic',
        resources: ['https://unknown.example/mcp'],
      }),
    ).rejects.toMatchObject({ code: 'invalid_client_metadata', pointer: '/resources/0' })
  })
})
