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
  const headers = { authorization: `DPoP ${token}`, dpop }
  return handler(new Request(resource, { method: 'POST', headers }))
}

/** The error of the refusal, or `ok`. */
async function verdict(guard: ProtectedResource, dpop: string): Promise<string> {
  const response = await send(guard, dpop)
  return response.ok ? 'ok' : ((await response.json()) as { error: string }).error
}

const nonceOf = async (guard: ProtectedResource): Promise<string> =>
  (await send(guard, await proofOf(ms - 10_000))).headers.get('dpop-nonce') ?? ''

describe('a server that has just started', () => {
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
    const nonce = response.headers.get('dpop-nonce') ?? ''
    expect(nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(await nonceOf(guard)).toBe(nonce)
    expect(await nonceOf(startGuard())).not.toBe(nonce)
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
    const copied = await proofOf(ms - 10_000, await nonceOf(guard))
    expect(await verdict(guard, copied)).toBe('ok')
    expect(await verdict(guard, copied)).toBe('invalid_dpop_proof')
    ms += 2_000
    const restarted = startGuard()
    expect(await nonceOf(restarted)).not.toBe('')
    expect(await verdict(restarted, copied)).toBe('use_dpop_nonce')
  })

  test('lets no nonce in beyond the leeway', async () => {
    const guard = startGuard()
    const nonce = await nonceOf(guard)
    ms += 55_000
    expect(await verdict(guard, await proofOf(ms - 61_000, nonce))).toBe('invalid_dpop_proof')
  })

  test('lets slow clients in where nonces are demanded of everybody, too', async () => {
    const guard = startGuard({ dpopNonceSecret: crypto.getRandomValues(new Uint8Array(32)) })
    const first = await send(guard, await proofOf(ms - 10_000))
    const nonce = first.headers.get('dpop-nonce') ?? ''
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
