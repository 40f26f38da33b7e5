import { readFileSync } from 'node:fs'
import type { User } from '@holdfast/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EnclaveDouble, startEnclaveDouble } from './helpers/enclave-double.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  issueToken,
  makeUser,
  type Reply,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

interface SignedDispatch {
  readonly id: string
  readonly secret_b64: string
  readonly timestamp: string
  readonly deployment: string
  readonly body_utf8: string
  readonly signature: string
}

const { dispatches } = JSON.parse(
  readFileSync(new URL('vectors/dedalus-runner.json', import.meta.url), 'utf8'),
) as { dispatches: readonly [SignedDispatch, ...SignedDispatch[]] }

const [{ deployment, secret_b64: secret, timestamp }] = dispatches
const handle = 'ddls:conn:abc123'
const resource = 'https://mcp.example.com'

describe('a dispatch that a Dedalus client signed', () => {
  let enclave: EnclaveDouble
  let app: VaultApp
  let ann: User
  let token: string

  beforeAll(async () => {
    enclave = await startEnclaveDouble()
    app = await startVaultApp({ enclaveSocket: enclave.socket })
    ann = await makeUser(app, 'ann')
    const { connections, resources } = app.context.storage
    const upload = { nonce: 'n'.repeat(43), expiresAtMs: Date.now() + 60_000 }
    await connections.reserve({
      ...{ handle, owner: ann.id, provider: 'github', upload },
      ...{ baseUrl: 'https://api.example.com', allowedHosts: ['api.example.com'] },
      policy: { methods: ['*'], paths: ['/**'], resources: ['*'] },
    })
    const record = new Uint8Array([1])
    await connections.completeUpload(handle, upload.nonce, {
      ...{ expectedVersion: 0, version: 1, record },
    })
    await resources.create({
      ...{ resource, displayName: 'Example', scopes: [], dpop: 'preferred' },
      deployment: { id: deployment, secret: Buffer.from(secret, 'base64') },
    })
    app.advance(Number(timestamp) * 1000 - app.context.clock())
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await enclave[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    enclave.dispatches.length = 0
    token = await issueToken(app, { sub: ann.id, aud: resource, connections: { github: handle } })
  })

  const post = (
    vector: SignedDispatch,
    changes: Record<string, string> = {},
    body: string = vector.body_utf8,
  ): Promise<Reply> =>
    send(
      app,
      'POST',
      '/dispatch',
      {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-dedalus-timestamp': vector.timestamp,
        'x-dedalus-deployment': vector.deployment,
        'x-dedalus-signature': vector.signature,
        ...changes,
      },
      body,
    )

  test.each(dispatches)('$id is taken once', async (vector) => {
    const reply = await post(vector)
    expect(reply.json, reply.text).toMatchObject({ success: true })
    const { request } = JSON.parse(vector.body_utf8) as { request: { method: string } }
    expect(enclave.dispatches.map(({ head }) => head.request.method)).toEqual([request.method])
    expect((await post(vector)).text).toContain('DOWNSTREAM_RATE_LIMITED')
    expect(enclave.dispatches).toHaveLength(1)
  })

  test.each(dispatches)('$id is refused with a single byte changed', async (vector) => {
    const { body_utf8: body, signature } = vector
    const flipped = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`
    const replies = await Promise.all([
      post(vector, {}, body.replace('"timeout_ms":null', '"timeout_ms":1000')),
      post(vector, {}, `${body} `),
      post(vector, { 'x-dedalus-signature': flipped }),
      post(vector, { 'x-dedalus-signature': signature.toUpperCase() }),
      post(vector, { 'x-dedalus-timestamp': String(Number(vector.timestamp) + 1) }),
      post(vector, { 'x-dedalus-deployment': `${vector.deployment}D` }),
    ])
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 403))
    expect(enclave.dispatches).toHaveLength(0)
  })

  test('is refused five minutes before and after its time, and taken within', async () => {
    const [vector] = dispatches
    const at = async (seconds: number): Promise<number> => {
      app.advance((Number(timestamp) + seconds) * 1000 - app.context.clock())
      // Issued at that moment, so that only the signature's age differs.
      token = await issueToken(app, { sub: ann.id, aud: resource, connections: { github: handle } })
      return (await post(vector)).status
    }
    expect([await at(-302), await at(-298), await at(298), await at(302)]).toEqual([
      403, 200, 200, 403,
    ])
  })
})

describe('the key set that Dedalus clients read', () => {
  let enclave: RealEnclave
  let app: VaultApp

  beforeAll(async () => {
    enclave = await startRealEnclave({ upstreams: [], caPem: '' })
    app = await startVaultApp({ enclaveSocket: enclave.socket })
  })
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await enclave?.[Symbol.asyncDispose]()
  })

  test('holds ES256 keys that sign and an RSA key to encrypt to, all with ids, none private', async () => {
    const { json } = await send(app, 'GET', '/.well-known/jwks.json', {})
    const { keys } = json as { keys: Record<string, string>[] }
    expect(keys.map(({ use }) => use)).toEqual(['sig', 'sig', 'enc'])
    for (const key of keys) {
      expect(key).toMatchObject(
        key['use'] === 'sig'
          ? { kty: 'EC', crv: 'P-256', alg: 'ES256' }
          : { kty: 'RSA', e: 'AQAB' },
      )
      expect(key['kid']).toMatch(/\S/)
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key).not.toHaveProperty(part)
    }
    const { n = '' } = keys.find(({ use }) => use === 'enc') ?? {}
    expect(Buffer.from(n, 'base64url').length * 8).toBeGreaterThanOrEqual(3072)
  })
})
