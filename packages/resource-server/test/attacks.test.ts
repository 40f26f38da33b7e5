import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { base64url, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { protectedResource, protectListener } from '../src/node.ts'
import type { ProtectedResourceOptions } from '../src/index.ts'
import {
  client,
  dpopHeaders,
  type IssuerDouble,
  listen,
  resource,
  startIssuer,
} from './issuer-double.ts'

let issuer: IssuerDouble
let key: DpopKey
let server: Server
let url: string

async function start(options: Partial<ProtectedResourceOptions> = {}): Promise<void> {
  const guard = protectedResource({ issuer: issuer.issuer, resource, client, ...options })
  server = createServer(
    protectListener(guard, (_request, response) => {
      response.end('let through')
    }),
  )
  url = `${await listen(server)}/mcp`
}

async function call(headers: Record<string, string>, method = 'POST'): Promise<string> {
  const response = await fetch(url, { method, headers })
  if (response.ok) return response.text()
  const { error_description: reason } = (await response.json()) as { error_description: string }
  return `${response.status} ${reason}`
}

beforeEach(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await issuer[Symbol.asyncDispose]()
})

const boundToken = (): Promise<string> => issuer.signToken({ cnf: { jkt: key.jkt } })

describe('a stolen token', () => {
  test('is of no use as Bearer, with no proof, or with a proof of another key', async () => {
    await start()
    const token = await boundToken()
    expect(await call({ authorization: `Bearer ${token}` })).toMatch(/^401 this token is bound/)
    expect(await call({ authorization: `DPoP ${token}` })).toBe('401 missing DPoP proof header')
    const thief = await generateDpopKey()
    expect(await call(await dpopHeaders(thief, token, 'POST', resource))).toBe(
      '401 the proof is signed by another key than the token names',
    )
    expect(await call(await dpopHeaders(key, token, 'POST', resource))).toBe('let through')
  })

  test('is of no use with a stolen proof for another token, method or URL', async () => {
    await start()
    const [token, older] = [await boundToken(), await boundToken()]
    const authorization = `DPoP ${token}`
    const proof = (accessToken?: string, method = 'POST', htu = resource): Promise<string> =>
      createDpopProof({
        key,
        method,
        url: htu,
        ...(accessToken === undefined ? {} : { accessToken }),
      })
    expect(await call({ authorization, dpop: await proof() })).toBe('401 the proof has no ath')
    expect(await call({ authorization, dpop: await proof(older) })).toBe(
      '401 the proof is for another access token',
    )
    expect(await call({ authorization, dpop: await proof(token, 'GET') })).toBe(
      '401 the proof is for another method',
    )
    for (const htu of [url, 'https://mcp.example/other', 'https://evil.example/mcp']) {
      expect(await call({ authorization, dpop: await proof(token, 'POST', htu) })).toBe(
        '401 the proof is for another URL',
      )
    }
  })

  test('is of no use to a caller that names the attacked host in Host or forwarding headers', async () => {
    await start()
    const token = await boundToken()
    const headers = await dpopHeaders(key, token, 'POST', 'https://evil.example/mcp')
    const spoofed = { ...headers, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    expect(await call(spoofed)).toBe('401 the proof is for another URL')
  })
})

describe('a token that was never meant for this server', () => {
  test('is refused: other audience, other issuer, expired, ID token', async () => {
    await start()
    const seconds = Math.floor(Date.now() / 1000)
    const cases: ReadonlyArray<[Promise<string>, string]> = [
      [issuer.signToken({ aud: 'https://mcp.example' }), 'meant for another audience'],
      [issuer.signToken({ aud: `${issuer.issuer}/v1` }), 'meant for another audience'],
      [issuer.signToken({ iss: 'https://evil.example' }), 'of another issuer'],
      [issuer.signToken({ exp: seconds - 60 }), 'has expired'],
      [issuer.signToken({}, { typ: 'JWT' }), 'not of type at\\+jwt'],
    ]
    for (const [token, reason] of cases) {
      expect(await call({ authorization: `Bearer ${await token}` })).toMatch(
        new RegExp(`^401 the token (is )?${reason}`),
      )
    }
  })

  test('is refused when forged: alg none, HMAC with the public key, encryption key', async () => {
    await start()
    const [, payload = ''] = (await issuer.signToken()).split('.')
    const none = base64url.encode(JSON.stringify({ alg: 'none', kid: 'k1', typ: 'at+jwt' }))
    expect(await call({ authorization: `Bearer ${none}.${payload}.` })).toMatch(/^401 /)
    const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload))) as object
    const publicBytes = new TextEncoder().encode(JSON.stringify(issuer.keys.keys[0]))
    const hmac = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' })
      .sign(publicBytes)
    expect(await call({ authorization: `Bearer ${hmac}` })).toBe(
      '401 the token uses an algorithm that is not allowed',
    )
    const pair = await generateKeyPair('RS256', { extractable: true })
    const enc = { ...(await exportJWK(pair.publicKey)), kid: 'e1', use: 'enc', alg: 'RSA-OAEP-256' }
    issuer.keys = { keys: [...issuer.keys.keys, enc] }
    const byEncryptionKey = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'e1', typ: 'at+jwt' })
      .sign(pair.privateKey)
    expect(await call({ authorization: `Bearer ${byEncryptionKey}` })).toBe(
      '401 the token is signed by an unknown key',
    )
  })

  test('with made-up key ids cannot make this server flood the issuer', async () => {
    await start()
    const forge = (n: number): Promise<string> => issuer.signToken({}, { kid: `made-up-${n}` })
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, n) => forge(n)))
    const answers = await Promise.all(
      tokens.map((token) => call({ authorization: `Bearer ${token}` })),
    )
    expect(new Set(answers)).toEqual(new Set(['401 the token is signed by an unknown key']))
    expect(issuer.count('/.well-known/jwks.json')).toBeLessThanOrEqual(2)
  })
})

describe('where DPoP is required', () => {
  test('an unbound token is refused in every form', async () => {
    await start({ dpop: 'required' })
    const token = await issuer.signToken()
    expect(await call({ authorization: `Bearer ${token}` })).toBe('401 DPoP-bound token required')
    expect(await call(await dpopHeaders(key, token, 'POST', resource))).toBe(
      '401 this token is not bound to a key',
    )
  })
})

describe('behind a proxy', () => {
  test('proofs are compared with the configured public URL and its prefix', async () => {
    const prefixed = 'https://mcp.example/tools/mcp'
    await start({ resource: prefixed, publicUrl: 'https://mcp.example/tools/' })
    const token = await issuer.signToken({ aud: prefixed, cnf: { jkt: key.jkt } })
    expect(await call(await dpopHeaders(key, token, 'POST', prefixed))).toBe('let through')
  })
})

describe('paths', () => {
  test('are public only when they are exactly a named one', async () => {
    await start({ publicPaths: ['/healthz'] })
    const origin = new URL(url).origin
    expect((await fetch(`${origin}/healthz?full=1`)).status).toBe(200)
    for (const path of ['/healthz/', '/healthz/x', '/Healthz', '//healthz', '/%68ealthz', '/']) {
      expect((await fetch(`${origin}${path}`)).status).toBe(401)
    }
  })
})

describe('when keys cannot be had', () => {
  test('requests are answered 503, not let through, and the operator is told', async () => {
    const failures: unknown[] = []
    await start({ onError: (error) => failures.push(error) })
    issuer.broken.set('/.well-known/jwks.json', 500)
    expect(await call({ authorization: `Bearer ${await issuer.signToken()}` })).toBe(
      "503 the issuer's keys cannot be fetched",
    )
    expect(failures).toHaveLength(1)
  })

  test('a broken replay store refuses requests', async () => {
    await start({
      onError: () => undefined,
      replay: {
        use: () => {
          throw new Error('disk full')
        },
      },
    })
    const token = await boundToken()
    expect(await call(await dpopHeaders(key, token, 'POST', resource))).toBe(
      '503 the request cannot be checked',
    )
  })
})
