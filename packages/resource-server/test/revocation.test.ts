import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type ProtectedResource,
  type ProtectedResourceOptions,
  protectFetch,
} from '../src/index.ts'
import { protectedResource } from '../src/node.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
beforeEach(async () => {
  issuer = await startIssuer()
})
afterEach(() => issuer[Symbol.asyncDispose]())

const guardWith = (options: Partial<ProtectedResourceOptions> = {}): ProtectedResource =>
  protectedResource({ issuer: issuer.issuer, resource, client, ...options })

async function call(guard: ProtectedResource, token: string): Promise<number> {
  const handler = protectFetch(guard, () => new Response('ok'))
  const headers = { authorization: `Bearer ${token}` }
  return (await handler(new Request(resource, { method: 'POST', headers }))).status
}

describe('revocation', () => {
  test('of a token, user, client, grant or any actor takes effect on the next request', async () => {
    const guard = guardWith({ revocation: { maxStaleMs: 0 } })
    const token = await issuer.signToken({
      jti: 'tok_1',
      'ddls:grant': 'grt_1',
      act: { sub: 'last', act: { sub: 'middle', act: { sub: 'first' } } },
    })
    const entries = [
      ['token', 'tok_1'],
      ['user', 'usr_1'],
      ['client', 'agent'],
      ['grant', 'grt_1'],
      ['client', 'last'],
      ['client', 'middle'],
      ['client', 'first'],
    ] as const
    for (const [kind, value] of entries) {
      issuer.denied = []
      expect(await call(guard, token)).toBe(200)
      issuer.denied = [{ kind, value, expires_at: 4_000_000_000 }]
      expect(await call(guard, token)).toBe(401)
    }
    issuer.denied = [{ kind: 'grant', value: 'tok_1', expires_at: 4_000_000_000 }]
    expect(await call(guard, token)).toBe(200)
  })

  test('is asked for once by many requests within the bound, and again after it', async () => {
    let ms = Date.now()
    const guard = guardWith({ now: () => ms })
    const token = await issuer.signToken()
    await Promise.all(Array.from({ length: 20 }, () => call(guard, token)))
    ms += 999
    await call(guard, token)
    expect(issuer.count('/oauth2/deny-list')).toBe(1)
    ms += 2_000
    await call(guard, token)
    expect(issuer.count('304')).toBe(1)
    issuer.denied = [{ kind: 'user', value: 'usr_1', expires_at: 4_000_000_000 }]
    ms += 1_001
    expect(await call(guard, token)).toBe(401)
    expect(issuer.count('/oauth2/deny-list')).toBe(3)
    ms += 2_000
    expect(await call(guard, token)).toBe(401)
  })

  test('reaches every request that came in after it, also those that join an older question', async () => {
    const arrived = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let isFirst = true
    const slow = async (url: string, init: RequestInit): Promise<Response> => {
      const answer = await fetch(url, init)
      if (url.endsWith('/deny-list') && isFirst) {
        isFirst = false
        arrived.resolve()
        await release.promise
      }
      return answer
    }
    const now = Date.now()
    const guard = guardWith({ revocation: { maxStaleMs: 0 }, fetch: slow, now: () => now })
    const token = await issuer.signToken()
    const before = call(guard, token)
    await arrived.promise
    issuer.denied = [{ kind: 'user', value: 'usr_1', expires_at: 4_000_000_000 }]
    const after = Array.from({ length: 5 }, () => call(guard, token))
    release.resolve()
    expect([await before, ...(await Promise.all(after))]).toEqual([200, 401, 401, 401, 401, 401])
  })

  test('refuses requests while it cannot be checked, unless a grace time is configured', async () => {
    let ms = Date.now()
    const shared = { now: () => ms, onError: () => undefined }
    const strict = guardWith(shared)
    const lenient = guardWith({ ...shared, revocation: { outageGraceMs: 10_000 } })
    const token = await issuer.signToken()
    expect([await call(strict, token), await call(lenient, token)]).toEqual([200, 200])
    issuer.broken.set('/oauth2/deny-list', 500)
    ms += 5_000
    expect([await call(strict, token), await call(lenient, token)]).toEqual([503, 200])
    ms += 7_000
    expect(await call(lenient, token)).toBe(503)
    issuer.broken.clear()
    expect([await call(strict, token), await call(lenient, token)]).toEqual([200, 200])
  })

  test('that the client may not ask for says so where the operator looks', async () => {
    const errors: unknown[] = []
    const guard = guardWith({ onError: (error) => void errors.push(error) })
    issuer.broken.set('/oauth2/deny-list', 401)
    expect(await call(guard, await issuer.signToken())).toBe(503)
    expect(String(errors[0])).toContain('check its client id and secret')
    issuer.broken.clear()
  })

  test('of a list that cannot be read refuses requests', async () => {
    const guard = guardWith({ onError: () => undefined })
    issuer.denied = { length: 1 } as never
    expect(await call(guard, await issuer.signToken())).toBe(503)
  })

  test('must be switched off in so many words when there is no client', async () => {
    const options = { issuer: issuer.issuer, resource }
    expect(() => protectedResource(options)).toThrow(/revocation: false/)
    const guard = protectedResource({ ...options, revocation: false })
    expect(await call(guard, await issuer.signToken())).toBe(200)
    expect(issuer.count('/oauth2/deny-list')).toBe(0)
  })
})
