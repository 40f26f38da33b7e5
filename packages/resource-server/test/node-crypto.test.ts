import { webVerifySignature } from '@holdfast/protocol/token'
import fc from 'fast-check'
import { CompactSign, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { nodeVerifySignature } from '../src/node.ts'

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
