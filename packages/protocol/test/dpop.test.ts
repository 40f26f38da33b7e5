import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createDpopProof,
  type DpopCheck,
  type DpopKey,
  type DpopPublicJwk,
  exportDpopKey,
  generateDpopKey,
  importDpopKey,
  jwkThumbprint,
  webSha256,
} from '../src/token.ts'
import { nodeSha256, proofVerifier, refusal, type TestClock, testClock } from './token-fixture.ts'

interface HashVectors {
  readonly thumbprints: ReadonlyArray<{ jwk: DpopPublicJwk; jkt: string }>
  readonly ath: ReadonlyArray<{ token: string; ath: string }>
}

const url = 'https://mcp.example/mcp'
let key: DpopKey
let other: DpopKey
beforeAll(async () => {
  key = await generateDpopKey({ extractable: true })
  other = await generateDpopKey()
})

/** A proof signed by `key` that is valid unless overridden; `undefined` removes a member. */
async function signProof(
  clock: TestClock,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  signer: CryptoKey = key.privateKey,
): Promise<string> {
  const payload: Record<string, unknown> = {
    jti: crypto.randomUUID(),
    htm: 'POST',
    htu: url,
    iat: Math.floor(clock.now() / 1000),
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { ...key.publicJwk }, ...header })
    .sign(signer)
}

const check = (proof: string, more: Partial<DpopCheck> = {}): DpopCheck => ({
  proof,
  method: 'POST',
  url,
  ...more,
})

describe('hashes', () => {
  test('agree with the published vectors', async () => {
    const file = new URL('vectors/token-hashes.json', import.meta.url)
    const vectors = JSON.parse(await readFile(file, 'utf8')) as HashVectors
    for (const { jwk, jkt } of vectors.thumbprints) {
      expect(await jwkThumbprint(jwk)).toBe(jkt)
      expect(jwkThumbprint(jwk, nodeSha256)).toBe(jkt)
    }
    for (const { token, ath } of vectors.ath) {
      expect(await webSha256(token)).toBe(ath)
      expect(nodeSha256(token)).toBe(ath)
    }
  })

  test('give the thumbprints that jose gives, for both key types', async () => {
    for (const [alg, options] of [
      ['ES256', {}],
      ['EdDSA', { crv: 'Ed25519' }],
    ] as const) {
      const pair = await generateKeyPair(alg, { ...options, extractable: true })
      const jwk = (await exportJWK(pair.publicKey)) as DpopPublicJwk
      expect(await jwkThumbprint(jwk)).toBe(await calculateJwkThumbprint({ ...jwk }))
    }
  })
})

describe('a proof that we make', () => {
  test('is accepted, with its token hash, nonce, and without the query', async () => {
    const clock = testClock()
    const proof = await createDpopProof({
      key,
      method: 'POST',
      url: `${url}?a=1#b`,
      accessToken: 'token',
      nonce: 'n-1',
      now: clock.now,
    })
    const verified = await proofVerifier(clock).verify(
      check(proof, { accessToken: 'token', nonce: 'n-1', expectedJkt: key.jkt }),
    )
    expect(verified.jkt).toBe(key.jkt)
  })

  test('can be made by a key that was stored and read back', async () => {
    const clock = testClock()
    const stored = await importDpopKey(await exportDpopKey(key))
    expect(stored.jkt).toBe(key.jkt)
    const proof = await createDpopProof({ key: stored, method: 'POST', url, now: clock.now })
    await proofVerifier(clock).verify(check(proof))
    await expect(exportDpopKey(other)).rejects.toThrow(TypeError)
    await expect(importDpopKey({ ...key.publicJwk })).rejects.toThrow(TypeError)
  })

  test('may be signed with Ed25519', async () => {
    const clock = testClock()
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const jwk = await exportJWK(pair.publicKey)
    for (const alg of ['EdDSA', 'Ed25519']) {
      const proof = await signProof(clock, {}, { alg, jwk }, pair.privateKey)
      expect((await proofVerifier(clock).verify(check(proof))).jkt).toBe(
        await calculateJwkThumbprint(jwk),
      )
    }
  })
})

describe('a wrong proof', () => {
  const clock = testClock()
  const seconds = Math.floor(clock.now() / 1000)
  const cases: ReadonlyArray<[string, Record<string, unknown>, Record<string, unknown>, string]> = [
    ['another method', { htm: 'GET' }, {}, 'the proof is for another method'],
    ['a lower-case method', { htm: 'post' }, {}, 'the proof is for another method'],
    ['no method', { htm: undefined }, {}, 'the proof is for another method'],
    ['another path', { htu: `${url}/x` }, {}, 'the proof is for another URL'],
    ['another host', { htu: 'https://evil.example/mcp' }, {}, 'the proof is for another URL'],
    ['a relative htu', { htu: '/mcp' }, {}, 'the proof is for another URL'],
    ['no htu', { htu: undefined }, {}, 'the proof has no htu'],
    ['an old iat', { iat: seconds - 61 }, {}, 'the proof is too old'],
    ['a future iat', { iat: seconds + 31 }, {}, 'the proof is of the future'],
    ['no iat', { iat: undefined }, {}, 'the proof has no iat'],
    ['an iat that is text', { iat: `${seconds}` }, {}, 'the proof has no iat'],
    ['no jti', { jti: undefined }, {}, 'the proof has no usable jti'],
    ['a huge jti', { jti: 'x'.repeat(257) }, {}, 'the proof has no usable jti'],
    ['type JWT', {}, { typ: 'JWT' }, 'the proof is not of type dpop+jwt'],
    ['an upper-case type', {}, { typ: 'DPoP+JWT' }, 'the proof is not of type dpop+jwt'],
    ['no key', {}, { jwk: undefined }, "the proof's jwk is not a public key of its alg"],
  ]
  test.each(cases)('with %s is refused', async (_name, claims, header, reason) => {
    const proof = await signProof(clock, claims, header)
    expect(await refusal(proofVerifier(clock).verify(check(proof)))).toBe(
      `invalid_dpop_proof: ${reason}`,
    )
  })

  test('that carries its private key is refused', async () => {
    const jwk = await exportDpopKey(key)
    const proof = await signProof(clock, {}, { jwk })
    expect(await refusal(proofVerifier(clock).verify(check(proof)))).toBe(
      "invalid_dpop_proof: the proof's jwk is not a public key of its alg",
    )
  })

  test('with a symmetric or absent algorithm is refused', async () => {
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const proof = await new SignJWT({ jti: 'a', htm: 'POST', htu: url, iat: seconds })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'HS256', jwk: { ...key.publicJwk } })
      .sign(secret)
    expect(await refusal(proofVerifier(clock).verify(check(proof)))).toBe(
      'invalid_dpop_proof: the proof uses an algorithm that is not allowed',
    )
  })

  test('signed by another key than it shows is refused', async () => {
    const proof = await signProof(clock, {}, { jwk: { ...other.publicJwk } })
    expect(await refusal(proofVerifier(clock).verify(check(proof)))).toBe(
      'invalid_dpop_proof: the proof has a wrong signature',
    )
  })

  test('of another key than the token names is refused', async () => {
    const proof = await signProof(clock)
    expect(
      await refusal(proofVerifier(clock).verify(check(proof, { expectedJkt: other.jkt }))),
    ).toBe('invalid_dpop_proof: the proof is signed by another key than the token names')
  })

  test('without the token hash, or with the hash of another token, is refused', async () => {
    const bare = await signProof(clock)
    expect(await refusal(proofVerifier(clock).verify(check(bare, { accessToken: 'a' })))).toBe(
      'invalid_dpop_proof: the proof has no ath',
    )
    const foreign = await signProof(clock, { ath: nodeSha256('b') })
    expect(await refusal(proofVerifier(clock).verify(check(foreign, { accessToken: 'a' })))).toBe(
      'invalid_dpop_proof: the proof is for another access token',
    )
  })

  test('without the demanded nonce asks for it', async () => {
    for (const nonce of [undefined, 'old']) {
      const proof = await signProof(clock, { nonce })
      expect(await refusal(proofVerifier(clock).verify(check(proof, { nonce: 'new' })))).toMatch(
        /^use_dpop_nonce: /,
      )
    }
  })

  test('that was used before is refused, also among fifty at once', async () => {
    const verifier = proofVerifier(clock)
    const proof = await signProof(clock)
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => verifier.verify(check(proof))),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await refusal(verifier.verify(check(proof)))).toBe(
      'invalid_dpop_proof: the proof was used before',
    )
  })

  test('with a wrong signature does not use up the jti of the right one', async () => {
    const verifier = proofVerifier(clock)
    const proof = await signProof(clock)
    const forged = `${proof.slice(0, proof.lastIndexOf('.'))}.${'A'.repeat(86)}`
    expect(await refusal(verifier.verify(check(forged)))).toMatch(/wrong signature/)
    await verifier.verify(check(proof))
  })

  test('with one changed character is refused wherever the change is', async () => {
    const verifier = proofVerifier(clock)
    const proof = await signProof(clock)
    const ends = [proof.indexOf('.') - 1, proof.lastIndexOf('.') - 1, proof.length - 1]
    const positions = fc.nat({ max: proof.length - 1 }).filter((at) => !ends.includes(at))
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.constantFrom(...'AQgw_-.09'.split('')),
        async (at, character) => {
          fc.pre(proof[at] !== character)
          const changed = proof.slice(0, at) + character + proof.slice(at + 1)
          expect(await refusal(verifier.verify(check(changed)))).toMatch(/^invalid_dpop_proof: /)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('that is arbitrary text is refused with a typed error', async () => {
    const verifier = proofVerifier(clock)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        expect(await refusal(verifier.verify(check(text)))).toMatch(
          /^invalid_dpop_proof: the proof/,
        )
      }),
      { numRuns: 200 },
    )
    expect(await refusal(verifier.verify(check('a'.repeat(9000))))).toMatch(/too long/)
  })
})
