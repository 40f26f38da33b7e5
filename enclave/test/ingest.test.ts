import { constants, createPrivateKey, createPublicKey, publicEncrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import sodium from 'libsodium-wrappers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConnectionHandle, type RecordContext } from '@holdfast/protocol'
import type { IngestHead } from '@holdfast/protocol/enclave'
import { ingest } from '../src/ingest.ts'
import type { EncryptionKeyPair } from '../src/keyring-state.ts'
import { openDedalusEnvelope, openSealedBox } from '../src/open.ts'
import { openRecord } from '../src/vault-record.ts'
import {
  contextFor,
  createKeyring,
  type SealInput,
  sealFor,
  type TestKeyring,
  uploadNonce,
} from './helpers/rig.ts'

const host = 'api.example.com'
const context = contextFor(host)
const credential = { kind: 'bearer' } as const
const secrets = { token: 'the-secret-token' }

let state: TestKeyring
beforeAll(async () => {
  state = await createKeyring()
})
afterAll(() => state.remove())

const headFor = (part: Partial<IngestHead> = {}): IngestHead => ({
  form: 'sealed-box',
  upload_nonce: uploadNonce,
  context,
  base_url: `https://${host}`,
  ...part,
})

async function upload(input: Partial<SealInput>, head: Partial<IngestHead> = {}): Promise<unknown> {
  const { kid, sealed } = await sealFor(state.keyring, { context, credential, secrets, ...input })
  return ingest(state.keyring, headFor({ kid, ...head }), sealed, 0)
}

describe('ingest of a sealed box', () => {
  it('returns a record that opens and tells what may be known', async () => {
    const pins = { methods: ['GET' as const], dpop_jkts: ['j'.repeat(43)] }
    const { kid, sealed } = await sealFor(state.keyring, { context, credential, secrets, pins })
    const { result, record } = await ingest(state.keyring, headFor({ kid }), sealed, 0)
    expect(result).toEqual({
      kind: 'bearer',
      base_url: `https://${host}`,
      allowed_hosts: [host],
      pins,
    })
    const { envelope } = openRecord(state.keyring, context, record)
    expect(Buffer.from(envelope.secrets['token'] ?? []).toString()).toBe('the-secret-token')
    const withoutKid = await ingest(state.keyring, headFor(), sealed, 0)
    expect(withoutKid.result).toEqual(result)
  })

  const bindings: [string, Partial<RecordContext>, string][] = [
    [
      'handle',
      { handle: parseConnectionHandle('ddls:conn:01J0000000000000000000000B-test') },
      'BINDING_MISMATCH',
    ],
    ['owner', { owner: 'usr_2' }, 'BINDING_MISMATCH'],
    ['provider', { provider: 'other' }, 'BINDING_MISMATCH'],
    ['set of hosts', { allowed_hosts: [host, 'evil.example'] }, 'HOST_NOT_ALLOWED'],
    ['host', { allowed_hosts: ['evil.example'] }, 'HOST_NOT_ALLOWED'],
  ]
  it.each(bindings)('refuses one sealed for another %s', async (_what, part, code) => {
    await expect(upload({}, { context: { ...context, ...part } })).rejects.toMatchObject({ code })
  })

  it('refuses one sealed for another upload', async () => {
    await expect(upload({ nonce: 'another-nonce-000' })).rejects.toMatchObject({
      code: 'UPLOAD_NONCE_MISMATCH',
    })
  })

  it('refuses a base URL outside the allowed hosts, or that is none', async () => {
    const at = (baseUrl: string): Promise<unknown> => upload({ baseUrl })
    await expect(at('https://evil.example')).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' })
    await expect(at(`https://${host}:8443`)).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' })
    await expect(at(`http://${host}`)).rejects.toMatchObject({ code: 'INVALID_ENVELOPE' })
    await expect(at('https://user:pw@api.example.com')).rejects.toMatchObject({
      code: 'INVALID_ENVELOPE',
    })
  })

  it('refuses hosts that are not in canonical form', async () => {
    for (const odd of ['API.example.com', 'api.example.com.', 'api.example.com:443', 'a b', '']) {
      const bound = { ...context, allowed_hosts: [host, odd] }
      const attempt =
        odd === ''
          ? Promise.reject(Object.assign(new Error(), { code: 'HOST_NOT_ALLOWED' }))
          : upload({ context: bound }, { context: bound })
      await expect(attempt).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' })
    }
  })

  it('refuses credentials that could never be sent', async () => {
    const refused = { code: 'INVALID_ENVELOPE' }
    for (const header_name of [
      'Host',
      'content-length',
      'Transfer-Encoding',
      'proxy-authorization',
      'Connection',
    ]) {
      const kind = { kind: 'api_key', header_name, header_template: '{api_key}' } as const
      await expect(
        upload({ credential: kind, secrets: { api_key: 'secret' } }),
      ).rejects.toMatchObject(refused)
    }
    await expect(upload({ secrets: { token: 'a\u0001b' } })).rejects.toMatchObject(refused)
    await expect(
      upload({ credential: { kind: 'basic' }, secrets: { username: 'a:b', password: 'x' } }),
    ).rejects.toMatchObject(refused)
  })

  it('refuses a box for another enclave, one that was changed or cut, and a wrong key id', async () => {
    const other = await createKeyring()
    const foreign = await sealFor(other.keyring, { context, credential, secrets })
    await other.remove()
    const { kid, sealed } = await sealFor(state.keyring, { context, credential, secrets })
    const changed = Buffer.from(sealed)
    changed[40] = (changed[40] ?? 0) ^ 1
    const boxes = [
      foreign.sealed,
      changed,
      sealed.subarray(0, -1),
      sealed.subarray(0, 20),
      new Uint8Array(),
    ]
    for (const box of boxes) {
      for (const head of [headFor({ kid }), headFor()]) {
        await expect(ingest(state.keyring, head, box, 0)).rejects.toMatchObject({
          code: 'WRONG_KEY',
        })
      }
    }
    await expect(
      ingest(state.keyring, headFor({ kid: 'unknown' }), sealed, 0),
    ).rejects.toMatchObject({
      code: 'WRONG_KEY',
    })
  })

  it('never puts the secret into an error', async () => {
    const failures = await Promise.all(
      [
        upload({ nonce: 'another-nonce-000' }),
        upload({ baseUrl: 'https://evil.example' }),
        upload({ secrets: { token: 'the-secret-token\u0001' } }),
      ].map((attempt) => attempt.catch((error: unknown) => error)),
    )
    for (const failure of failures) {
      expect(
        `${String(failure)}${(failure as Error).stack}${JSON.stringify(failure)}`,
      ).not.toContain('the-secret-token')
    }
  })
})

describe('a sealed box of a Dedalus client', () => {
  const path = '../../packages/protocol/test/vectors/dedalus-wire.json'
  const { sealed_box: box } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
    sealed_box: Record<string, string>
  }
  const open = (sealed = ''): string => {
    const pair = sodium.crypto_box_seed_keypair(Buffer.from(box['seed_hex'] ?? '', 'hex'))
    const key = { ...pair, kid: 'k', notBefore: 0, expiresAt: 1 }
    return Buffer.from(openSealedBox(Buffer.from(sealed, 'base64url'), [key], 'k')).toString()
  }

  it('opens', () => {
    expect(open(box['sealed_b64url'])).toBe(box['plaintext_utf8'])
  })

  it('does not open after one bit of it has changed', () => {
    const refusal = expect.objectContaining({ code: 'WRONG_KEY' }) as Error
    expect(() => open(box['tampered_b64url'])).toThrow(refusal)
  })
})

interface DedalusVectors {
  readonly enc_keys: Record<string, { kty: string; kid: string; n: string; e: string; d: string }>
  readonly envelopes: readonly {
    id: string
    key: string
    envelope: string
    expect: string
    plaintext_utf8?: string
  }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors/dedalus-v1.json', import.meta.url), 'utf8'),
) as DedalusVectors

const keyOf = (name: string): EncryptionKeyPair => {
  const jwk = vectors.enc_keys[name] as DedalusVectors['enc_keys'][string]
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  return {
    kid: jwk.kid,
    n: jwk.n,
    e: jwk.e,
    privateKey: key.export({ type: 'pkcs8', format: 'der' }),
  }
}
const keys = ['2048', '3072'].map(keyOf)

describe('Dedalus envelopes', () => {
  it.each(vectors.envelopes)('$id: $expect', ({ key, envelope, plaintext_utf8: plaintext }) => {
    const bytes = Buffer.from(envelope, 'base64url')
    const open = (kid?: string): string =>
      Buffer.from(openDedalusEnvelope(bytes, keys, kid)).toString()
    if (plaintext === undefined) {
      expect(() => open()).toThrow(expect.objectContaining({ name: 'EnclaveError' }) as Error)
      return
    }
    expect(open()).toBe(plaintext)
    expect(open(`enc-${key}`)).toBe(plaintext)
    const other = key === '2048' ? 'enc-3072' : 'enc-2048'
    expect(() => open(other)).toThrow(expect.objectContaining({ name: 'EnclaveError' }) as Error)
  })

  it('refuses the legacy form, other versions, and anything cut short', () => {
    const [first] = vectors.envelopes
    const bytes = Buffer.from(first?.envelope ?? '', 'base64url')
    const refusal = (part: Buffer, code: string): void =>
      expect(() => openDedalusEnvelope(part, keys, undefined)).toThrow(
        expect.objectContaining({ code }) as Error,
      )
    refusal(bytes.subarray(1, 257), 'INVALID_ENVELOPE')
    refusal(Buffer.concat([Buffer.from([2]), bytes.subarray(1)]), 'INVALID_ENVELOPE')
    refusal(bytes.subarray(0, 200), 'WRONG_KEY')
    refusal(bytes.subarray(0, 257 + 12 + 16), 'WRONG_KEY')
    refusal(bytes.subarray(0, -1), 'WRONG_KEY')
  })

  async function uploadPlain(
    plaintext: unknown,
    part: Partial<RecordContext> = {},
  ): Promise<unknown> {
    const [key] = await state.keyring.encryptionKeys()
    const publicJwk = { kty: 'RSA', n: key?.n ?? '', e: key?.e ?? '' }
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt'])
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const text = Buffer.from(typeof plaintext === 'string' ? plaintext : JSON.stringify(plaintext))
    const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, text)
    const wrapped = publicEncrypt(
      {
        key: createPublicKey({ key: publicJwk, format: 'jwk' }),
        oaepHash: 'sha256',
        padding: constants.RSA_PKCS1_OAEP_PADDING,
      },
      Buffer.from(await crypto.subtle.exportKey('raw', aes)),
    )
    const envelope = Buffer.concat([Buffer.from([1]), wrapped, iv, Buffer.from(box)])
    const bound = { ...context, ...part }
    const { result, record } = await ingest(
      state.keyring,
      headFor({ form: 'dedalus-v1', context: bound }),
      envelope,
      77,
    )
    const { envelope: opened } = openRecord(state.keyring, bound, record)
    return {
      result,
      header: opened.header,
      secrets: Object.fromEntries(
        Object.entries(opened.secrets).map(([name, bytes]) => [
          name,
          Buffer.from(bytes).toString(),
        ]),
      ),
    }
  }

  const apiKey = {
    type: 'api_key',
    api_key: 'secret$&',
    header_name: 'X-Key',
    header_template: 'K {api_key}',
    provider_metadata: { base_url: `https://${host}/v1` },
  }

  it('are bound to what the upload says', async () => {
    expect(await uploadPlain(apiKey)).toMatchObject({
      result: { kind: 'api_key', base_url: `https://${host}/v1`, allowed_hosts: [host], pins: {} },
      header: {
        credential: { kind: 'api_key', header_name: 'X-Key', header_template: 'K {api_key}' },
        binding: {
          handle: context.handle,
          owner: 'usr_1',
          upload_nonce: uploadNonce,
          created_at: 77,
        },
      },
      secrets: { api_key: 'secret$&' },
    })
    expect(await uploadPlain({ ...apiKey, provider_metadata: null })).toMatchObject({
      result: { base_url: `https://${host}` },
    })
    const oauth = {
      type: 'oauth2',
      access_token: 'ya29',
      token_type: 'bearer',
      provider_metadata: null,
    }
    expect(await uploadPlain(oauth)).toMatchObject({
      result: { kind: 'bearer' },
      secrets: { token: 'ya29' },
    })
    expect(await uploadPlain({ ...oauth, token_type: 'MAC' })).toMatchObject({
      header: { credential: { header_name: 'Authorization', header_template: 'MAC {api_key}' } },
    })
  })

  it('are refused when their host is not the connection’s, or their content is not a credential', async () => {
    await expect(
      uploadPlain({ ...apiKey, provider_metadata: { base_url: 'https://evil.example' } }),
    ).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' })
    const invalid = [
      '',
      'nonsense',
      '[]',
      '{"key":"bare values"}',
      { ...apiKey, api_key: '' },
      { ...apiKey, api_key: 'a\r\nb' },
      { ...apiKey, header_name: 'a b' },
      { ...apiKey, header_template: 'none' },
      { ...apiKey, header_name: 'Host' },
      { type: 'oauth2', access_token: 'x', token_type: 'a\r\nb', provider_metadata: null },
    ]
    for (const plaintext of invalid) {
      const failure = await uploadPlain(plaintext).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: plaintext === '' ? 'WRONG_KEY' : 'INVALID_ENVELOPE' })
      expect(String(failure)).not.toContain('secret$&')
    }
  })
})
