import {
  createDpopProof,
  type DpopKey,
  generateDpopKey,
  jwkThumbprint,
} from '@holdfast/protocol/token'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { sha256Base64url } from '../src/dispatch/node-crypto.ts'
import { startTestServer, type TestServer } from './support/server.ts'

type Endpoint = readonly [method: string, path: string, audience: string, scope: string]

const endpoints: readonly Endpoint[] = [
  ['GET', '/v1/status', '/v1', 'admin'],
  ['GET', '/oauth2/userinfo', '/v1', ''],
  ['POST', '/dispatch', '/dispatch', 'dispatch'],
]

let dataDir: string
let server: TestServer
let key: DpopKey
let ms: number

async function start(config: Record<string, unknown> = {}): Promise<void> {
  server = await startTestServer({ dataDir, clock: () => ms, config })
}

/** Ends the server and starts it anew at the same address, `laterMs` after. */
async function restart(laterMs: number, config: Record<string, unknown> = {}): Promise<void> {
  const { issuer } = server
  await server.close(0)
  ms += laterMs
  await start({ issuer, port: Number(new URL(issuer).port), ...config })
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-as-'))
  ms = Date.now()
  await start()
  key = await generateDpopKey()
  onTestFinished(async () => {
    await server.close(0)
    await rm(dataDir, { recursive: true, force: true })
  })
})

async function tokenFor([, , audience, scope]: Endpoint): Promise<string> {
  const { issuer, ctx } = server
  const user = await server.addUser(`${crypto.randomUUID()}@example.org`, 'admin')
  const jkt = await jwkThumbprint(key.publicJwk, sha256Base64url)
  const [signing] = ctx.keystore.keys()
  return new SignJWT({ client_id: 'agent', scope, jti: crypto.randomUUID(), cnf: { jkt } })
    .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', kid: signing!.kid })
    .setIssuer(issuer)
    .setSubject(user.id)
    .setAudience(issuer + audience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(signing!.privateKey)
}

/** Calls one endpoint. Proofs are made apart from sending them, so that they can be copied. */
interface Caller {
  readonly prove: (madeMs: number, nonce?: string) => Promise<string>
  readonly send: (dpop: string) => Promise<Response>
}

async function callerOf(endpoint: Endpoint): Promise<Caller> {
  const token = await tokenFor(endpoint)
  const [method, path] = endpoint
  const url = server.issuer + path
  return {
    prove: (madeMs, nonce) =>
      createDpopProof({
        ...{ key, method, url, accessToken: token, now: () => madeMs },
        ...(nonce === undefined ? {} : { nonce }),
      }),
    send: (dpop) => fetch(url, { method, headers: { authorization: `DPoP ${token}`, dpop } }),
  }
}

/** The error of the challenge, or `ok`. */
const verdictOf = (response: Response): string =>
  response.status === 200
    ? 'ok'
    : (/error="(\w+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '')
const nonceOf = (response: Response): string => response.headers.get('dpop-nonce') ?? ''

describe.each(endpoints)('after a start, %s %s', (...endpoint) => {
  test('refuses a copied proof that was used before it, with the nonce to use', async () => {
    const { prove, send } = await callerOf(endpoint)
    const copied = await prove(ms)
    expect(verdictOf(await send(copied))).toBe('ok')
    expect(verdictOf(await send(copied))).toBe('invalid_dpop_proof')
    await restart(2000)
    expect(verdictOf(await send(copied))).toBe('use_dpop_nonce')
    expect(verdictOf(await send(copied))).toBe('use_dpop_nonce')
    expect(verdictOf(await send(await prove(ms)))).toBe('ok')
  })

  test('lets a client with a slow clock in by its nonce, once for each proof', async () => {
    const { prove, send } = await callerOf(endpoint)
    const refused = await send(await prove(ms - 10_000))
    expect(refused.status).toBe(401)
    expect(verdictOf(refused)).toBe('use_dpop_nonce')
    expect(nonceOf(refused)).toMatch(/^[0-9a-f]{32}$/)
    const copied = await prove(ms - 10_000, nonceOf(refused))
    expect(verdictOf(await send(copied))).toBe('ok')
    expect(verdictOf(await send(copied))).toBe('invalid_dpop_proof')
    await restart(2000)
    expect(verdictOf(await send(copied))).toBe('use_dpop_nonce')
  })

  test('lets it in where nonces are demanded of everybody, too, by that of this start only', async () => {
    await restart(0, { dpopNonce: 'everywhere' })
    const { prove, send } = await callerOf(endpoint)
    const usual = nonceOf(await send(await prove(ms)))
    const copied = await prove(ms, usual)
    expect(verdictOf(await send(copied))).toBe('ok')
    // The usual nonce is the same after a restart: what carries it may have been used.
    await restart(2000, { dpopNonce: 'everywhere' })
    const refused = await send(copied)
    expect(verdictOf(refused)).toBe('use_dpop_nonce')
    expect(nonceOf(refused)).not.toBe(usual)
    expect(verdictOf(await send(await prove(ms - 10_000, nonceOf(refused))))).toBe('ok')
  })
})

test('all endpoints ask for the same nonce: clients keep one for each server', async () => {
  const asked = await Promise.all(
    endpoints.map(async (endpoint) => {
      const { prove, send } = await callerOf(endpoint)
      return nonceOf(await send(await prove(ms - 10_000)))
    }),
  )
  expect(new Set(asked)).toEqual(new Set([expect.stringMatching(/^[0-9a-f]{32}$/)]))
})
