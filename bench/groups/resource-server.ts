import { hash } from 'node:crypto'
import {
  authorizeRequest,
  createAccessTokenVerifier,
  createDpopProof,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  type DpopKey,
  generateDpopKey,
  type TokenRequest,
} from '@holdfast/protocol/token'
import { nodeCrypto } from '@holdfast/resource-server/node'
import { auth } from 'express-oauth2-jwt-bearer'
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel, type Variant } from '../lib/measure.ts'
import { replayRatios, replayVariants } from './replay.ts'
import { unitGroup, unitName } from './unit.ts'

const issuer = 'http://127.0.0.1:24800'
const resource = 'http://127.0.0.1:24801/mcp'
const sha256 = (text: string): string => hash('sha256', text, 'base64url')

interface Call {
  readonly request: TokenRequest
  readonly token: string
  readonly proof: string
  readonly jkt: string
}

/** Token and DPoP check of one request: ours warm and cold, two npm peers, and V. */
export const resourceServerGroup: GroupSetup = async (scale) => {
  const count = scale.quick ? 400 : 1500
  const signer = await makeIssuer()
  const jwksServer = await serveJson(signer.jwks)
  const [unit] = (await unitGroup(scale)).variants
  const verifiers = (cacheSize: number, keyCacheSize: number) => ({
    tokens: createAccessTokenVerifier({
      issuer,
      audience: resource,
      keys: createLocalKeySource(() => signer.jwks),
      cacheSize,
      ...nodeCrypto,
    }),
    proofs: createDpopVerifier({ replay: createMemoryReplayStore(), keyCacheSize, ...nodeCrypto }),
  })
  const ours = (
    name: string,
    caches: [tokens: number, keys: number],
    oneToken: boolean,
  ): Variant => {
    const checks = verifiers(...caches)
    return prepared(
      name,
      count,
      (n) => signer.calls(n, oneToken),
      async ({ request, jkt }) => {
        const verified = await authorizeRequest(request, { ...checks, dpop: 'required' })
        if (verified.jkt !== jkt) throw new Error('a good token did not verify')
      },
    )
  }
  const jwksUri = jwksServer.url
  const as = { issuer, jwks_uri: jwksUri } satisfies oauth.AuthorizationServer
  const peerGuard = auth({
    issuer,
    audience: resource,
    jwksUri,
    dpop: { enabled: true, required: true },
  })
  const variants: readonly Variant[] = [
    unit!,
    ours('holdfast, warm: known token, new proof', [5000, 5000], true),
    ours('holdfast, cold: new token and key each time', [0, 0], false),
    prepared(
      'oauth4webapi validateJwtAccessToken',
      count,
      (n) => signer.calls(n, true),
      async (call) => {
        const request = new Request(resource, {
          method: 'POST',
          headers: { authorization: `DPoP ${call.token}`, dpop: call.proof },
        })
        const claims = await oauth.validateJwtAccessToken(as, request, resource, {
          requireDPoP: true,
          [oauth.allowInsecureRequests]: true,
        })
        if (claims.cnf?.jkt !== call.jkt) throw new Error('a good token did not verify')
      },
      'no replay check',
    ),
    prepared(
      'express-oauth2-jwt-bearer',
      count,
      (n) => signer.calls(n, true),
      (call) => runExpress(peerGuard as never, call),
      'no replay check',
    ),
    ...replayVariants(scale.quick),
  ]
  return {
    name: 'rs',
    about: 'one request with a DPoP-bound token; replay is checked where not noted',
    variants,
    ratios: (by) => {
      const v = by(unitName).microsecondsPerOperation
      const warm = by('holdfast, warm: known token, new proof').microsecondsPerOperation
      const cold = by('holdfast, cold: new token and key each time').microsecondsPerOperation
      const peers = ['oauth4webapi validateJwtAccessToken', 'express-oauth2-jwt-bearer']
      const fasterPeer = Math.min(...peers.map((name) => by(name).microsecondsPerOperation))
      return { G4: warm / v, G5: cold / v, G6: fasterPeer / warm, ...replayRatios(by, v) }
    },
    close: jwksServer.close,
  }
}

/** A variant whose inputs are made before each round, outside the measured time. */
function prepared(
  name: string,
  count: number,
  make: (count: number) => Promise<readonly Call[]>,
  check: (call: Call) => Promise<void>,
  note?: string,
): Variant {
  let ready: readonly Call[] = []
  return {
    name,
    count,
    prepare: async (n) => {
      ready = await make(n)
    },
    run: (n) => inParallel(n, 16, (index) => check(ready[index]!)),
    ...(note === undefined ? {} : { note }),
  }
}

async function makeIssuer(): Promise<{
  jwks: JSONWebKeySet
  calls: (count: number, oneToken: boolean) => Promise<readonly Call[]>
}> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwks = {
    keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' }],
  }
  const token = (key: DpopKey): Promise<string> =>
    new SignJWT({ client_id: 'bench', scope: 'read', cnf: { jkt: key.jkt } })
      .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(resource)
      .setSubject('usr_bench')
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey)
  const oneKey = await generateDpopKey()
  const knownToken = await token(oneKey)
  const call = async (oneToken: boolean): Promise<Call> => {
    const key = oneToken ? oneKey : await generateDpopKey()
    const accessToken = oneToken ? knownToken : await token(key)
    const proof = await createDpopProof({ key, method: 'POST', url: resource, accessToken, sha256 })
    return {
      request: {
        method: 'POST',
        url: resource,
        authorization: [`DPoP ${accessToken}`],
        dpop: [proof],
      },
      token: accessToken,
      proof,
      jkt: key.jkt,
    }
  }
  return {
    jwks,
    calls: async (count, oneToken) => {
      const calls: Call[] = []
      for (let i = 0; i < count; i += 1) calls.push(await call(oneToken))
      return calls
    },
  }
}

async function serveJson(value: unknown): Promise<{ url: string; close: () => Promise<void> }> {
  const body = JSON.stringify(value)
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type ExpressHandler = (
  request: Record<string, unknown>,
  response: unknown,
  next: (error?: unknown) => void,
) => unknown

async function runExpress(handler: ExpressHandler, { token, proof }: Call): Promise<void> {
  const url = new URL(resource)
  await new Promise<void>((resolve, reject) => {
    const request = {
      headers: { authorization: `DPoP ${token}`, dpop: proof, host: url.host },
      rawHeaders: ['authorization', `DPoP ${token}`, 'dpop', proof, 'host', url.host],
      method: 'POST',
      protocol: 'http',
      host: url.host,
      originalUrl: url.pathname,
      url: url.pathname,
      baseUrl: '',
      path: url.pathname,
      query: {},
      body: {},
      get: (name: string) => (name.toLowerCase() === 'host' ? url.host : undefined),
      is: () => false,
    }
    void handler(request, {}, (error) => (error ? reject(error) : resolve()))
  })
}
