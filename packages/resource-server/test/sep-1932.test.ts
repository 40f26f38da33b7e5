import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeSha256, protectedResource, protectListener } from '../src/node.ts'
import {
  client,
  dpopHeaders,
  type IssuerDouble,
  listen,
  resource,
  startIssuer,
} from './issuer-double.ts'

// Names are the check ids of SEP-1932, for which the official suite has no scenario yet.
let issuer: IssuerDouble
let key: DpopKey
let pair: CryptoKeyPair
let token: string
let server: Server
let url: string

beforeAll(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
  pair = await generateKeyPair('ES256')
  const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
  token = await issuer.signToken({ cnf: { jkt } })
  const guard = protectedResource({ issuer: issuer.issuer, resource, client })
  server = createServer(
    protectListener(guard, (_request, response) => void response.end('let through')),
  )
  url = `${await listen(server)}/mcp`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await issuer[Symbol.asyncDispose]()
})

const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  jti: crypto.randomUUID(),
  htm: 'POST',
  htu: resource,
  iat: Math.floor(Date.now() / 1000),
  ath: nodeSha256(token),
  ...changes,
})

async function proofWith(
  changes: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const jwk = await exportJWK(pair.publicKey)
  return new SignJWT(claims(changes))
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(pair.privateKey)
}

const call = (proof: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { authorization: `DPoP ${token}`, dpop: proof } })

/** RFC 9449 section 7.1: 401, and a DPoP challenge that says what is wrong. */
async function expectRefusal(proof: string): Promise<void> {
  const { status, headers } = await call(proof)
  expect(status).toBe(401)
  expect(headers.get('www-authenticate')).toMatch(/DPoP .*error="invalid_dpop_proof"/)
}

describe('SEP-1932, MCP server', () => {
  test('a proof that is right is let through', async () => {
    expect((await call(await proofWith({}))).status).toBe(200)
  })

  test.each([
    ['of another method', { htm: 'GET' }, {}],
    ['for another address', { htu: 'https://elsewhere.example/mcp' }, {}],
    ['for another token', { ath: nodeSha256('another') as string }, {}],
    ['without ath', { ath: undefined }, {}],
    ['without jti', { jti: undefined }, {}],
    ['of another type', {}, { typ: 'JWT' }],
  ])(
    'sep-1932-server-validate-proof, sep-1932-server-reject-401: a proof %s is refused with a DPoP challenge',
    async (_what, changes, header) => {
      await expectRefusal(await proofWith(changes, header))
    },
  )

  test('sep-1932-server-validate-proof: a proof by another key is refused', async () => {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: await dpopHeaders(key, token, 'POST', resource),
    })
    expect(status).toBe(401)
  })

  test('sep-1932-server-iat-window: a proof of more than five minutes ago or ahead is refused', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    await expectRefusal(await proofWith({ iat: seconds - 330 }))
    await expectRefusal(await proofWith({ iat: seconds + 330 }))
  })

  test('sep-1932-asymmetric-alg-only: a proof with `none` or with a shared secret is refused', async () => {
    const jwk = await exportJWK(pair.publicKey)
    const encode = (value: unknown): string => base64url.encode(JSON.stringify(value))
    await expectRefusal(`${encode({ alg: 'none', typ: 'dpop+jwt', jwk })}.${encode(claims())}.`)
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const shared = { kty: 'oct', k: base64url.encode(secret) }
    await expectRefusal(
      await new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: shared })
        .sign(secret),
    )
  })

  test('sep-1932-server-audience-validation: a bound token for another server is refused with its proof', async () => {
    const elsewhere = await issuer.signToken({
      aud: 'https://other.example/mcp',
      cnf: { jkt: key.jkt },
    })
    const { status } = await fetch(url, {
      method: 'POST',
      headers: await dpopHeaders(key, elsewhere, 'POST', resource),
    })
    expect(status).toBe(401)
  })
})
