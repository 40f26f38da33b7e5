import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { protectedResource } from '../src/index.ts'
import { guardOptions } from '../src/authorization.ts'
import { type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

const startMs = Math.floor(Date.now() / 1000) * 1000

let issuer: IssuerDouble
let key: DpopKey
let nowMs: number
beforeEach(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
  nowMs = startMs
})
afterEach(() => issuer[Symbol.asyncDispose]())

type Headers = Readonly<Record<string, string>>

/** A guard whose process started long ago; it answers the reason of a refusal. */
function startGuard(dpopLeewaySeconds?: number): (headers: Headers) => Promise<string> {
  nowMs = startMs - 1_000_000
  const guard = protectedResource({
    issuer: issuer.issuer,
    resource,
    revocation: false,
    now: () => nowMs,
    ...(dpopLeewaySeconds === undefined ? {} : { dpopLeewaySeconds }),
  })
  nowMs = startMs
  return async (headers) => {
    const header = (name: string): readonly string[] =>
      headers[name] === undefined ? [] : [headers[name]]
    const { answer } = await guard.check({ method: 'POST', target: '/mcp', header })
    return answer === undefined
      ? 'let through'
      : (JSON.parse(answer.body ?? '') as { detail: string }).detail
  }
}

/** Headers with a proof that a client makes whose clock differs by so many seconds. */
async function headersMade(offsetSeconds: number): Promise<Headers> {
  const accessToken = await issuer.signToken({ cnf: { jkt: key.jkt }, exp: startMs / 1000 + 3000 })
  const now = (): number => startMs + offsetSeconds * 1000
  const dpop = await createDpopProof({ key, method: 'POST', url: resource, accessToken, now })
  return { authorization: `DPoP ${accessToken}`, dpop }
}

describe('the time of a proof', () => {
  test.each([undefined, 60, 1, 300])(
    'may differ by a leeway of %s (default 60) seconds in both directions, inclusive',
    async (leeway) => {
      const call = startGuard(leeway)
      const seconds = leeway ?? 60
      expect(await call(await headersMade(-seconds))).toBe('let through')
      expect(await call(await headersMade(seconds))).toBe('let through')
      expect(await call(await headersMade(-seconds - 1))).toBe('the proof is too old')
      expect(await call(await headersMade(seconds + 1))).toBe('the proof is of the future')
    },
  )

  test('does not let a copied proof in again, at any moment at which its time still fits', async () => {
    const call = startGuard(300)
    const ahead = await headersMade(300)
    expect(await call(ahead)).toBe('let through')
    for (const later of [1, 61, 299, 301, 599, 600]) {
      nowMs = startMs + later * 1000
      expect(await call(ahead)).toBe('the proof was used before')
    }
    nowMs = startMs + 601_000
    expect(await call(ahead)).toBe('the proof is too old')
  })

  test.each([0, 0.5, -1, 301, Number.NaN, Number.POSITIVE_INFINITY])(
    'may not get a leeway of %d seconds',
    (dpopLeewaySeconds) => {
      expect(() => startGuard(dpopLeewaySeconds)).toThrow('dpopLeewaySeconds must be 1 to 300')
    },
  )

  test('has its leeway from dpopLeeway with MCPServer', () => {
    const authorizationServers = ['https://as.example'] as const
    expect(guardOptions({ resource, authorizationServers, dpopLeeway: 5 }, [])).toMatchObject({
      dpopLeewaySeconds: 5,
    })
  })
})
