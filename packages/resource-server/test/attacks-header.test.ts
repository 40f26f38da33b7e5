import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { base64url, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
let thief: { readonly url: string; readonly requests: string[]; readonly server: Server }
let server: Server
let origin: string
let key: DpopKey
const failures: unknown[] = []

beforeAll(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
  const requests: string[] = []
  const keys = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.end('{"keys":[]}')
  })
  thief = { url: await listen(keys), requests, server: keys }
  const guard = protectedResource({
    issuer: issuer.issuer,
    resource,
    client,
    onError: (error) => failures.push(error),
  })
  server = createServer(
    protectListener(guard, (_request, response) => void response.end('let through')),
  )
  origin = await listen(server)
})
afterAll(async () => {
  for (const one of [server, thief.server]) {
    one.closeAllConnections()
    one.close()
    await once(one, 'close')
  }
  await issuer[Symbol.asyncDispose]()
})

/** Sends the headers as they are, repeated ones too. */
async function send(
  headers: readonly (readonly [string, string])[],
  path = '/mcp',
  body?: string,
): Promise<number> {
  const request = httpRequest(`${origin}${path}`, { method: 'POST' })
  const names = new Set(headers.map(([name]) => name))
  for (const name of names) {
    request.setHeader(
      name,
      headers.filter(([other]) => other === name).map(([, value]) => value),
    )
  }
  request.end(body)
  const [answer] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
  answer.resume()
  return answer.statusCode
}

const bearer = (token: string): Promise<number> => send([['authorization', `Bearer ${token}`]])

/** A token that says all the right things, signed by a key of the attacker's. */
async function forged(header: (jwk: object) => Record<string, unknown>): Promise<string> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const [, payload = ''] = (await issuer.signToken()).split('.')
  const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload))) as object
  return new SignJWT({ ...claims })
    .setProtectedHeader({
      alg: 'ES256',
      kid: 'k1',
      typ: 'at+jwt',
      ...header(await exportJWK(pair.publicKey)),
    })
    .sign(pair.privateKey)
}

describe('a token that brings its own key', () => {
  test.each<[string, (jwk: object) => Record<string, unknown>]>([
    ['in jwk', (jwk) => ({ jwk })],
    ['in jwk, under a kid of nobody', (jwk) => ({ jwk, kid: 'mine' })],
    ['at jku', () => ({ jku: `${thief.url}/jwks.json` })],
    ['at jku, under a kid of nobody', () => ({ jku: `${thief.url}/jwks.json`, kid: 'mine' })],
    ['at x5u', () => ({ x5u: `${thief.url}/cert.pem` })],
    ['in x5c', () => ({ x5c: ['MIIB'] })],
    ['at a kid that is a URL', () => ({ kid: `${thief.url}/key` })],
    ['at a kid that is a path', () => ({ kid: '../../../../dev/null' })],
  ])('%s is refused, and nobody is asked for it', async (_where, header) => {
    expect(await bearer(await forged(header))).toBe(401)
    expect(thief.requests).toEqual([])
  })
})

describe('a token of the right issuer that is something else', () => {
  const seconds = Math.floor(Date.now() / 1000)
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an ID token for this server', { nonce: 'n', at_hash: 'x' }, { typ: 'JWT' }],
    ['a token without a type', {}, { typ: undefined }],
    ['a proof', { htm: 'POST', htu: resource, ath: 'x' }, { typ: 'dpop+jwt' }],
    ['a logout token', { events: {} }, { typ: 'logout+jwt' }],
    ['a client assertion', { iss: 'agent', sub: 'agent' }, { typ: 'JWT' }],
    ['an ID-JAG', {}, { typ: 'oauth-id-jag+jwt' }],
    ['a token with an audience that only begins like ours', { aud: `${resource}.evil` }, {}],
    ['a token with our audience inside of another', { aud: `https://evil/?${resource}` }, {}],
    ['a token whose expiry is a text', { exp: `${seconds + 300}` }, {}],
  ])('%s is refused', async (_what, claims, header) => {
    expect(await bearer(await issuer.signToken(claims, header))).toBe(401)
  })
})

describe('a token whose form is an attack', () => {
  const encode = (value: unknown): string => base64url.encode(JSON.stringify(value))
  const withHeader = async (header: string): Promise<string> => {
    const [, ...rest] = (await issuer.signToken()).split('.')
    return [header, ...rest].join('.')
  }
  const good = { alg: 'ES256', kid: 'k1', typ: 'at+jwt' }

  test.each<[string, () => Promise<string>]>([
    ['a critical header', () => withHeader(encode({ ...good, crit: ['exp'], exp: 1 }))],
    ['an unencoded payload', () => withHeader(encode({ ...good, crit: ['b64'], b64: false }))],
    ['an empty crit', () => withHeader(encode({ ...good, crit: [] }))],
    ['alg none', () => withHeader(encode({ ...good, alg: 'none' }))],
    ['alg None', () => withHeader(encode({ ...good, alg: 'None' }))],
    ['two algs', () => withHeader(base64url.encode('{"alg":"ES256","alg":"none","kid":"k1"}'))],
    ['a list for alg', () => withHeader(encode({ ...good, alg: ['ES256'] }))],
    ['a name of the prototype for alg', () => withHeader(encode({ ...good, alg: 'constructor' }))],
    ['an object for kid', () => withHeader(encode({ ...good, kid: {} }))],
    ['a header that is a list', () => withHeader(encode([good]))],
    ['a header that is null', () => withHeader(encode(null))],
    ['five parts', async () => `${await issuer.signToken()}.a.b`],
    ['two parts', async () => (await issuer.signToken()).split('.').slice(0, 2).join('.')],
    ['no signature', async () => `${(await issuer.signToken()).split('.').slice(0, 2).join('.')}.`],
    [
      'claims that are nested 5000 times',
      async () => {
        const [, payload = ''] = (await issuer.signToken()).split('.')
        const claims = new TextDecoder().decode(base64url.decode(payload))
        const nested = `${claims.slice(0, -1)},"a":${'['.repeat(5000)}${']'.repeat(5000)}}`
        return `${encode(good)}.${base64url.encode(nested)}.AA`
      },
    ],
  ])('%s is refused', async (_what, make) => {
    failures.length = 0
    expect(await bearer(await make())).toBe(401)
    // A failure of ours would have been a 503.
    expect(failures).toEqual([])
  })
})

describe('a request that says two things', () => {
  test('two Authorization headers, or two tokens in one, are refused', async () => {
    const token = await issuer.signToken()
    const right = ['authorization', `Bearer ${token}`] as const
    expect(await send([right])).toBe(200)
    expect(await send([right, ['authorization', 'Bearer other']])).toBe(400)
    expect(await send([['authorization', 'Bearer other'], right])).toBe(400)
    expect(await send([right, right])).toBe(400)
    expect(await bearer(`${token}, Bearer ${token}`)).toBe(400)
  })

  test('two proofs are refused, also when one of them is right', async () => {
    const token = await issuer.signToken({ cnf: { jkt: key.jkt } })
    const authorization = ['authorization', `DPoP ${token}`] as const
    const proof = async (): Promise<readonly [string, string]> => [
      'dpop',
      await createDpopProof({ key, method: 'POST', url: resource, accessToken: token }),
    ]
    expect(await send([authorization, await proof(), await proof()])).toBe(401)
    expect(await send([authorization, await proof(), ['dpop', 'x']])).toBe(401)
    expect(await send([authorization, await proof()])).toBe(200)
  })

  test('a token anywhere but in the header is none', async () => {
    const token = await issuer.signToken()
    expect(await send([], `/mcp?access_token=${token}`)).toBe(401)
    const form = ['content-type', 'application/x-www-form-urlencoded'] as const
    expect(await send([form], '/mcp', `access_token=${token}`)).toBe(401)
    expect(await send([['cookie', `access_token=${token}; authorization=Bearer ${token}`]])).toBe(
      401,
    )
    expect(await send([['x-authorization', `Bearer ${token}`]])).toBe(401)
  })

  test('the scheme is taken at its word: Basic, Bearer with a proof, DPoP without a binding', async () => {
    const [bound, unbound] = [
      await issuer.signToken({ cnf: { jkt: key.jkt } }),
      await issuer.signToken(),
    ]
    const proofOf = async (accessToken: string): Promise<readonly [string, string]> => [
      'dpop',
      await createDpopProof({ key, method: 'POST', url: resource, accessToken }),
    ]
    expect(await send([['authorization', `Bearer ${bound}`], await proofOf(bound)])).toBe(401)
    expect(await send([['authorization', `DPoP ${unbound}`], await proofOf(unbound)])).toBe(401)
    expect(await send([['authorization', `Basic ${btoa(`x:${unbound}`)}`]])).toBe(401)
    expect(await send([['authorization', unbound]])).toBe(401)
  })
})

describe('the URL of a proof', () => {
  const variants: ReadonlyArray<[string, string, number]> = [
    ['its own', 'https://mcp.example/mcp', 200],
    ['with a query', 'https://mcp.example/mcp?x=1', 200],
    ['with a fragment', 'https://mcp.example/mcp#x', 200],
    ['in capitals', 'HTTPS://MCP.EXAMPLE/mcp', 200],
    ['with the usual port', 'https://mcp.example:443/mcp', 200],
    ['with an escape that means the same', 'https://mcp.example/m%63p', 200],
    ['with dots that resolve to it', 'https://mcp.example/x/../mcp', 200],
    ['of another port', 'https://mcp.example:8443/mcp', 401],
    ['of plain http', 'http://mcp.example/mcp', 401],
    ['in capitals of the path', 'https://mcp.example/MCP', 401],
    ['with a slash at its end', 'https://mcp.example/mcp/', 401],
    ['with an escaped slash', 'https://mcp.example%2Fmcp', 401],
    ['of a user at another host', 'https://mcp.example@evil.example/mcp', 401],
    ['of a user at this host', 'https://evil@mcp.example/mcp', 401],
    ['with a dot behind the host', 'https://mcp.example./mcp', 401],
    ['with a backslash', 'https://mcp.example\\mcp', 401],
    ['with blanks', ' https://mcp.example/mcp', 401],
    ['without a scheme', '//mcp.example/mcp', 401],
  ]
  test.each(variants)('%s: %s gives %d', async (_what, htu, status) => {
    const token = await issuer.signToken({ cnf: { jkt: key.jkt } })
    const claims = {
      jti: crypto.randomUUID(),
      htm: 'POST',
      htu,
      iat: Math.floor(Date.now() / 1000),
      ath: base64url.encode(
        new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))),
      ),
    }
    const proof = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { ...key.publicJwk } })
      .sign(key.privateKey)
    expect(
      await send([
        ['authorization', `DPoP ${token}`],
        ['dpop', proof],
      ]),
    ).toBe(status)
  })
})
