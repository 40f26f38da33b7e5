import { expect, test } from 'vitest'
import {
  BoundedCache,
  createAccessTokenVerifier,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  createRemoteKeySource,
} from '../src/token.ts'

// What `Number(process.env.UNSET)` gives makes every comparison false, and so every check pass.
const unusable = [Number.NaN, -1, Number.POSITIVE_INFINITY, '60' as never]

const verifier = (options: object): unknown =>
  createAccessTokenVerifier({
    issuer: 'https://as.example',
    audience: 'https://mcp.example',
    keys: createLocalKeySource(() => ({ keys: [] })),
    ...options,
  })
const proofs = (options: object): unknown =>
  createDpopVerifier({ replay: createMemoryReplayStore(), ...options })
const remoteKeys = (options: object): unknown =>
  createRemoteKeySource({ load: async () => ({ keys: [] }), ...options })

const bounds: ReadonlyArray<[string, (options: object) => unknown]> = [
  ['clockToleranceSeconds', verifier],
  ['cacheMaxAgeSeconds', verifier],
  ['cacheSize', verifier],
  ['maxAgeSeconds', proofs],
  ['clockToleranceSeconds', proofs],
  ['keyCacheSize', proofs],
  ['maxAgeMs', remoteKeys],
  ['maxStaleMs', remoteKeys],
  ['cooldownMs', remoteKeys],
  ['maxEntries', createMemoryReplayStore],
  ['bucketMs', createMemoryReplayStore],
]

test.each(bounds)('%s is a number within its range', (name, make) => {
  for (const value of unusable) expect(() => make({ [name]: value })).toThrow(RangeError)
  expect(() => make({ [name]: 60 })).not.toThrow()
  expect(() => make({ [name]: undefined })).not.toThrow()
})

test('the time that a token lasts beyond its end is five minutes at most', () => {
  expect(() => verifier({ clockToleranceSeconds: 301 })).toThrow(
    'clockToleranceSeconds must be 0 to 300',
  )
})

test('a bounded cache has a bound', () => {
  for (const limit of unusable) expect(() => new BoundedCache(limit)).toThrow(RangeError)
})
