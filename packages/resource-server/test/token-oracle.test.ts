import {
  authorizeRequest,
  type AuthorizeRequestOptions,
  createAccessTokenVerifier,
  createDpopProof,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  type DpopKey,
  generateDpopKey,
} from '@holdfast/protocol/token'
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { nodeSha256 } from '../src/node.ts'

// oauth4webapi implements RFC 9068 and RFC 9449 for resource servers without any code of ours.
const issuer = 'https://as.example'
const url = 'https://mcp.example/mcp'
let signing: CryptoKeyPair
let keys: JSONWebKeySet
let key: DpopKey
let other: DpopKey
let ours: AuthorizeRequestOptions
beforeAll(async () => {
  signing = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(signing.publicKey)
  keys = { keys: [{ ...jwk, kid: 'k1', alg: 'ES256', use: 'sig' }] }
  key = await generateDpopKey()
  other = await generateDpopKey()
  ours = {
    tokens: createAccessTokenVerifier({
      issuer,
      audience: url,
      keys: createLocalKeySource(() => keys),
      sha256: nodeSha256,
    }),
    proofs: createDpopVerifier({ replay: createMemoryReplayStore(), sha256: nodeSha256 }),
    dpop: 'preferred',
  }
})

async function token(claims: Record<string, unknown>, header: object = {}): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: issuer,
    aud: url,
    sub: 'u',
    client_id: 'c',
    jti: crypto.randomUUID(),
    iat: seconds,
    exp: seconds + 300,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header })
    .sign(signing.privateKey)
}

const bound = (): Promise<string> => token({ cnf: { jkt: key.jkt } })

async function theirVerdict(headers: Headers): Promise<boolean> {
  const server: oauth.AuthorizationServer = { issuer, jwks_uri: `${issuer}/jwks` }
  const request = new Request(url, { method: 'POST', headers })
  return oauth
    .validateJwtAccessToken(server, request, url, {
      [oauth.customFetch]: async () => Response.json(keys),
    })
    .then(
      () => true,
      () => false,
    )
}

async function ourVerdict(headers: Headers): Promise<boolean> {
  const all = (name: string): string[] => {
    const value = headers.get(name)
    return value === null ? [] : [value]
  }
  const request = { method: 'POST', url, authorization: all('authorization'), dpop: all('dpop') }
  return authorizeRequest(request, ours).then(
    () => true,
    () => false,
  )
}

describe('an independent implementation agrees', () => {
  const proof = (accessToken: string, more = {}): Promise<string> =>
    createDpopProof({ key, method: 'POST', url, accessToken, ...more })
  type Case = [name: string, accepted: boolean, () => Promise<[string, string?]>]
  const cases: Case[] = [
    ['a bound token with its proof', true, async () => proved(await bound())],
    ['an unbound bearer token', true, async () => [`Bearer ${await token({})}`]],
    ['a bound token as bearer', false, async () => [`Bearer ${await bound()}`]],
    ['a bound token without a proof', false, async () => [`DPoP ${await bound()}`]],
    ['another audience', false, async () => [`Bearer ${await token({ aud: 'https://x' })}`]],
    ['another issuer', false, async () => [`Bearer ${await token({ iss: 'https://x' })}`]],
    ['an expired token', false, async () => [`Bearer ${await token({ exp: 1 })}`]],
    ['no subject', false, async () => [`Bearer ${await token({ sub: undefined })}`]],
    ['no jti', false, async () => [`Bearer ${await token({ jti: undefined })}`]],
    ['no client', false, async () => [`Bearer ${await token({ client_id: undefined })}`]],
    ['another type', false, async () => [`Bearer ${await token({}, { typ: 'JWT' })}`]],
    ['an unknown key', false, async () => [`Bearer ${await token({}, { kid: 'k2' })}`]],
    ['a proof for another method', false, async () => proved(await bound(), { method: 'GET' })],
    ['a proof for another URL', false, async () => proved(await bound(), { url: `${url}/x` })],
    ['a proof by another key', false, async () => proved(await bound(), { key: other })],
    ['a proof of yesterday', false, async () => proved(await bound(), { now: () => 1e12 })],
    [
      'a proof for another token',
      false,
      async () => proved(await bound(), { accessToken: 'other' }),
    ],
    [
      'a proof without ath',
      false,
      async () => [`DPoP ${await bound()}`, await createDpopProof({ key, method: 'POST', url })],
    ],
  ]
  const proved = async (accessToken: string, more = {}): Promise<[string, string]> => [
    `DPoP ${accessToken}`,
    await proof(accessToken, more),
  ]
  test.each(cases)('on %s', async (_name, accepted, make) => {
    const [authorization, dpop] = await make()
    const headers = new Headers({ authorization, ...(dpop === undefined ? {} : { dpop }) })
    expect([await ourVerdict(headers), await theirVerdict(headers)]).toEqual([accepted, accepted])
  })

  test('that its own proofs are ours to accept', async () => {
    const accessToken = await bound()
    let headers = new Headers()
    await oauth.protectedResourceRequest(accessToken, 'POST', new URL(url), undefined, undefined, {
      DPoP: oauth.DPoP({}, key),
      [oauth.customFetch]: async (_url, init) => {
        headers = new Headers(init.headers)
        return new Response('')
      },
    })
    expect(await ourVerdict(headers)).toBe(true)
  })
})
