import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addClient,
  addResource,
  authorize,
  claimsOf,
  discover,
  redirectUri,
} from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

// Names are the check ids of SEP-1932, for which the official suite has no scenario yet.
const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client
let key: DpopKey

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
  await addResource(server, { resource })
  client = await addClient(server)
  key = await generateDpopKey()
})
afterAll(() => server.stop())

const tokenUrl = (): string => `${server.issuer}/oauth2/token`

/** Redeems a fresh code, with the given proof or without one. */
async function redeemWith(by: oauth.Client, proof?: string): Promise<Response> {
  const { code, verifier } = await authorize(server, { client: by, email, resource })
  return fetch(tokenUrl(), {
    method: 'POST',
    headers: proof === undefined ? {} : { dpop: proof },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: by.client_id,
      code: code.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  })
}

const goodProof = (): Promise<string> => createDpopProof({ key, method: 'POST', url: tokenUrl() })

/** What a proof says, with one thing changed. */
const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  jti: crypto.randomUUID(),
  htm: 'POST',
  htu: tokenUrl(),
  iat: Math.floor(Date.now() / 1000),
  ...changes,
})

async function proofWith(
  changes: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  return new SignJWT(claims(changes))
    .setProtectedHeader({
      alg: 'ES256',
      typ: 'dpop+jwt',
      jwk: await exportJWK(publicKey),
      ...header,
    })
    .sign(privateKey)
}

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

const refusal = async (proof: string): Promise<unknown> => {
  const answer = await redeemWith(client, proof)
  expect(answer.status).toBe(400)
  return ((await answer.json()) as { error: string }).error
}

describe('SEP-1932, authorization server', () => {
  test('sep-1932-as-metadata-alg-values: the metadata lists the algorithms of proofs', async () => {
    const as = await discover(server.issuer)
    expect(as.dpop_signing_alg_values_supported).toContain('ES256')
  })

  test('sep-1932-as-no-none-alg: the list holds asymmetric algorithms only', async () => {
    const { dpop_signing_alg_values_supported: listed = [] } = await discover(server.issuer)
    expect(listed.length).toBeGreaterThan(0)
    expect(listed.filter((alg) => alg === 'none' || alg.startsWith('HS'))).toEqual([])
  })

  test('sep-1932-asymmetric-alg-only: a proof with `none` or with a shared secret is refused', async () => {
    const jwk = await exportJWK((await generateKeyPair('ES256')).publicKey)
    const unsigned = `${base64url({ alg: 'none', typ: 'dpop+jwt', jwk })}.${base64url(claims())}.`
    expect(await refusal(unsigned)).toBe('invalid_dpop_proof')
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const k = Buffer.from(secret).toString('base64url')
    const shared = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k } as never })
      .sign(secret)
    expect(await refusal(shared)).toBe('invalid_dpop_proof')
  })

  test('sep-1932-as-dpop-bound-enforcement: a client with dpop_bound_access_tokens gets nothing without a valid proof', async () => {
    const bound = await addClient(server, { dpop_bound_access_tokens: true })
    const missing = await redeemWith(bound)
    expect(missing.status).toBe(400)
    expect(await missing.json()).not.toHaveProperty('access_token')
    const wrong = await redeemWith(bound, await proofWith({ htm: 'GET' }))
    expect(wrong.status).toBe(400)
    const right = await redeemWith(bound, await goodProof())
    expect(await right.json()).toMatchObject({ token_type: 'DPoP' })
  })

  test('sep-1932-as-token-binding: a bound token names the key by cnf.jkt, and its type is DPoP', async () => {
    const answer = await redeemWith(client, await goodProof())
    const tokens = (await answer.json()) as { token_type: string; access_token: string }
    expect(tokens.token_type).toBe('DPoP')
    expect(claimsOf(tokens.access_token)['cnf']).toEqual({ jkt: key.jkt })
  })

  test('sep-1932-server-iat-window: a proof of more than five minutes ago or ahead is refused without a nonce', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    for (const iat of [seconds - 330, seconds + 330]) {
      const answer = await redeemWith(client, await proofWith({ iat }))
      expect(answer.status).toBe(400)
      // A client whose clock is wrong is offered the server's own: a nonce.
      expect(await answer.json()).toMatchObject({ error: 'use_dpop_nonce' })
      const nonce = answer.headers.get('dpop-nonce') ?? ''
      const again = await redeemWith(client, await proofWith({ iat, nonce }))
      // The nonce bounds the age of the proof to less than the window does (RFC 9449 section 11.1).
      expect(again.status).toBe(200)
    }
  })

  test.each([
    ['another method', { htm: 'GET' }, {}],
    ['another address', { htu: 'https://elsewhere.example/token' }, {}],
    ['no jti', { jti: undefined }, {}],
    ['no time', { iat: undefined }, {}],
    ['another type', {}, { typ: 'JWT' }],
    ['another key than the one that signed', {}, { jwk: 'other' }],
  ])(
    'sep-1932-server-validate-proof: a proof with %s is refused',
    async (_what, changes, header) => {
      const other = (await generateKeyPair('ES256')).publicKey
      const forged = 'jwk' in header ? { jwk: await exportJWK(other) } : header
      expect(await refusal(await proofWith(changes, forged))).toBe('invalid_dpop_proof')
    },
  )
})
