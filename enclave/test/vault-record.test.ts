import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeEnvelope, parseConnectionHandle, type RecordContext, utf8 } from '@holdfast/protocol'
import { rewrap } from '../src/rewrap.ts'
import { openRecord, sealRecord } from '../src/vault-record.ts'
import { contextFor, createKeyring, type TestKeyring } from './helpers/rig.ts'

const context = contextFor('api.example.com')
const encoded = encodeEnvelope({
  header: {
    credential: { kind: 'bearer' },
    base_url: 'https://api.example.com',
    binding: {
      handle: context.handle,
      owner: context.owner,
      provider: context.provider,
      allowed_hosts: context.allowed_hosts,
      upload_nonce: 'n'.repeat(16),
      created_at: 1,
      pins: {},
    },
  },
  secrets: { token: utf8('the-secret-token') },
})

let state: TestKeyring
let record: Buffer
beforeAll(async () => {
  state = await createKeyring()
  record = sealRecord(state.keyring, context, encoded)
})
afterAll(() => state.remove())

const unopenable = expect.objectContaining({
  name: 'EnclaveError',
  code: 'DECRYPTION_FAILED',
}) as Error

describe('vault record vector', () => {
  it('opens with the key and context that it names', () => {
    const path = '../../packages/protocol/test/vectors/vault-record.json'
    const vector = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
      storage_key: { version: number; key: string }
      context: RecordContext
      plaintext: string
      record: string
    }
    const { version, key } = vector.storage_key
    const storageKey = { version, key: Buffer.from(key, 'base64url') }
    const keys = { storageKey: (asked: number) => (asked === version ? storageKey : undefined) }
    const opened = openRecord(keys, vector.context, Buffer.from(vector.record, 'base64url'))
    expect(opened.plaintext.toString('base64url')).toBe(vector.plaintext)
    expect(Buffer.from(opened.envelope.secrets['token'] ?? []).toString()).toBe('ghp_TESTtoken')
  })
})

describe('vault record', () => {
  it('opens with its own context, with the secret as a view that wiping clears', () => {
    const opened = openRecord(state.keyring, context, record)
    const { token } = opened.envelope.secrets
    expect(Buffer.from(token ?? []).toString()).toBe('the-secret-token')
    opened.wipe()
    expect(token?.every((byte) => byte === 0)).toBe(true)
    expect(opened.plaintext.every((byte) => byte === 0)).toBe(true)
  })

  it('does not hold the secret in the clear, and differs each time', () => {
    expect(record.includes('the-secret-token')).toBe(false)
    expect(sealRecord(state.keyring, context, encoded).equals(record)).toBe(false)
  })

  const edits: Record<string, Partial<RecordContext>> = {
    owner: { owner: 'usr_2' },
    handle: { handle: parseConnectionHandle('ddls:conn:01J0000000000000000000000B-test') },
    version: { version: 2 },
    provider: { provider: 'other' },
    'allowed hosts': { allowed_hosts: ['evil.example.com'] },
    'one more allowed host': { allowed_hosts: ['api.example.com', 'evil.example.com'] },
    'policy methods': { policy: { ...context.policy, methods: ['GET', 'POST'] } },
    'policy paths': { policy: { ...context.policy, paths: ['/**', '/x'] } },
    'policy resources': { policy: { ...context.policy, resources: ['https://evil.example/'] } },
  }
  it.each(Object.entries(edits))('does not open after an edit of the %s', (_what, edit) => {
    expect(() => openRecord(state.keyring, { ...context, ...edit }, record)).toThrow(unopenable)
  })

  it('does not open after a change of any byte, cut or extended', () => {
    for (let index = 0; index < record.length; index++) {
      const changed = Buffer.from(record)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => openRecord(state.keyring, context, changed)).toThrow(unopenable)
    }
    for (const length of [0, 1, 4, 5, 17, 33, record.length - 1]) {
      expect(() => openRecord(state.keyring, context, record.subarray(0, length))).toThrow(
        unopenable,
      )
    }
    expect(() => openRecord(state.keyring, context, Buffer.concat([record, record]))).toThrow(
      unopenable,
    )
  })

  it('does not open with the keys of another enclave', async () => {
    const other = await createKeyring()
    expect(() => openRecord(other.keyring, context, record)).toThrow(unopenable)
    await other.remove()
  })

  it('stays readable after the storage key rotates; rewrap moves it to the new one', async () => {
    const own = await createKeyring()
    const old = sealRecord(own.keyring, context, encoded)
    await own.keyring.rotateStorageKey()
    openRecord(own.keyring, context, old)
    expect(own.keyring.currentStorageKey.version).toBe(2)
    const policy = { methods: ['GET' as const], paths: ['/user'], resources: ['*'] }
    const next = rewrap(own.keyring, { context, policy, version: 2 }, old)
    expect(next.readUInt32BE(1)).toBe(2)
    const opened = openRecord(own.keyring, { ...context, policy, version: 2 }, next)
    expect(opened.envelope.header.binding.allowed_hosts).toEqual(['api.example.com'])
    expect(() => openRecord(own.keyring, context, next)).toThrow(unopenable)
    await own.remove()
  })

  it('is not rewrapped to a version that does not follow', () => {
    const { policy } = context
    for (const version of [1, 3]) {
      expect(() => rewrap(state.keyring, { context, policy, version }, record)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }) as Error,
      )
    }
  })
})
