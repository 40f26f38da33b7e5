import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ProtectedResource, protectFetch } from '../src/index.ts'
import { protectedResource } from '../src/node.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

const secret = crypto.getRandomValues(new Uint8Array(32))
let issuer: IssuerDouble
let key: DpopKey
let token: string
let ms: number

beforeEach(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
  token = await issuer.signToken({ cnf: { jkt: key.jkt } })
  ms = Date.now()
})
afterEach(() => issuer[Symbol.asyncDispose]())

const guardWith = (dpopNonceSecret: Uint8Array = secret): ProtectedResource =>
  protectedResource({ issuer: issuer.issuer, resource, client, dpopNonceSecret, now: () => ms })

async function call(guard: ProtectedResource, nonce?: string): Promise<Response> {
  const proof = { key, method: 'POST', url: resource, accessToken: token, now: () => ms }
  const dpop = await createDpopProof({ ...proof, ...(nonce === undefined ? {} : { nonce }) })
  const headers = { authorization: `DPoP ${token}`, dpop, origin: 'https://app.example' }
  const handler = protectFetch(guard, () => new Response('ok'))
  return handler(new Request(resource, { method: 'POST', headers }))
}

const nonceOf = (response: Response): string => response.headers.get('dpop-nonce') ?? ''

// Named by the check id of SEP-1932, for which the official suite has no scenario yet.
describe('sep-1932-server-nonce: a server that demands nonces', () => {
  test('tells the nonce with its 401, readable by a browser, and takes it in another process', async () => {
    const refused = await call(guardWith())
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(
      /^DPoP error="use_dpop_nonce", .*algs="ES256 /,
    )
    expect(refused.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    const accepted = await call(guardWith(), nonceOf(refused))
    expect(accepted.status).toBe(200)
    expect(accepted.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
  })

  test('refuses a proof that was made ahead of time, with a nonce of its own or one that has ended', async () => {
    const guard = guardWith()
    const early = nonceOf(await call(guard))
    const strange = nonceOf(await call(guardWith(crypto.getRandomValues(new Uint8Array(32)))))
    for (const nonce of ['made-up', '', strange]) {
      expect((await call(guard, nonce)).status).toBe(401)
    }
    expect((await call(guard, early)).status).toBe(200)
    ms += 5 * 60_000
    token = await issuer.signToken({ cnf: { jkt: key.jkt }, exp: Math.floor(ms / 1000) + 300 })
    const late = await call(guard, early)
    expect(late.headers.get('www-authenticate')).toContain('use_dpop_nonce')
    expect((await call(guard, nonceOf(late))).status).toBe(200)
  })

  test('hands out the next one with its answers, so that nobody who calls on is refused', async () => {
    const guard = guardWith()
    let nonce = nonceOf(await call(guard))
    for (let minute = 0; minute < 6; minute += 1) {
      const answer = await call(guard, nonce)
      expect(answer.status).toBe(200)
      expect(nonceOf(answer)).toMatch(/^[0-9a-f]{32}$/)
      nonce = nonceOf(answer)
      ms += 60_000
      token = await issuer.signToken({ cnf: { jkt: key.jkt }, exp: Math.floor(ms / 1000) + 300 })
    }
  })

  test('demands none for a token that is bound to no key', async () => {
    const handler = protectFetch(guardWith(), () => new Response('ok'))
    const headers = { authorization: `Bearer ${await issuer.signToken()}` }
    const response = await handler(new Request(resource, { method: 'POST', headers }))
    expect(response.status).toBe(200)
    expect(response.headers.has('dpop-nonce')).toBe(false)
  })

  test.each([
    ['a short secret', { dpopNonceSecret: new Uint8Array(31) }, /32 bytes/],
    ['a text', { dpopNonceSecret: 'x'.repeat(40) as never }, /32 bytes/],
    ['no DPoP at all', { dpopNonceSecret: secret, dpop: 'off' as const }, /needs dpop/],
  ])('is not made with %s', (_what, options, message) => {
    expect(() =>
      protectedResource({ issuer: issuer.issuer, resource, client, ...options }),
    ).toThrow(message)
  })
})
