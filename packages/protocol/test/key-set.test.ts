import { readFileSync } from 'node:fs'
import sodium, { ready } from 'libsodium-wrappers'
import { beforeAll, describe, expect, it } from 'vitest'
import { toBase64url, utf8Text } from '../src/bytes.ts'
import {
  auditHeadSignedBytes,
  identityFingerprint,
  type KeySet,
  sealingKeySignedBytes,
  successionSignedBytes,
  verifyIdentitySignature,
  verifyKeySet,
} from '../src/key-set.ts'

interface Vectors {
  readonly pinned_before: string
  readonly valid_at: number
  readonly key_set: KeySet
  readonly signed_bytes: { sealing_key: string; succession: string; audit_head: string }
  readonly audit_head: {
    seq: number
    hash: string
    time: string
    key_id: string
    signature: string
  }
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors/key-set.json', import.meta.url), 'utf8'),
) as Vectors
const { key_set: set, pinned_before, valid_at } = vectors
const at = { nowSeconds: valid_at }

beforeAll(() => ready)

const invalid = { name: 'ProtocolError', code: 'INVALID_KEY_SET' }

describe('key set vector', () => {
  it('is verified, on first use, with the new pin and across the succession', async () => {
    const expected = { identity: set.identity, key: set.keys[0] }
    expect(await verifyKeySet(set, at)).toEqual(expected)
    expect(await verifyKeySet(set, { ...at, pinned: set.identity })).toEqual(expected)
    expect(await verifyKeySet(set, { ...at, pinned: pinned_before })).toEqual(expected)
  })

  it('signs exactly these bytes', async () => {
    const [key] = set.keys as [KeySet['keys'][number]]
    const [step] = set.succession as [KeySet['succession'][number]]
    expect(utf8Text(sealingKeySignedBytes(key))).toBe(vectors.signed_bytes.sealing_key)
    expect(utf8Text(successionSignedBytes(step))).toBe(vectors.signed_bytes.succession)
    const head = vectors.audit_head
    expect(utf8Text(auditHeadSignedBytes(head))).toBe(vectors.signed_bytes.audit_head)
    expect(
      await verifyIdentitySignature(head.key_id, auditHeadSignedBytes(head), head.signature),
    ).toBe(true)
  })
})

describe('key set', () => {
  it('is refused after any change of a signed key', async () => {
    const [key] = set.keys as [KeySet['keys'][number]]
    const other = toBase64url(sodium.crypto_box_keypair().publicKey)
    for (const change of [
      { kid: 'x' },
      { public_key: other },
      { expires_at: key.expires_at + 1 },
      { not_before: 0 },
    ]) {
      await expect(
        verifyKeySet({ ...set, keys: [{ ...key, ...change }] }, at),
      ).rejects.toMatchObject(invalid)
    }
    await expect(
      verifyKeySet({ ...set, keys: [key, { ...key, kid: 'second' }] }, at),
    ).rejects.toMatchObject(invalid)
  })

  it('is refused when another identity stands behind it', async () => {
    const thief = sodium.crypto_sign_keypair()
    const [key] = set.keys as [KeySet['keys'][number]]
    const signature = toBase64url(
      sodium.crypto_sign_detached(sealingKeySignedBytes(key), thief.privateKey),
    )
    const swapped = {
      ...set,
      identity: toBase64url(thief.publicKey),
      keys: [{ ...key, signature }],
    }
    await expect(verifyKeySet(swapped, { ...at, pinned: set.identity })).rejects.toMatchObject({
      code: 'IDENTITY_CHANGED',
    })
    const step = { previous: set.identity, next: swapped.identity, at: 1 }
    const forged = toBase64url(
      sodium.crypto_sign_detached(successionSignedBytes(step), thief.privateKey),
    )
    const succession = [...set.succession, { ...step, signature: forged }]
    await expect(
      verifyKeySet({ ...swapped, succession }, { ...at, pinned: set.identity }),
    ).rejects.toMatchObject({ code: 'IDENTITY_CHANGED' })
  })

  it('does not go back to an identity that handed over', async () => {
    const back = { ...set, identity: pinned_before }
    await expect(verifyKeySet(back, { ...at, pinned: set.identity })).rejects.toMatchObject({
      code: 'IDENTITY_CHANGED',
    })
  })

  it('does not mix the signatures of different kinds of statements', async () => {
    const [step] = set.succession as [KeySet['succession'][number]]
    expect(
      await verifyIdentitySignature(
        step.previous,
        sealingKeySignedBytes(set.keys[0] as never),
        step.signature,
      ),
    ).toBe(false)
    expect(
      await verifyIdentitySignature(step.previous, successionSignedBytes(step), step.signature),
    ).toBe(true)
  })

  it('has no key outside its time, with five minutes of grace before', async () => {
    const [{ not_before, expires_at }] = set.keys as [KeySet['keys'][number]]
    for (const nowSeconds of [not_before - 301, expires_at, expires_at + 1]) {
      await expect(verifyKeySet(set, { nowSeconds })).rejects.toMatchObject({
        code: 'KEY_NOT_VALID_NOW',
      })
    }
    for (const nowSeconds of [not_before - 300, expires_at - 1]) {
      expect(await verifyKeySet(set, { nowSeconds })).toMatchObject({ identity: set.identity })
    }
  })

  it.each([
    undefined,
    null,
    'x',
    {},
    { ...set, v: 2 },
    { ...set, keys: [] },
    { ...set, identity: 'x' },
    { ...set, identity: `${set.identity}=` },
    { ...set, extra: 1 },
    { ...set, keys: [{ ...set.keys[0], alg: 'none' }] },
    { ...set, keys: [{ ...set.keys[0], signature: 'AA' }] },
  ])('is refused in a wrong form (%#)', async (value) => {
    await expect(verifyKeySet(value, at)).rejects.toMatchObject(invalid)
  })

  it('has a fingerprint that people can compare', async () => {
    const fingerprint = await identityFingerprint(set.identity)
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
    expect(await identityFingerprint(pinned_before)).not.toBe(fingerprint)
  })

  it('says no to a signature that is none', async () => {
    expect(await verifyIdentitySignature('x', new Uint8Array(), 'y')).toBe(false)
  })
})
