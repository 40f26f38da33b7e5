import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BoundedCache } from '@holdfast/protocol/token'
import fc from 'fast-check'
import { type KoaContextWithOIDC, Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import { validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDpopNonces } from '../src/oauth/dpop-nonces.ts'
import { speedUpProofs, validateProof } from '../src/oauth/proof-check.ts'

// Two checks that are compared must not fall on two sides of a second, or of a nonce's minute.
vi.useFakeTimers({ toFake: ['Date'] })

const secret = Buffer.alloc(32, 7)
const nonces = createDpopNonces(secret, () => Date.now())
const staleNonces = createDpopNonces(secret, () => Date.now() - 600_000)
const requireNonce = ({ header }: Pick<KoaContextWithOIDC, 'header'>): boolean =>
  header['x-require-nonce'] !== undefined
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = ec.publicKey.export({ format: 'jwk' })
const privateJwk = ec.privateKey.export({ format: 'jwk' })

let server: Server
let url: string

/** The same check twice: by the library, and by ours in front of it. */
beforeAll(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: 'tester',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['https://client.example/'],
        grant_types: ['authorization_code', 'by-library', 'by-us', 'refused'],
      },
    ],
    extraParams: [],
    features: { dPoP: { enabled: true, nonceSecret: secret, requireNonce } },
  })
  speedUpProofs(provider, { nonces, requireNonce })
  const grants = { 'by-library': validateDpop, 'by-us': validateProof }
  for (const [name, check] of Object.entries(grants)) {
    provider.registerGrantType(name, async (koa: TokenEndpointGrantContext) => {
      koa.body = (await check(provider, koa)) ?? { proof: false }
    })
  }
  provider.registerGrantType('refused', async (koa: TokenEndpointGrantContext) => {
    await validateProof(provider, koa)
    throw new Error('no token for this one')
  })
  server.on('request', provider.callback())
  url = `${origin}/token`
})

afterAll(() => {
  vi.useRealTimers()
  server.closeAllConnections()
  server.close()
})

interface Proof {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: typeof ec.privateKey
  readonly spell?: (text: string) => string
  /** One letter more than any bytes are spelled with, and signed. */
  readonly stray?: boolean
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const encodeWithStray = (value: unknown): string => {
  const text = Buffer.from(JSON.stringify(value))
  const blanks = Buffer.alloc((3 - (text.length % 3)) % 3, ' ')
  return `${Buffer.concat([text, blanks]).toString('base64url')}A`
}

function makeProof({
  header,
  claims,
  key = ec.privateKey,
  spell = (text) => text,
  stray = false,
}: Proof): string {
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }
  const iat = Math.floor(Date.now() / 1000)
  const body = { jti: crypto.randomUUID(), htm: 'POST', htu: url, iat, ...claims }
  const signed = `${encode(head)}.${(stray ? encodeWithStray : encode)(body)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return spell(`${signed}.${signature.toString('base64url')}`)
}

async function ask(grant: string, proof: string, nonceRequired = false): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { dpop: proof, ...(nonceRequired && { 'x-require-nonce': '1' }) },
    body: new URLSearchParams({ grant_type: grant, client_id: 'tester' }),
  })
  const { status, headers } = answer
  return { status, nonce: headers.get('dpop-nonce'), body: await answer.json() }
}

/** Whatever may be said in one place of a proof, the usual thing among it. */
const oneOf = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)
const seconds = Math.floor(Date.now() / 1000)
const headers = oneOf<Proof['header']>(
  {},
  { typ: 'DPOP+JWT' },
  { typ: 'application/dpop+jwt' },
  { typ: 'jwt' },
  { typ: undefined },
  { alg: 'none' },
  { alg: 'HS256' },
  { alg: 'ES384' },
  { alg: 'EdDSA' },
  { crit: ['exp'] },
  { crit: ['b64'], b64: false },
  { kid: 'of-the-client' },
  { jwk: undefined },
  { jwk: 'text' },
  { jwk: [] },
  { jwk: privateJwk },
  { jwk: { ...jwk, use: 'sig' } },
  { jwk: { ...jwk, use: 'enc' } },
  { jwk: { ...jwk, key_ops: ['sign'] } },
  { jwk: { ...jwk, alg: 'RS256' } },
  { jwk: { ...jwk, kid: 'k' } },
  { jwk: { ...jwk, y: jwk.x } },
  { jwk: { ...jwk, x: `${jwk.x?.slice(0, -1)}` } },
  { jwk: { ...jwk, crv: 'P-384' } },
  { jwk: { kty: 'oct', k: 'c2VjcmV0' } },
  { jwk: other.publicKey.export({ format: 'jwk' }) },
)
const claims = fc
  .array(
    oneOf<readonly [string, unknown]>(
      ...['', 7, null, 'x'.repeat(300), 'ü'].map((jti) => ['jti', jti] as const),
      ...['GET', 'post', undefined].map((htm) => ['htm', htm] as const),
      ...[undefined, 7, 'https://elsewhere.example/token', 'no url'].map(
        (htu) => ['htu', htu] as const,
      ),
      ...[undefined, 0, 'soon', seconds - 290, seconds - 400, seconds + 400, 1e300].map(
        (iat) => ['iat', iat] as const,
      ),
      ...['', 7, 'invented', nonces.current(), staleNonces.current()].map(
        (nonce) => ['nonce', nonce] as const,
      ),
      ...[seconds - 10, seconds + 100, 'later'].map((exp) => ['exp', exp] as const),
      ...[seconds + 100, seconds - 10].map((nbf) => ['nbf', nbf] as const),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((pairs): Proof['claims'] => Object.fromEntries(pairs))
const spellings = oneOf<NonNullable<Proof['spell']>>(
  (text) => text,
  (text) => `${text}=`,
  (text) => `${text}.`,
  (text) => text.replace('.', '. '),
  (text) => text.slice(0, -1),
  // The last character of a signature carries four bits more than it needs.
  (text) => text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A'),
  (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  () => 'no proof',
  () => '',
)
/** Mostly the usual thing, so that proofs with one fault come up, and good ones. */
const mostly = <Value>(usual: Value, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others })

describe('the check of proofs in front of the library', () => {
  test('answers as the library does, whatever a proof says', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(
        mostly<Proof['header']>({}, headers),
        mostly<Proof['claims']>({}, claims),
        mostly(ec.privateKey, fc.constant(other.privateKey)),
        mostly<NonNullable<Proof['spell']>>((text) => text, spellings),
        mostly(false, fc.constant(true)),
        fc.boolean(),
        async (header, changes, key, spell, stray, nonceRequired) => {
          const said = { ...(header && { header }), claims: changes ?? {} }
          const proof = makeProof({ ...said, key, spell, stray })
          const ours = (await ask('by-us', proof, nonceRequired)) as { status: number }
          expect(ours).toEqual(await ask('by-library', proof, nonceRequired))
          if (ours.status === 200) taken += 1
        },
      ),
      { numRuns: 400 },
    )
    expect(taken).toBeGreaterThan(10)
  })

  test.each<readonly [string, Proof]>([
    ['htu in another spelling', { claims: { htu: 'HTTP://127.0.0.1:1/token' } }],
    ['another key than the one it names', { key: other.privateKey }],
    ['a proof of ten minutes ago', { claims: { iat: seconds - 600 } }],
    ['a proof of the future', { claims: { iat: seconds + 600 } }],
    ['a proof that has expired', { claims: { exp: seconds - 600 } }],
    ['a proof that is not valid yet', { claims: { nbf: seconds + 600 } }],
    ['an invented nonce', { claims: { nonce: 'invented' } }],
    ['another method', { claims: { htm: 'GET' } }],
    ['a letter that spells nothing', { stray: true }],
  ])('refuses %s', async (_, change) => {
    expect(await ask('by-us', makeProof(change))).toMatchObject({ status: 400 })
  })

  describe('with an ordinary proof', () => {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    const remember = vi.spyOn(BoundedCache.prototype, 'set')
    beforeEach(() => {
      verify.mockClear()
      remember.mockClear()
    })

    test('does not ask the library, with and without a nonce', async () => {
      for (const changes of [{}, { nonce: nonces.current() }]) {
        expect(await ask('by-us', makeProof({ claims: changes }))).toMatchObject({ status: 200 })
      }
      expect(verify).not.toHaveBeenCalled()
      await ask('by-library', makeProof({}))
      expect(verify).toHaveBeenCalledOnce()
    })

    test('remembers the key only of who got a token', async () => {
      expect(await ask('refused', makeProof({}))).toMatchObject({ status: 500 })
      expect(remember).not.toHaveBeenCalled()
      await ask('by-us', makeProof({}))
      expect(remember).toHaveBeenCalledOnce()
    })

    test('checks the signature also with a key that it remembers', async () => {
      await ask('by-us', makeProof({}))
      const forged = makeProof({ key: other.privateKey })
      expect(await ask('by-us', forged)).toMatchObject({
        status: 400,
        body: { error: 'invalid_dpop_proof' },
      })
    })
  })
})
