import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { auditHeadSignedBytes, verifyIdentitySignature, verifyKeySet } from '@holdfast/protocol'
import { AuditHeadSigner } from '../src/audit-head.ts'
import { identityOf, publishKeys, signedKeySet } from '../src/key-set.ts'
import { ingest } from '../src/ingest.ts'
import { contextFor, createKeyring, sealFor, type TestKeyring, uploadNonce } from './helpers/rig.ts'

const day = 86_400_000
const states: TestKeyring[] = []
const create = async (now?: () => number): Promise<TestKeyring> => {
  const state = await createKeyring(now)
  states.push(state)
  return state
}
afterEach(async () => {
  for (const state of states.splice(0)) await state.remove()
})

const context = contextFor('api.example.com')
const head = {
  form: 'sealed-box',
  upload_nonce: uploadNonce,
  context,
  base_url: 'https://api.example.com',
} as const
const input = { context, credential: { kind: 'bearer' }, secrets: { token: 'token' } } as const
const nowSeconds = (): number => Math.floor(Date.now() / 1000)

describe('keyring', () => {
  it('is the same after a restart, private keys included', async () => {
    const state = await create()
    const box = await sealFor(state.keyring, input)
    const before = await publishKeys(state.keyring)
    const again = await state.reopen()
    expect((await publishKeys(again)).enc_jwks).toEqual(before.enc_jwks)
    expect(identityOf(again)).toBe(before.key_set.identity)
    await ingest(again, { ...head, kid: box.kid }, box.sealed, 0)
  })

  it('does not open under another root key', async () => {
    const state = await create()
    await expect(state.reopen(Buffer.alloc(32))).rejects.toThrow('does not open with this root key')
  })

  it('keeps no private key in the clear in its file', async () => {
    const { keyring, statePath } = await create()
    const file = readFileSync(statePath)
    const [key] = keyring.sealingKeys
    expect(file.includes(key?.privateKey ?? '')).toBe(false)
    expect(file.includes(keyring.currentStorageKey.key)).toBe(false)
    expect(file.includes(keyring.identity.privateKey)).toBe(false)
  })

  it('publishes a set that clients verify, and one RSA key of 3072 bits', async () => {
    const { keyring } = await create()
    const keys = await publishKeys(keyring)
    const { identity, key } = await verifyKeySet(JSON.parse(JSON.stringify(keys.key_set)), {
      nowSeconds: nowSeconds(),
    })
    expect(identity).toBe(identityOf(keyring))
    expect(key.expires_at - key.not_before).toBe(30 * 86_400)
    expect(keys.enc_jwks).toHaveLength(1)
    expect(keys.enc_jwks[0]).toMatchObject({ kty: 'RSA', use: 'enc', alg: 'RSA-OAEP-256' })
    expect(Buffer.from(String(keys.enc_jwks[0]?.['n']), 'base64url')).toHaveLength(384)
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q)":/)
  })

  it('renews the sealing key before it expires, and opens what was sealed to the old one', async () => {
    let now = Date.now()
    const { keyring } = await create(() => now)
    const first = await sealFor(keyring, input)
    now += 19 * day
    await keyring.maintain()
    expect(keyring.sealingKeys).toHaveLength(1)
    now += 2 * day
    await keyring.maintain()
    expect(keyring.publishedSealingKeys).toHaveLength(2)
    const renewed = await verifyKeySet(signedKeySet(keyring), { nowSeconds: now / 1000 })
    expect(renewed.key.kid).not.toBe(first.kid)
    await ingest(keyring, { ...head, kid: first.kid }, first.sealed, 0)
    now += 12 * day
    await keyring.maintain()
    expect(keyring.publishedSealingKeys.map(({ kid }) => kid)).toEqual([renewed.key.kid])
    await ingest(keyring, { ...head, kid: first.kid }, first.sealed, 0)
    now += 6 * day
    await keyring.maintain()
    await expect(
      ingest(keyring, { ...head, kid: first.kid }, first.sealed, 0),
    ).rejects.toMatchObject({ code: 'WRONG_KEY' })
  })

  it('rotates the sealing key on demand', async () => {
    const state = await create()
    const first = await sealFor(state.keyring, input)
    await state.keyring.rotateSealingKey()
    const second = await sealFor(state.keyring, input)
    expect(second.kid).not.toBe(first.kid)
    const again = await state.reopen()
    for (const box of [first, second]) await ingest(again, { ...head, kid: box.kid }, box.sealed, 0)
  })

  it('drops no sealing key that an upload may need, however often it is rotated', async () => {
    let now = Date.now()
    const { keyring } = await create(() => now)
    const first = await sealFor(keyring, input)
    for (let n = 0; n < 199; n += 1) await keyring.rotateSealingKey()
    const newest = keyring.sealingKeys[0]?.kid
    await expect(keyring.rotateSealingKey()).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(keyring.sealingKeys[0]?.kid).toBe(newest)
    await ingest(keyring, { ...head, kid: first.kid }, first.sealed, 0)

    now += 8 * day
    const late = await sealFor(keyring, input)
    await keyring.rotateSealingKey()
    // Those that were shown until now, and the new one.
    expect(keyring.sealingKeys).toHaveLength(6)
    await ingest(keyring, { ...head, kid: late.kid }, late.sealed, 0)
    await expect(
      ingest(keyring, { ...head, kid: first.kid }, first.sealed, 0),
    ).rejects.toMatchObject({ code: 'WRONG_KEY' })
  })

  it('hands over to a new identity so that clients that pinned the old one follow', async () => {
    const state = await create()
    const pinned = identityOf(state.keyring)
    await state.keyring.rotateIdentity()
    await state.keyring.rotateIdentity()
    const set = signedKeySet(await state.reopen())
    const { identity } = await verifyKeySet(set, { pinned, nowSeconds: nowSeconds() })
    expect(identity).not.toBe(pinned)
    expect(set.succession).toHaveLength(2)
    const without = { ...set, succession: set.succession.slice(1) }
    await expect(verifyKeySet(without, { pinned, nowSeconds: nowSeconds() })).rejects.toMatchObject(
      { code: 'IDENTITY_CHANGED' },
    )
    const [step] = set.succession
    const forged = { ...set, succession: [{ ...step, next: set.identity }] }
    await expect(verifyKeySet(forged, { pinned, nowSeconds: nowSeconds() })).rejects.toMatchObject({
      code: 'IDENTITY_CHANGED',
    })
  })
})

describe('audit head', () => {
  const at = (seq: number, digit = 'a'): { seq: number; hash: string; time: string } => ({
    seq,
    hash: digit.repeat(64),
    time: '2026-01-01T00:00:00.000Z',
  })

  it('is signed by the identity', async () => {
    const { keyring } = await create()
    const signed = new AuditHeadSigner(keyring, () => undefined).sign(at(3))
    expect(signed.key_id).toBe(identityOf(keyring))
    expect(
      await verifyIdentitySignature(signed.key_id, auditHeadSignedBytes(at(3)), signed.signature),
    ).toBe(true)
    expect(
      await verifyIdentitySignature(signed.key_id, auditHeadSignedBytes(at(4)), signed.signature),
    ).toBe(false)
  })

  it('never goes back and never forks, also after a restart', async () => {
    const state = await create()
    const signer = new AuditHeadSigner(state.keyring, () => undefined)
    const signed = signer.sign(at(5))
    expect(signer.sign(at(5))).toBe(signed)
    const refused = expect.objectContaining({ code: 'HEAD_REFUSED' }) as Error
    expect(() => signer.sign(at(4))).toThrow(refused)
    expect(() => signer.sign(at(5, 'b'))).toThrow(refused)
    await signer.flush()
    const later = new AuditHeadSigner(await state.reopen(), () => undefined)
    expect(later.latest).toEqual(signed)
    expect(() => later.sign(at(4))).toThrow(refused)
    expect(() => later.sign(at(5, 'b'))).toThrow(refused)
    later.sign(at(6))
  })

  it('never jumps so far that no later one could be signed', async () => {
    const { keyring } = await create()
    const signer = new AuditHeadSigner(keyring, () => undefined)
    signer.sign(at(400_000_000))
    const refused = expect.objectContaining({ code: 'HEAD_REFUSED' }) as Error
    expect(() => signer.sign(at(Number.MAX_SAFE_INTEGER))).toThrow(refused)
    expect(signer.sign(at(401_000_000)).seq).toBe(401_000_000)
  })
})
