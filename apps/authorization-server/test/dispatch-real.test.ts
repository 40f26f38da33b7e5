import { execFileSync } from 'node:child_process'
import { createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { type CredentialPins, seal, toBase64url, utf8, verifyKeySet } from '@holdfast/protocol'
import { jwkThumbprint } from '@holdfast/protocol/token'
import type { User } from '@holdfast/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startUpstream, type Upstream } from '../../../test/helpers/upstream.ts'
import { restoreCredential } from '../src/connections/restore.ts'
import { sha256Base64url } from '../src/dispatch/node-crypto.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  apiToken,
  type Bound,
  callApi,
  callDispatch,
  directToken,
  issueToken,
  makeUser,
  type Reply,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

const apiKey = 'hunter2-of-the-upstream'
const policy = { methods: ['*'], paths: ['/**'], resources: ['*'] }
const writeScope = 'connections:read connections:write'

let upstream: Upstream
let enclave: RealEnclave
let app: VaultApp
let ann: User
let annApi: Bound

interface Reservation {
  readonly handle: string
  readonly upload: { readonly nonce: string }
}

const reserve = async (api: Bound, changes: object = {}): Promise<Reservation> => {
  const reply = await callApi(app, api, 'POST', '/v1/connections', {
    provider: 'github',
    base_url: upstream.url,
    policy,
    ...changes,
  })
  expect(reply.status, reply.text).toBe(201)
  return reply.json
}

async function sealFor(
  { handle, upload }: Reservation,
  owner: string,
  changes: { pins?: CredentialPins; hosts?: string[]; baseUrl?: string; key?: string } = {},
): Promise<object> {
  const published = await send(app, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
  const { key } = await verifyKeySet(published.json, { nowSeconds: Math.floor(Date.now() / 1000) })
  const sealed = await seal(key, {
    header: {
      credential: { kind: 'bearer' },
      base_url: changes.baseUrl ?? upstream.url,
      binding: {
        handle: handle as never,
        owner,
        provider: 'github',
        allowed_hosts: changes.hosts ?? [`localhost:${upstream.port}`],
        upload_nonce: upload.nonce,
        created_at: Math.floor(Date.now() / 1000),
        pins: changes.pins ?? {},
      },
    },
    secrets: { token: utf8(changes.key ?? apiKey) },
  })
  return {
    form: sealed.form,
    kid: sealed.kid,
    sealed: toBase64url(sealed.sealed),
    upload_nonce: upload.nonce,
  }
}

const put = (api: Bound, handle: string, body: object): Promise<Reply> =>
  callApi(app, api, 'PUT', `/v1/connections/${handle}/credential`, body)

/** A connection with its credential sealed, and a token that names it. */
async function connected(changes: object = {}, pins: CredentialPins = {}) {
  const reservation = await reserve(annApi, changes)
  const stored = await put(annApi, reservation.handle, await sealFor(reservation, ann.id, { pins }))
  expect(stored.status, stored.text).toBe(200)
  const { handle } = reservation
  return { handle, caller: await directToken(app, ann.id, { github: handle }) }
}

const call = (handle: string, path = '/user', rest: object = {}) => ({
  connection_handle: handle,
  request: { method: 'GET', path, ...rest },
})

const editor = `
  const { DatabaseSync } = require('node:sqlite')
  const [file, sql, ...values] = process.argv.slice(1)
  const database = new DatabaseSync(file)
  database.exec('pragma busy_timeout = 5000')
  const { changes } = database.prepare(sql).run(...values)
  if (changes !== 1) throw new Error('changed ' + changes + ' rows')
`

/**
 * Edits the database as somebody who stole or owns it does: from another process, because two SQLite
 * libraries in one process undo each other's locks.
 */
function edit(sql: string, ...values: string[]): void {
  execFileSync(process.execPath, ['--no-warnings', '-e', editor, app.database, sql, ...values])
}

let seenBefore = 0
const seen = () => upstream.seen.slice(seenBefore)

beforeAll(async () => {
  upstream = await startUpstream({ apiKey })
  enclave = await startRealEnclave({
    upstreams: [`localhost:${upstream.port}`, 'localhost:9'],
    caPem: upstream.caPem,
  })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  ann = await makeUser(app, 'ann')
  annApi = await apiToken(app, ann.id, writeScope)
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
  await upstream?.close()
})
beforeEach(() => {
  seenBefore = upstream.seen.length
})

describe('the main job', () => {
  test('a sealed credential reaches the upstream, and nobody else sees it', async () => {
    const { handle, caller } = await connected()
    const reply = await callDispatch(app, caller, call(handle))
    expect(reply.json, reply.text).toMatchObject({
      success: true,
      response: { status: 200, body: { login: 'octo' } },
    })
    expect(seen().map(({ authorized, path }) => [authorized, path])).toEqual([[true, '/user']])
    const shown = await callApi(app, annApi, 'GET', `/v1/connections/${handle}`)
    for (const text of [reply.text, shown.text, app.logged()]) expect(text).not.toContain(apiKey)
    expect(shown.json).toMatchObject({ status: 'active', kind: 'bearer', record_version: 1 })
  })

  test.each([
    ['/scalar', '42', undefined],
    ['/empty', null, undefined],
    ['/status/404', expect.anything(), undefined],
    ['/bytes/64', expect.any(String), 'base64'],
  ])('an upstream answer of %s is a success', async (path, body, encoding) => {
    const { handle, caller } = await connected()
    const { json } = await callDispatch(app, caller, call(handle, path))
    expect(json.success).toBe(true)
    if (path !== '/status/404') expect(json.response.body).toEqual(body)
    expect(json.response.body_encoding).toBe(encoding)
    expect(Object.keys(json.response.headers)).not.toContain('set-cookie')
  })

  test('an upstream that echoes the credential finds it scrubbed', async () => {
    const { handle, caller } = await connected()
    const reply = await callDispatch(app, caller, call(handle, '/echo-headers'))
    expect(reply.json.success).toBe(true)
    expect(reply.text).not.toContain(apiKey)
    expect(reply.text).not.toContain(Buffer.from(apiKey).toString('base64'))
  })

  test('the owner can test a connection without a dispatch token', async () => {
    const { handle } = await connected({ policy: { ...policy, paths: ['/user'] } })
    const tested = await callApi(app, annApi, 'POST', `/v1/connections/${handle}/test`, {})
    expect(tested.json).toMatchObject({ success: true, response: { status: 200 } })
    expect(seen().map(({ path }) => path)).toEqual(['/user'])
    const refused = await callApi(app, annApi, 'POST', `/v1/connections/${handle}/test`, {
      path: '/other',
    })
    expect(refused.json).toMatchObject({ success: false, error: { code: 'BAD_REQUEST' } })
  })
})

describe('an upload', () => {
  test('is taken once per nonce, also when many arrive at once', async () => {
    const reservation = await reserve(annApi)
    const bodies = await Promise.all(Array.from({ length: 8 }, () => sealFor(reservation, ann.id)))
    const replies = await Promise.all(bodies.map((body) => put(annApi, reservation.handle, body)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { json } of replies.filter(({ status }) => status !== 200)) {
      expect(['UPLOAD_NONCE_INVALID', 'CONNECTION_CHANGED']).toContain(json.code)
    }
    const late = await put(annApi, reservation.handle, await sealFor(reservation, ann.id))
    expect(late.json.code).toBe('UPLOAD_NONCE_INVALID')
  })

  test('is refused after the reservation expired', async () => {
    const reservation = await reserve(annApi)
    const body = await sealFor(reservation, ann.id)
    edit(
      'update connections set upload_expires_at_ms = ? where handle = ?',
      '1',
      reservation.handle,
    )
    expect((await put(annApi, reservation.handle, body)).json.code).toBe('UPLOAD_NONCE_INVALID')
  })

  test.each<[string, (reservation: Reservation) => Promise<object>]>([
    ['another owner', (reservation) => sealFor(reservation, 'usr_mallory')],
    [
      'another handle',
      (reservation) => sealFor({ ...reservation, handle: 'ddls:conn:other-github' }, ann.id),
    ],
    [
      'other hosts',
      (reservation) =>
        sealFor(reservation, ann.id, {
          hosts: ['evil.example'],
          baseUrl: 'https://evil.example',
        }),
    ],
    [
      'another nonce',
      async (reservation) => ({
        ...(await sealFor({ ...reservation, upload: { nonce: 'x'.repeat(43) } }, ann.id)),
        upload_nonce: reservation.upload.nonce,
      }),
    ],
    [
      'another enclave',
      async (reservation) => ({
        form: 'sealed-box',
        sealed: toBase64url(crypto.getRandomValues(new Uint8Array(200))),
        upload_nonce: reservation.upload.nonce,
      }),
    ],
  ])('that is sealed for %s is refused, and the reservation stays open', async (_, make) => {
    const reservation = await reserve(annApi)
    const refused = await put(annApi, reservation.handle, await make(reservation))
    expect(refused.status, refused.text).toBe(422)
    expect(refused.json).toMatchObject({ code: 'CREDENTIAL_REFUSED', fix: expect.any(String) })
    const right = await put(annApi, reservation.handle, await sealFor(reservation, ann.id))
    expect(right.status, right.text).toBe(200)
  })

  test('for the same handle replaces the credential, and the old one works until then', async () => {
    const { handle, caller } = await connected()
    const again = await callApi(app, annApi, 'POST', `/v1/connections/${handle}/upload`)
    expect(again.status, again.text).toBe(201)
    expect((await callDispatch(app, caller, call(handle))).json.response.status).toBe(200)
    await put(annApi, handle, await sealFor(again.json, ann.id, { key: 'a-wrong-key' }))
    const reply = await callDispatch(app, caller, call(handle))
    expect(reply.json).toMatchObject({ success: true, response: { status: 401 } })
    const shown = await callApi(app, annApi, 'GET', `/v1/connections/${handle}`)
    expect(shown.json.record_version).toBe(2)
  })
})

describe('an upload of a Dedalus client', () => {
  /** `0x01 | RSA-OAEP(AES key) | nonce | AES-256-GCM ciphertext | tag`, as dedalus-labs makes it. */
  async function dedalusEnvelope(credential: object): Promise<string> {
    const jwks = await send(app, 'GET', '/.well-known/jwks.json', {})
    const jwk = jwks.json.keys.find((key: { kty: string; use: string }) => key.use === 'enc')
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(3072)
    const aesKey = randomBytes(32)
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', aesKey, nonce)
    const ciphertext = cipher.update(JSON.stringify(credential))
    const parts = [
      Buffer.of(1),
      publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, aesKey),
      nonce,
      ciphertext,
      cipher.final(),
      cipher.getAuthTag(),
    ]
    return Buffer.concat(parts).toString('base64url')
  }
  const credential = {
    type: 'api_key',
    api_key: apiKey,
    header_name: 'Authorization',
    header_template: 'Bearer {api_key}',
    provider_metadata: null,
  }

  test('is bound to its reservation and works', async () => {
    const { handle, upload } = await reserve(annApi)
    const stored = await put(annApi, handle, {
      form: 'dedalus-v1',
      sealed: await dedalusEnvelope(credential),
      upload_nonce: upload.nonce,
    })
    expect(stored.json, stored.text).toMatchObject({ status: 'active', kind: 'api_key' })
    const caller = await directToken(app, ann.id, { github: handle })
    expect((await callDispatch(app, caller, call(handle))).json.response.status).toBe(200)
    expect(seen().map(({ authorized }) => authorized)).toEqual([true])
  })

  test('is good for one upload: an old one opens for nobody else, nor for its owner again', async () => {
    const sealed = await dedalusEnvelope(credential)
    const first = await reserve(annApi)
    const upload = (nonce: string) => ({ form: 'dedalus-v1', sealed, upload_nonce: nonce })
    expect((await put(annApi, first.handle, upload(first.upload.nonce))).status).toBe(200)
    const mallory = await makeUser(app, 'mallory')
    for (const thief of [await apiToken(app, mallory.id, writeScope), annApi]) {
      const { handle, upload: opened } = await reserve(thief)
      const refused = await put(thief, handle, upload(opened.nonce))
      expect(refused.json).toMatchObject({ code: 'CREDENTIAL_REFUSED' })
      expect(refused.json.detail).toContain('uploaded before')
    }
  })

  test('for another host than the reserved one, or without its nonce, is refused', async () => {
    const { handle, upload } = await reserve(annApi)
    const elsewhere = { ...credential, provider_metadata: { base_url: 'https://evil.example' } }
    const refused = await put(annApi, handle, {
      form: 'dedalus-v1',
      sealed: await dedalusEnvelope(elsewhere),
      upload_nonce: upload.nonce,
    })
    expect(refused.json).toMatchObject({ code: 'CREDENTIAL_REFUSED' })
    const guessed = await put(annApi, handle, {
      form: 'dedalus-v1',
      sealed: await dedalusEnvelope(credential),
      upload_nonce: 'x'.repeat(43),
    })
    expect(guessed.json).toMatchObject({ code: 'UPLOAD_NONCE_INVALID' })
  })
})

describe('a policy change', () => {
  test('is bound into the record and holds at once', async () => {
    const { handle, caller } = await connected()
    const changed = await callApi(app, annApi, 'PATCH', `/v1/connections/${handle}`, {
      label: 'work',
      policy: { methods: ['GET'], paths: ['/text'], resources: ['*'] },
    })
    expect(changed.json, changed.text).toMatchObject({ label: 'work', record_version: 2 })
    expect((await callDispatch(app, caller, call(handle))).json.error.code).toBe('BAD_REQUEST')
    expect((await callDispatch(app, caller, call(handle, '/text'))).json.success).toBe(true)
    expect(seen().map(({ path }) => path)).toEqual(['/text'])
  })
})

test('a credential that is restored brings its key and its base URL back', async () => {
  const { handle, caller } = await connected()
  const { storage } = app.context
  const former = (await storage.connections.find(handle))!
  const { json } = await callApi(app, annApi, 'POST', `/v1/connections/${handle}/upload`)
  const wrong = await sealFor({ handle, upload: json.upload }, ann.id, {
    ...{ key: 'the-wrong-one', baseUrl: `${upstream.url}/elsewhere` },
  })
  const uploaded = await put(annApi, handle, wrong)
  expect(uploaded.status, uploaded.text).toBe(200)
  expect((await storage.connections.find(handle))?.baseUrl).toBe(`${upstream.url}/elsewhere`)
  const actor = { sub: ann.id, clientId: 'holdfast-cli', requestId: 'req_test' }
  const version = uploaded.json.record_version as number
  expect(await restoreCredential(app.context, actor, former, version)).toBe(true)
  expect((await storage.connections.find(handle))?.baseUrl).toBe(former.baseUrl)
  expect((await callDispatch(app, caller, call(handle))).json.response.status).toBe(200)
  expect(seen().map(({ path }) => path)).toEqual(['/user'])
})

describe('pins sealed with the credential', () => {
  test('hold although the policy allows more', async () => {
    const { handle, caller } = await connected({}, { paths: ['/user'] })
    expect((await callDispatch(app, caller, call(handle))).json.success).toBe(true)
    const refused = await callDispatch(app, caller, call(handle, '/text'))
    expect(refused.json.error.code).toBe('BAD_REQUEST')
    expect(seen().map(({ path }) => path)).toEqual(['/user'])
  })

  test('of keys are proved to the enclave itself, and removing them from the database helps nobody', async () => {
    const key = await directToken(app, ann.id, {})
    const jkt = await jwkThumbprint(key.key.publicJwk, sha256Base64url)
    const { handle, caller } = await connected({}, { dpop_jkts: [jkt] })
    const refused = await callDispatch(app, caller, call(handle))
    expect(refused.json.error.code).toBe('BAD_REQUEST')
    const token = await issueToken(app, {
      sub: ann.id,
      aud: `${app.issuer}/dispatch`,
      scope: 'dispatch',
      connections: { github: handle },
      key: key.key,
    })
    const allowed = await callDispatch(app, { token, key: key.key }, call(handle))
    expect(allowed.json, allowed.text).toMatchObject({ success: true })
    edit(`update connections set summary = '{"pins":{}}' where handle = ?`, handle)
    expect((await callDispatch(app, caller, call(handle))).json.error.code).toBe('BAD_REQUEST')
    expect(seen()).toHaveLength(1)
  })
})

describe('who edits the database', () => {
  const open = { methods: ['*'], paths: ['/**'], resources: ['*'] }
  test.each<[string, (handle: string, mallory: string) => void]>([
    ['the owner', (h, m) => edit('update connections set owner = ? where handle = ?', m, h)],
    [
      'the version',
      (h) => edit('update connections set record_version = record_version + 1 where handle = ?', h),
    ],
    [
      'the allowed hosts',
      (h) => edit(`update connections set allowed_hosts = '["evil.example"]' where handle = ?`, h),
    ],
    [
      'the policy',
      (h) => edit('update connections set policy = ? where handle = ?', JSON.stringify(open), h),
    ],
    [
      'the policy to nonsense',
      (h) => edit(`update connections set policy = '{}' where handle = ?`, h),
    ],
    ['the provider', (h) => edit(`update connections set provider = 'gitlab' where handle = ?`, h)],
  ])('cannot use a credential by changing %s', async (what, change) => {
    const only = { methods: ['GET'], paths: ['/user'], resources: ['*'] }
    const { handle, caller } = await connected({ policy: only })
    const mallory = await makeUser(app, `mallory-${what.replaceAll(' ', '-')}`)
    change(handle, mallory.id)
    const thief =
      what === 'the owner' ? await directToken(app, mallory.id, { github: handle }) : caller
    const reply = await callDispatch(app, thief, call(handle))
    expect(reply.json, reply.text).toMatchObject({ error: { code: 'DECRYPTION_FAILED' } })
    expect(seen()).toEqual([])
  })

  test('cannot use a credential by moving its record to another handle', async () => {
    const { handle } = await connected()
    const mallory = await makeUser(app, 'mallory-moves')
    const api = await apiToken(app, mallory.id, writeScope)
    const reservation = await reserve(api)
    await put(api, reservation.handle, await sealFor(reservation, mallory.id, { key: 'her-own' }))
    edit(
      'update connections set record = (select record from connections where handle = ?) where handle = ?',
      handle,
      reservation.handle,
    )
    const thief = await directToken(app, mallory.id, { github: reservation.handle })
    const reply = await callDispatch(app, thief, call(reservation.handle))
    expect(reply.json).toMatchObject({ error: { code: 'DECRYPTION_FAILED' } })
    edit('update connections set handle = ? where handle = ?', 'ddls:conn:moved-x', handle)
    const moved = await directToken(app, ann.id, { github: 'ddls:conn:moved-x' })
    const second = await callDispatch(app, moved, call('ddls:conn:moved-x'))
    expect(second.json).toMatchObject({ error: { code: 'DECRYPTION_FAILED' } })
    expect(seen()).toEqual([])
  })

  test('cannot send a credential elsewhere by changing the base URL', async () => {
    const { handle, caller } = await connected()
    edit(`update connections set base_url = 'https://evil.example' where handle = ?`, handle)
    await callDispatch(app, caller, call(handle))
    expect(seen().map(({ headers }) => headers['host'])).toEqual([`localhost:${upstream.port}`])
  })
})

describe('an upstream that fails', () => {
  test('to answer in time is DOWNSTREAM_TIMEOUT', async () => {
    const { handle, caller } = await connected()
    const slow = call(handle, '/slow?ms=20000', { timeout_ms: 1000 })
    const reply = await callDispatch(app, caller, slow)
    expect(reply.json.error, reply.text).toMatchObject({
      code: 'DOWNSTREAM_TIMEOUT',
      retryable: true,
    })
    // One that must not happen twice may have happened.
    const posted = await callDispatch(app, caller, {
      ...slow,
      request: { ...slow.request, method: 'POST' },
    })
    expect(posted.json.error).toMatchObject({ code: 'DOWNSTREAM_TIMEOUT', retryable: false })
  })

  test.each([
    ['GET', true],
    ['POST', false],
  ])('to complete its answer: for %s retryable is %s', async (method, retryable) => {
    const { handle, caller } = await connected()
    const reply = await callDispatch(app, caller, call(handle, '/hang-up', { method }))
    expect(reply.json.error).toMatchObject({ code: 'DOWNSTREAM_UNREACHABLE', retryable })
  })

  test('to be there is DOWNSTREAM_UNREACHABLE', async () => {
    const elsewhere = 'https://localhost:9'
    const reservation = await reserve(annApi, { base_url: elsewhere })
    const body = await sealFor(reservation, ann.id, { hosts: ['localhost:9'], baseUrl: elsewhere })
    expect((await put(annApi, reservation.handle, body)).status).toBe(200)
    const caller = await directToken(app, ann.id, { github: reservation.handle })
    for (const method of ['GET', 'POST']) {
      const request = call(reservation.handle, '/user', { method })
      const reply = await callDispatch(app, caller, request)
      expect(reply.json.error).toMatchObject({ code: 'DOWNSTREAM_UNREACHABLE', retryable: true })
    }
  })
})

describe('the enclave', () => {
  const patient = { timeout: 20_000 }

  test('that died makes dispatches fail at once, and is used again when it is back', async () => {
    const { handle, caller } = await connected()
    await enclave.kill()
    const reply = await callDispatch(app, caller, call(handle))
    expect(reply.status).toBe(200)
    expect(reply.json.error).toMatchObject({ code: 'ENCLAVE_UNAVAILABLE', retryable: true })
    expect((await send(app, 'GET', '/healthz', {})).json).toEqual({ status: 'degraded' })
    const reservation = await reserve(annApi)
    const refused = await put(annApi, reservation.handle, {
      form: 'sealed-box',
      sealed: 'AAAA',
      upload_nonce: reservation.upload.nonce,
    })
    expect([refused.status, refused.json.code]).toEqual([503, 'ENCLAVE_UNAVAILABLE'])
    await enclave.restart()
    let again = await callDispatch(app, caller, call(handle))
    while (!again.json.success) {
      expect(again.json.error.code).toBe('ENCLAVE_UNAVAILABLE')
      again = await callDispatch(app, caller, call(handle))
    }
    expect((await send(app, 'GET', '/healthz', {})).json).toEqual({ status: 'ok' })
  })

  test.each([
    ['GET', true],
    ['PUT', true],
    ['DELETE', true],
    ['POST', false],
    ['PATCH', false],
  ])('that dies with a %s under way: retryable is %s', async (method, retryable) => {
    const { handle, caller } = await connected()
    const before = upstream.seen.length
    const running = callDispatch(app, caller, call(handle, '/slow?ms=20000', { method }))
    await expect.poll(() => upstream.seen.length, patient).toBe(before + 1)
    await enclave.restart()
    const reply = await running
    expect(reply.json.error).toMatchObject({ code: 'ENCLAVE_UNAVAILABLE', retryable })
    expect(reply.json.error.message).toContain('may have been carried out')
    await expect
      .poll(async () => (await callDispatch(app, caller, call(handle))).json.success, patient)
      .toBe(true)
  })

  test('that hangs makes dispatches fail long before their own time is over', async () => {
    const { handle, caller } = await connected()
    enclave.freeze()
    try {
      const reply = await callDispatch(app, caller, call(handle, '/user', { timeout_ms: 300_000 }))
      expect(reply.json.error).toMatchObject({ code: 'ENCLAVE_UNAVAILABLE', retryable: true })
    } finally {
      enclave.thaw()
    }
  })
})
