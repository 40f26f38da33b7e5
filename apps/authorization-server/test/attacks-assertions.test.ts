import { generateKeyPairSync, hash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAuthority } from '../../../test/helpers/tls.ts'
import { freePort } from '../../../test/helpers/ports.ts'
import { createApiKey, newApiKeySchema } from '../src/api-keys/create.ts'
import { trustIssuer } from '../src/assertions/issuers.ts'
import { newIssuerSchema } from '../src/assertions/trust.ts'
import { registerClient } from '../src/registration/clients.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import { addResource, claimsOf } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const uri = 'https://issues.example/mcp'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

let server: TestServer
let host: DocumentHost
let dataDir: string
let nowMs: number
let port: number
let key: GenerateKeyPairResult
let client: { id: string; secret: string }
let keySet: unknown

const seconds = (): number => Math.floor(nowMs / 1000)
const nameOf = (path: string): string => `https://idp.example:${host.port}/${path}`

/** Starts the server on the same data under the same name. */
async function start(config: Record<string, unknown> = {}): Promise<void> {
  server = await startTestServer({
    dataDir,
    clock: () => nowMs,
    config: {
      ...{ issuer: `http://localhost:${port}`, port, outbound: host.outbound },
      rateLimits: { tokenFailuresPerAddress: 10_000 },
      ...config,
    },
  })
}

beforeEach(async () => {
  nowMs = Date.now()
  host = await startDocumentHost('idp.example')
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-assertions-'))
  port = await freePort()
  await start()
  await addResource(server, { resource: uri })
  await server.addUser('ann@example.org')
  await server.addUser('eve@example.org')
  key = await generateKeyPair('ES256', { extractable: true })
  keySet = { keys: [{ ...(await exportJWK(key.publicKey)), kid: 'one' }] }
  host.handler = (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(keySet))
  }
  const { client: made, secret = '' } = await registerClient(
    server.ctx,
    {
      client_name: 'Agent',
      grant_types: [jwtBearer, tokenExchange],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    'usr_admin',
  )
  client = { id: made.clientId, secret }
  await trust('tenant', 'ann@example.org')
})
afterEach(async () => {
  await server.stop()
  await host.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** Trusts an issuer whose every subject `u-…` is one user. */
async function trust(path: string, email: string, rules: Record<string, unknown> = {}) {
  const user = await server.ctx.storage.users.findByEmail(email)
  return trustIssuer(
    server.ctx,
    newIssuerSchema.parse({
      issuer: nameOf(path),
      trust: {
        uses: ['workload', 'id-jag', 'token-exchange'],
        audience: 'https://upstream.example/api',
        jwks_uri: host.url(`/${path}/jwks`),
        subjects: [{ subject: 'u-*', user: user?.id }],
        clients: [client.id],
        resources: [uri],
        ...rules,
      },
    }),
    'usr_admin',
  )
}

interface Wrong {
  readonly header?: Record<string, unknown>
  readonly claims?: JWTPayload
  readonly path?: string
  readonly key?: Parameters<SignJWT['sign']>[0]
}

const sign = ({ header, claims, path = 'tenant', key: other }: Wrong = {}): Promise<string> =>
  new SignJWT({
    ...{ iss: nameOf(path), sub: 'u-1', aud: server.issuer, jti: randomUUID() },
    ...{ iat: seconds(), exp: seconds() + 120, ...claims },
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
    .sign(other ?? key.privateKey)

async function token(
  body: Record<string, string>,
  basic: { readonly id: string; readonly secret: string } | undefined = client,
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers: basic && { authorization: `Basic ${btoa(`${basic.id}:${basic.secret}`)}` },
    body: new URLSearchParams(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

const redeem = (assertion: string) => token({ grant_type: jwtBearer, assertion })

describe('an assertion of a trusted issuer', () => {
  test('brings no key and no place for one with it', async () => {
    const own = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(own.publicKey)
    const place = host.url('/evil/jwks')
    for (const header of [
      { jku: place },
      { jku: place, kid: undefined },
      { jwk },
      { x5u: place },
      { x5c: [Buffer.from('x').toString('base64')] },
      { kid: place },
      { kid: '../../../../dev/null' },
      { kid: "' or 1=1 --" },
      { kid: '__proto__' },
    ]) {
      const before = host.requests.length
      const { status, body } = await redeem(await sign({ header, key: own.privateKey }))
      expect(status, JSON.stringify(header)).toBe(400)
      expect(body['error']).toBe('invalid_grant')
      const asked = host.requests.slice(before)
      expect(asked.filter((line) => line.startsWith('/evil'))).toEqual([])
    }
  })

  test('is checked by the keys of its own issuer, also where two use the same key id and subject', async () => {
    await trust('other', 'eve@example.org', { jwks: keySet, jwks_uri: undefined })
    const ours = await generateKeyPair('ES256', { extractable: true })
    keySet = { keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'one' }] }
    const subjectOf = async (wrong: Wrong): Promise<unknown> => {
      const { body } = await redeem(await sign(wrong))
      return body['access_token'] === undefined
        ? body['error']
        : claimsOf(body['access_token'])['sub']
    }
    const ann = await server.ctx.storage.users.findByEmail('ann@example.org')
    const eve = await server.ctx.storage.users.findByEmail('eve@example.org')
    expect(await subjectOf({ key: ours.privateKey })).toBe(ann?.id)
    expect(await subjectOf({ path: 'other' })).toBe(eve?.id)
    expect(await subjectOf({ path: 'other', key: ours.privateKey })).toBe('invalid_grant')
    expect(await subjectOf({ key: key.privateKey })).toBe('invalid_grant')
  })

  test('is refused once its key is gone from the place of its keys, however often it was used', async () => {
    const next = await generateKeyPair('ES256', { extractable: true })
    const [first, second] = [await sign(), await sign()]
    expect((await redeem(first)).status).toBe(200)
    expect((await redeem(second)).status).toBe(200)
    keySet = { keys: [{ ...(await exportJWK(next.publicKey)), kid: 'two' }] }
    // As long as a fetched key set is good; nothing that was made of it is good for longer.
    nowMs += 60_000
    expect((await redeem(await sign())).body['error_description']).toContain('no such key')
    const signedAnew = await sign({ header: { kid: 'two' }, key: next.privateKey })
    expect((await redeem(signedAnew)).status).toBe(200)
    // Another key under the same name is another key.
    keySet = { keys: [{ ...(await exportJWK(key.publicKey)), kid: 'two' }] }
    nowMs += 60_000
    const late = await sign({ header: { kid: 'two' }, key: next.privateKey })
    expect((await redeem(late)).body['error_description']).toContain('does not verify')
  })

  test('is refused at once when its issuer was removed, or has other keys or rules, also by another process', async () => {
    const keys = { jwks: keySet, jwks_uri: undefined }
    const other = await startTestServer({
      dataDir,
      clock: () => nowMs,
      config: { outbound: host.outbound },
    })
    try {
      for (const { storage } of [server.ctx, other.ctx]) {
        const { id } = await trust('inline', 'ann@example.org', keys)
        expect((await redeem(await sign({ path: 'inline' }))).status).toBe(200)
        await storage.trustedIssuers.remove(id, { denyUntilMs: nowMs + 60_000 })
        const orphan = await redeem(await sign({ path: 'inline' }))
        expect(orphan.body['error_description']).toContain('not trusted by this server')

        const next = await generateKeyPair('ES256', { extractable: true })
        const jwks = { keys: [{ ...(await exportJWK(next.publicKey)), kid: 'one' }] }
        const again = await trust('inline', 'eve@example.org', { ...keys, jwks })
        const old = await redeem(await sign({ path: 'inline' }))
        expect(old.body['error_description']).toContain('does not verify')
        const { body } = await redeem(await sign({ path: 'inline', key: next.privateKey }))
        const eve = await server.ctx.storage.users.findByEmail('eve@example.org')
        expect(claimsOf(body['access_token'] ?? '')['sub']).toBe(eve?.id)
        await storage.trustedIssuers.remove(again.id, { denyUntilMs: nowMs + 60_000 })
      }
    } finally {
      await other.close(500)
    }
  })

  test.each([
    ['elsewhere', 'https://elsewhere.example'],
    ['to this server and elsewhere', (own: string) => [own, 'https://elsewhere.example']],
    ['to this server with a slash', (own: string) => `${own}/`],
    ['to this server in capitals', (own: string) => own.toUpperCase()],
    ['to the place of introspection', (own: string) => `${own}/oauth2/introspect`],
    ['to what the exchanged tokens are for', 'https://upstream.example/api'],
    ['to an MCP server', uri],
    ['to nobody', undefined],
    ['to a list of nobody', []],
  ] as [string, unknown][])('that is made out %s is refused', async (_what, audience) => {
    const aud = typeof audience === 'function' ? (audience(server.issuer) as string) : audience
    const { body } = await redeem(await sign({ claims: { aud } as JWTPayload }))
    expect(body['error']).toBe('invalid_grant')
  })

  test('is used once over a restart, and over a removal of its issuer', async () => {
    const assertion = await sign()
    expect((await redeem(assertion)).status).toBe(200)
    await server.close(500)
    await start()
    expect((await redeem(assertion)).body['error_description']).toContain('used already')
    const [known] = await server.ctx.storage.trustedIssuers.list()
    await server.ctx.revocation.removeIssuer(known!.id)
    await trust('tenant', 'eve@example.org')
    expect((await redeem(assertion)).body['error_description']).toContain('used already')
  })

  test('is remembered for as long as clocks may differ', async () => {
    const assertion = await sign({ claims: { exp: seconds() + 60 } })
    expect((await redeem(assertion)).status).toBe(200)
    nowMs += 61_000
    await server.ctx.storage.sweepExpired()
    expect((await redeem(assertion)).body['error_description']).toContain('used already')
    const fresh = await sign({ claims: { iat: seconds() - 90, exp: seconds() - 29 } })
    expect((await redeem(fresh)).status).toBe(200)
    nowMs += 2000
    const late = await sign({ claims: { iat: seconds() - 90, exp: seconds() - 31 } })
    expect((await redeem(late)).body['error_description']).toContain('expired')
    expect((await redeem(fresh)).body['error_description']).toContain('expired')
  })

  test('under keys that are broken or weak is refused, and breaks nothing', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    for (const keys of [
      [weak.publicKey.export({ format: 'jwk' })],
      [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
      [{ kty: 'oct', k: 'AA' }],
      [null],
      'x',
    ]) {
      keySet = { keys }
      nowMs += 120_000
      for (const header of [{ kid: undefined }, { alg: 'RS256', kid: undefined }]) {
        const rsa = 'alg' in header ? await generateKeyPair('RS256') : undefined
        const wrong = { header, ...(rsa && { key: rsa.privateKey }) }
        const { status, body } = await redeem(await sign(wrong))
        expect([status, body['error']], JSON.stringify(keys)).toEqual([400, 'invalid_grant'])
      }
    }
  })

  test.each([
    ['the one for agents', { header: { typ: 'oauth-id-jag+jwt' } }],
    ['another spelling of that', { header: { typ: 'application/OAuth-ID-JAG+jwt' } }],
  ])('as %s names the client that brings it', async (_what, wrong) => {
    for (const clientId of [
      undefined,
      'cli_x',
      `${client.id} `,
      [client.id],
      client.id.toUpperCase(),
    ]) {
      const claims = { client_id: clientId, resource: uri } as JWTPayload
      const { body } = await redeem(await sign({ ...wrong, claims }))
      expect(body['error_description']).toContain('another client')
    }
    const right = { client_id: client.id, resource: uri }
    expect((await redeem(await sign({ ...wrong, claims: right }))).status).toBe(200)
  })
})

describe('an API key', () => {
  const make = async (input: Record<string, unknown> = {}) => {
    const owner = await server.ctx.storage.users.findByEmail('ann@example.org')
    return createApiKey(server.ctx, newApiKeySchema.parse(input), owner!.id)
  }
  const exchange = (text: string, parameters: Record<string, string> = {}) =>
    token(
      {
        grant_type: tokenExchange,
        subject_token: text,
        subject_token_type: 'urn:dedalus:api-key',
        resource: uri,
        ...parameters,
      },
      undefined,
    )

  test('of one environment is none of the other', async () => {
    const { key: live } = await make()
    const { key: test } = await make({ environment: 'test' })
    for (const [text, environment] of [
      [live, 'live'],
      [test, 'test'],
    ] as const) {
      const { body } = await exchange(text)
      expect(claimsOf(body['access_token'] ?? '')['ddls:environment']).toBe(environment)
    }
    for (const text of [
      live.replace('dsk-live-', 'dsk-test-'),
      test.replace('dsk-test-', 'dsk-live-'),
      live.replace('dsk-live-', ''),
      live.replace('dsk-live-', 'DSK-LIVE-'),
      ` ${live}`,
      `${live}\n`,
      `${live}0`,
      live.toLowerCase(),
    ]) {
      expect((await exchange(text)).body['error'], text).toBe('invalid_request')
    }
  })

  test('ends in the very millisecond that it should, and no token of it later', async () => {
    nowMs = Math.ceil(nowMs / 1000) * 1000
    const { key: text } = await make({ expires_in: 60 })
    nowMs += 59_999
    const { body: last } = await exchange(text)
    expect(last['expires_in']).toBe(1)
    const { iat, exp } = claimsOf(last['access_token'] ?? '') as { iat: number; exp: number }
    expect(exp - iat).toBe(1)
    nowMs += 1
    const late = await exchange(text)
    expect(late.body['error_description']).toContain('expired')
  })

  test('that was revoked in another process is worth nothing in the next request', async () => {
    const { key: text, record } = await make()
    const { body } = await exchange(text)
    const other = await startTestServer({ dataDir, clock: () => nowMs })
    await other.ctx.revocation.revokeApiKey(record.id)
    await other.close(500)
    expect((await exchange(text)).body['error_description']).toContain('revoked')
    await expect(server.ctx.verifyToken(body['access_token'] ?? '', {})).rejects.toThrow('revoked')
  })

  test('is found by its whole text, not by what stands in the database', async () => {
    const { key: text } = await make()
    const digest = hash('sha256', text, 'hex')
    for (const other of [digest, `dsk-live-${digest}`, hash('sha256', text, 'base64url')]) {
      expect((await exchange(other)).body['error']).toBe('invalid_request')
    }
  })
})

describe('the assertion of a client', () => {
  const own = async () => {
    const { client: made } = await registerClient(
      server.ctx,
      {
        client_name: 'Job',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...(await exportJWK(key.publicKey)), kid: 'one' }] },
      },
      'usr_admin',
    )
    return made.clientId
  }
  const send = async (path: string, client_assertion: string): Promise<number> =>
    (
      await fetch(server.issuer + path, {
        method: 'POST',
        body: new URLSearchParams({
          ...{ grant_type: 'client_credentials', resource: uri, token: 'a.b.c' },
          ...{ client_assertion, client_assertion_type: assertionType },
        }),
      })
    ).status
  const paths = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']

  test.each([
    ['another server', 'https://elsewhere.example', ''],
    ['this server and another', (issuer: string) => [issuer, 'https://elsewhere.example'], ''],
    ['the server that it was stolen from', 'https://evil.example/oauth2/token', ''],
    ['this server with a slash', (issuer: string) => `${issuer}/`, ''],
    ['nobody', undefined, ''],
  ] as [string, unknown, string][])(
    'for %s is refused at every endpoint',
    async (_what, audience) => {
      const id = await own()
      const aud = typeof audience === 'function' ? (audience(server.issuer) as unknown) : audience
      for (const path of paths) {
        const claims = { iss: id, sub: id, aud } as JWTPayload
        expect(await send(path, await sign({ claims })), path).toBe(401)
        expect(
          await send(path, await sign({ claims: { ...claims, aud: server.issuer } })),
          path,
        ).toBe(200)
      }
    },
  )

  test('is signed with a key, never with what the public key says', async () => {
    const id = await own()
    const publicKey = await exportJWK(key.publicKey)
    const claims = { iss: id, sub: id }
    const secrets = [JSON.stringify(publicKey), publicKey.x ?? '', ''].map((one) =>
      new TextEncoder().encode(one.padEnd(32, '\0')),
    )
    for (const path of paths) {
      for (const secret of secrets) {
        expect(
          await send(path, await sign({ claims, header: { alg: 'HS256' }, key: secret })),
        ).toBe(401)
      }
      const [head, body] = (await sign({ claims })).split('.')
      const none = Buffer.from('{"alg":"none","kid":"one"}').toString('base64url')
      expect(await send(path, `${none}.${body}.`)).toBe(401)
      expect(await send(path, `${head}.${body}.`)).toBe(401)
    }
  })

  test('is used once over a restart, at all endpoints together', async () => {
    const id = await own()
    const assertion = await sign({ claims: { iss: id, sub: id } })
    expect(await send('/oauth2/introspect', assertion)).toBe(200)
    await server.close(500)
    await start()
    for (const path of paths) expect(await send(path, assertion), path).toBe(401)
  })
})

describe('a certificate in a header', () => {
  const header = 'x-client-cert'
  const authority = createAuthority()
  const { certPem } = authority.issue(['job.example'], { usage: 'client' })
  const { certPem: evilPem } = authority.issue(['evil.example'], { usage: 'client' })

  /** Names that a proxy may write as the same, in the order of the lines. */
  const post = (id: string, lines: readonly (readonly [string, string])[]): Promise<number> =>
    new Promise((resolve, reject) => {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        resource: uri,
        client_id: id,
      })
      const { hostname, port } = new URL(server.issuer)
      const call = request({
        ...{ host: '127.0.0.1', port, path: '/oauth2/token', method: 'POST' },
        headers: [
          ...['Host', `${hostname}:${port}`, 'Content-Type', 'application/x-www-form-urlencoded'],
          ...['Content-Length', String(body.toString().length), ...lines.flat()],
        ],
      })
      call.on('response', (response) => {
        void text(response).then(() => resolve(response.statusCode ?? 0))
      })
      call.on('error', reject)
      call.end(body.toString())
    })

  const restart = async (config: Record<string, unknown>): Promise<void> => {
    await server.close(500)
    await start(config)
  }
  const behind = {
    trustProxy: true,
    mtls: { certificateHeader: header, verifiedHeader: 'x-client-verify' },
  }

  test('is worth nothing when two lines of it came, or a name that only looks like it', async () => {
    await restart(behind)
    const { client: made } = await registerClient(
      server.ctx,
      {
        client_name: 'Job',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_san_dns: 'job.example',
      },
      'usr_admin',
    )
    const ours = encodeURIComponent(certPem)
    const evil = encodeURIComponent(evilPem)
    const verified = ['x-client-verify', 'SUCCESS'] as const
    const id = made.clientId
    expect(await post(id, [[header, ours], verified])).toBe(200)
    for (const lines of [
      [[header, ours], [header, evil], verified],
      [[header, evil], [header, ours], verified],
      [[header, ours], [header, ours], verified],
      [[header, `${evil}, ${ours}`], verified],
      [[header.replaceAll('-', '_'), ours], verified],
      [[header, ours], verified, ['x-client-verify', 'FAILED']],
      [[header, ours], ['x-client-verify', 'FAILED'], verified],
      [
        [header, ours],
        ['x-client-verify', 'success'],
      ],
      [
        [header, ours],
        ['x-client-verify', 'FAILED:SUCCESS'],
      ],
      [[header, evil], verified],
    ] as [string, string][][]) {
      expect(await post(id, lines), JSON.stringify(lines.map(([name]) => name))).toBe(401)
    }
    // What an administrator set up before the proxy was taken away again is worth nothing without it.
    await restart({ ...behind, trustedProxies: ['192.0.2.7'] })
    expect(await post(id, [[header, ours], verified])).toBe(401)
    await restart({})
    expect(await post(id, [[header, ours], verified])).toBe(400)
  })
})
