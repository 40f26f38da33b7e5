import { type DpopPublicJwk, webVerifySignature } from '@holdfast/protocol/token'
import fc from 'fast-check'
import { CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose'
import { expect, test } from 'vitest'
import { nodeImportProofKey, nodeVerifySignature } from '../src/node.ts'

const algorithms = ['ES256', 'RS256', 'EdDSA', 'Ed25519'] as const
const keys = new Map(
  await Promise.all(algorithms.map(async (alg) => [alg, await generateKeyPair(alg)] as const)),
)

const accepts = async (check: () => void | Promise<void>): Promise<boolean> => {
  try {
    await check()
    return true
  } catch {
    return false
  }
}

async function sign(alg: (typeof algorithms)[number], payload: string): Promise<string> {
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg })
    .sign(keys.get(alg)!.privateKey)
}

const changed = (jws: string, at: number, replacement: string): string =>
  jws.slice(0, at % jws.length) + replacement + jws.slice((at % jws.length) + 1)

test.each(algorithms)('%s: what one accepts the other accepts, for any payload', async (alg) => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (payload) => {
      const jws = await sign(alg, payload)
      const { publicKey } = keys.get(alg)!
      expect(await accepts(() => nodeVerifySignature(jws, publicKey, alg))).toBe(true)
      expect(await accepts(() => webVerifySignature(jws, publicKey, alg))).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test.each(algorithms)(
  '%s: nothing passes that jose refuses, however it was changed',
  async (alg) => {
    const jws = await sign(alg, '{"jti":"1"}')
    const { publicKey } = keys.get(alg)!
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom('A', 'z', '9', '-', '=', '+', '.', ' ', 'é', ''),
        async (at, replacement) => {
          const other = changed(jws, at, replacement)
          const ours = await accepts(() => nodeVerifySignature(other, publicKey, alg))
          const theirs = await accepts(() => webVerifySignature(other, publicKey, alg))
          if (ours) expect(theirs).toBe(true)
          if (other !== jws) expect(ours).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
  },
)

test('a key of another algorithm, and an unknown algorithm, are refused', async () => {
  for (const alg of algorithms) {
    const jws = await sign(alg, 'x')
    const accepted: string[] = []
    for (const [other, { publicKey }] of keys) {
      if (await accepts(() => nodeVerifySignature(jws, publicKey, other))) accepted.push(other)
      const { publicKey: own } = keys.get(alg)!
      const isSameKind = own.algorithm.name === publicKey.algorithm.name
      expect(await accepts(() => nodeVerifySignature(jws, own, other))).toBe(isSameKind)
    }
    expect(accepted).toEqual([alg])
    for (const name of ['none', 'HS256', 'toString', '__proto__']) {
      expect(await accepts(() => nodeVerifySignature(jws, keys.get(alg)!.publicKey, name))).toBe(
        false,
      )
    }
  }
})

const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const

/** The key of a proof, as its header's check hands it on. */
const publicJwk = async (alg: (typeof proofAlgorithms)[number]): Promise<DpopPublicJwk> =>
  (await exportJWK(keys.get(alg)!.publicKey)) as DpopPublicJwk

const acceptsProof = (jws: string, jwk: DpopPublicJwk, alg: string): Promise<boolean> =>
  accepts(async () => (await nodeImportProofKey(jwk, alg))(jws))

const joseAccepts = (jws: string, jwk: DpopPublicJwk, alg: string): Promise<boolean> =>
  accepts(async () => webVerifySignature(jws, await importJWK({ ...jwk }, alg), alg))

test.each(proofAlgorithms)('%s: an imported key accepts what it signed, only', async (alg) => {
  const jws = await sign(alg, '{"jti":"1"}')
  const jwk = await publicJwk(alg)
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom('A', 'z', '-', '.', 'é'), async (at, other) => {
      const forged = changed(jws, at, other)
      expect(await acceptsProof(forged, jwk, alg)).toBe(forged === jws)
    }),
  )
})

test.each(proofAlgorithms)('%s: nothing is imported that jose refuses', async (alg) => {
  const jws = await sign(alg, '{"jti":"1"}')
  const own = await publicJwk(alg)
  const coordinate = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const member = fc.constantFrom<'x' | 'y'>('x', 'y')
  const digit = fc.constantFrom('A', 'B', 'g', '_', '-', '8')
  const changedKey = fc.tuple(member, fc.nat(42), digit).map(([name, at, other]) => {
    const value = (own as { x: string; y?: string })[name]
    return value === undefined ? own : { ...own, [name]: changed(value, at, other) }
  })
  const otherKey = fc
    .tuple(coordinate, coordinate)
    .map((pair) => pair.map((bytes) => Buffer.from(bytes).toString('base64url')))
    .map(([x, y]) => (own.kty === 'EC' ? { ...own, x, y } : { ...own, x }))
  await fc.assert(
    fc.asyncProperty(fc.oneof(changedKey, otherKey), async (key) => {
      const jwk = key as DpopPublicJwk
      const imports = await accepts(async () => void (await nodeImportProofKey(jwk, alg)))
      const joseImports = await accepts(async () => void (await importJWK({ ...jwk }, alg)))
      expect(imports).toBe(joseImports)
      expect(await acceptsProof(jws, jwk, alg)).toBe(await joseAccepts(jws, jwk, alg))
    }),
    { numRuns: 300 },
  )
})

test('a key is not imported for an algorithm of other keys', async () => {
  const [ec, okp] = [await publicJwk('ES256'), await publicJwk('EdDSA')]
  for (const alg of ['EdDSA', 'Ed25519', 'RS256', 'none', '__proto__']) {
    expect(() => nodeImportProofKey(ec, alg)).toThrow('another algorithm')
  }
  for (const alg of ['ES256', 'RS256', 'none', 'toString']) {
    expect(() => nodeImportProofKey(okp, alg)).toThrow('another algorithm')
  }
})
