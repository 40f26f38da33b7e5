import { beforeAll, describe, expect, test } from 'vitest'
import {
  authorizeRequest,
  createDpopProof,
  type DpopKey,
  type DpopPolicy,
  generateDpopKey,
  type TokenRequest,
} from '../src/token.ts'
import {
  audience,
  keySet,
  proofVerifier,
  refusal,
  type SigningKey,
  signingKey,
  signToken,
  testClock,
  tokenVerifier,
} from './token-fixture.ts'

const url = audience
const clock = testClock()
let key: SigningKey
let dpopKey: DpopKey
let bound: string
let unbound: string
beforeAll(async () => {
  key = await signingKey('k1')
  dpopKey = await generateDpopKey()
  bound = await signToken(key, clock, { cnf: { jkt: dpopKey.jkt } })
  unbound = await signToken(key, clock)
})

const proofFor = (accessToken: string, method = 'POST'): Promise<string> =>
  createDpopProof({ key: dpopKey, method, url, accessToken, now: clock.now })

const authorize = (
  request: Partial<TokenRequest>,
  dpop: DpopPolicy = 'preferred',
  scopes: readonly string[] = [],
): ReturnType<typeof authorizeRequest> =>
  authorizeRequest(
    { method: 'POST', url, authorization: [], dpop: [], ...request },
    { tokens: tokenVerifier(keySet(key), clock), proofs: proofVerifier(clock), dpop, scopes },
  )

describe('a request', () => {
  test('with a bound token and its proof passes, whatever the letter case of the scheme', async () => {
    for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
      const verified = await authorize(
        { authorization: [`${scheme} ${bound}`], dpop: [await proofFor(bound)] },
        'required',
      )
      expect(verified.subject).toBe('usr_1')
    }
  })

  test('with an unbound token passes as Bearer unless DPoP is required', async () => {
    for (const policy of ['off', 'preferred'] as const) {
      await authorize({ authorization: [`bearer ${unbound}`] }, policy)
    }
    expect(await refusal(authorize({ authorization: [`Bearer ${unbound}`] }, 'required'))).toBe(
      'invalid_token: DPoP-bound token required',
    )
  })

  test('with a bound token as Bearer is refused under every policy', async () => {
    for (const policy of ['off', 'preferred', 'required'] as const) {
      const dpop = [await proofFor(bound)]
      expect(
        await refusal(authorize({ authorization: [`Bearer ${bound}`], dpop }, policy)),
      ).toMatch(/^invalid_token: /)
    }
  })

  test('with an unbound token as DPoP is refused although the proof is right', async () => {
    const dpop = [await proofFor(unbound)]
    expect(await refusal(authorize({ authorization: [`DPoP ${unbound}`], dpop }))).toBe(
      'invalid_token: this token is not bound to a key',
    )
  })

  test('without exactly one proof is refused', async () => {
    const authorization = [`DPoP ${bound}`]
    const proofs = [await proofFor(bound), await proofFor(bound)]
    expect(await refusal(authorize({ authorization }))).toBe(
      'invalid_dpop_proof: missing DPoP proof header',
    )
    for (const dpop of [proofs, [proofs.join(', ')]]) {
      expect(await refusal(authorize({ authorization, dpop }))).toBe(
        'invalid_dpop_proof: more than one DPoP proof header',
      )
    }
  })

  test('without exactly one token is refused', async () => {
    const cases: ReadonlyArray<[readonly string[], string]> = [
      [[], 'missing_token: missing authorization header'],
      [['Bearer'], 'missing_token: missing bearer token'],
      [['Bearer '], 'missing_token: missing bearer token'],
      [['Basic YTpi'], 'missing_token: missing bearer token'],
      [['Bearer a b'], 'missing_token: missing bearer token'],
      [['Bearer a\u00e9'], 'missing_token: missing bearer token'],
      [[`Bearer ${unbound}`, 'Bearer x'], 'invalid_request: more than one authorization header'],
      [[`Bearer x, Bearer ${unbound}`], 'invalid_request: more than one authorization header'],
    ]
    for (const [authorization, expected] of cases) {
      expect(await refusal(authorize({ authorization }))).toBe(expected)
    }
  })

  test('whose token lacks a scope is told all scopes that it needs', async () => {
    const needed = ['tools:call', 'files:delete']
    const error = await authorize({ authorization: [`Bearer ${unbound}`] }, 'off', needed).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({
      code: 'insufficient_scope',
      status: 403,
      reason: 'missing scopes: files:delete',
      scopes: needed,
    })
  })

  test('with a stolen proof of another method is refused', async () => {
    const request = { authorization: [`DPoP ${bound}`], dpop: [await proofFor(bound, 'GET')] }
    expect(await refusal(authorize(request))).toBe(
      'invalid_dpop_proof: the proof is for another method',
    )
  })
})
