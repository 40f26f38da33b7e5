import { DpopSession, withDpop } from '@modelcontextprotocol/client'
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type ProtectedResource,
  type ProtectedResourceOptions,
  protectFetch,
} from '../src/index.ts'
import { protectedResource } from '../src/node.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

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

/** A guard as a process makes it that starts now: it remembers no proof. */
const startGuard = (options: Partial<ProtectedResourceOptions> = {}): ProtectedResource =>
  protectedResource({ issuer: issuer.issuer, resource, client, now: () => ms, ...options })

const proofOf = (madeMs: number, nonce?: string): Promise<string> =>
  createDpopProof({
    ...{ key, method: 'POST', url: resource, accessToken: token, now: () => madeMs },
    ...(nonce === undefined ? {} : { nonce }),
  })

function send(guard: ProtectedResource, dpop: string): Promise<Response> {
  const handler = protectFetch(guard, () => new Response('ok'))
  const headers = { authorization: `DPoP ${token}`, dpop, origin: 'https://app.example' }
  return handler(new Request(resource, { method: 'POST', headers }))
}

/** The error of the refusal, or `ok`. */
async function verdict(guard: ProtectedResource, dpop: string): Promise<string> {
  const response = await send(guard, dpop)
  return response.ok ? 'ok' : ((await response.json()) as { error: string }).error
}

const nonceOf = (response: Response): string => response.headers.get('dpop-nonce') ?? ''

// Named by the check id of SEP-1932, for which the official suite has no scenario yet.
describe('sep-1932-server-nonce: a server that demands nonces', () => {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const guardWith = (dpopNonceSecret = secret): ProtectedResource => startGuard({ dpopNonceSecret })
  const call = async (guard: ProtectedResource, nonce?: string): Promise<Response> =>
    send(guard, await proofOf(ms, nonce))

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

describe('a server that has just started', () => {
  const startNonceOf = async (guard: ProtectedResource): Promise<string> =>
    nonceOf(await send(guard, await proofOf(ms - 10_000)))

  test('lets the official client in whose clock is slow, by a nonce', async () => {
    const session = await DpopSession.create()
    token = await issuer.signToken({ cnf: { jkt: session.thumbprint } })
    ms += 10_000
    const serve = protectFetch(startGuard(), () => new Response('ok'))
    const statuses: number[] = []
    const call = withDpop(
      session,
      () => token,
    )(async (target, init) => {
      const response = await serve(new Request(target, init))
      statuses.push(response.status)
      return response
    })
    expect((await call(resource, { method: 'POST' })).status).toBe(200)
    expect((await call(resource, { method: 'POST' })).status).toBe(200)
    // Asked once; the client then carries the nonce by itself.
    expect(statuses).toEqual([401, 200, 200])
  })

  test('demands nothing more of clients whose clocks are right', async () => {
    expect(await verdict(startGuard(), await proofOf(ms))).toBe('ok')
  })

  test('says to a slow client what to do, with a nonce that is not for the next process', async () => {
    const guard = startGuard()
    const response = await send(guard, await proofOf(ms - 10_000))
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce"/)
    const nonce = nonceOf(response)
    expect(nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(await startNonceOf(guard)).toBe(nonce)
    expect(await startNonceOf(startGuard())).not.toBe(nonce)
  })

  test.each([
    ['without a nonce', undefined],
    ['with a nonce of another server', 'b'.repeat(32)],
  ])('refuses a copied proof %s that the last process took', async (_what, nonce) => {
    const copied = await proofOf(ms, nonce)
    expect(await verdict(startGuard(), copied)).toBe('ok')
    ms += 2_000
    const restarted = startGuard()
    expect(await verdict(restarted, copied)).toBe('use_dpop_nonce')
    expect(await verdict(restarted, copied)).toBe('use_dpop_nonce')
  })

  test('takes a proof with its nonce once, and no process after it takes it', async () => {
    const guard = startGuard()
    const copied = await proofOf(ms - 10_000, await startNonceOf(guard))
    expect(await verdict(guard, copied)).toBe('ok')
    expect(await verdict(guard, copied)).toBe('invalid_dpop_proof')
    ms += 2_000
    const restarted = startGuard()
    expect(await startNonceOf(restarted)).not.toBe('')
    expect(await verdict(restarted, copied)).toBe('use_dpop_nonce')
  })

  test('lets no nonce in beyond the leeway', async () => {
    const guard = startGuard()
    const nonce = await startNonceOf(guard)
    ms += 55_000
    expect(await verdict(guard, await proofOf(ms - 61_000, nonce))).toBe('invalid_dpop_proof')
  })

  test('lets slow clients in where nonces are demanded of everybody, too', async () => {
    const guard = startGuard({ dpopNonceSecret: crypto.getRandomValues(new Uint8Array(32)) })
    const nonce = await startNonceOf(guard)
    expect(await verdict(guard, await proofOf(ms - 10_000, nonce))).toBe('ok')
    // It stands in only for a proof that seems older than the process.
    expect(await verdict(guard, await proofOf(ms, nonce))).toBe('use_dpop_nonce')
  })

  test('counts from its first request where the clock stands still until then, as on Workers', async () => {
    const copied = await proofOf(ms)
    const started = ms + 2_000
    ms = 0
    const guard = startGuard()
    ms = started
    expect(await verdict(guard, copied)).toBe('use_dpop_nonce')
    expect(await verdict(guard, await proofOf(ms))).toBe('ok')
  })

  test('needs no nonce where a store outlives the process', async () => {
    const used = new Set<string>()
    const replay = { use: (id: string) => used.size < used.add(id).size }
    const copied = await proofOf(ms - 10_000)
    expect(await verdict(startGuard({ replay }), copied)).toBe('ok')
    expect(await verdict(startGuard({ replay }), copied)).toBe('invalid_dpop_proof')
  })
})
