import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createDpopVerifier, createMemoryReplayStore } from '@holdfast/protocol/token'
import { onTestFinished } from 'vitest'

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>]
type Route = (request: IncomingMessage, body: string, path: string) => Promise<Answer> | Answer

async function serve(route: Route): Promise<string> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [status, body, headers] = await route(request, await text(request), request.url ?? '/')
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A form that reached a token endpoint, with what authenticated it. */
export interface TokenRequest {
  readonly form: Readonly<Record<string, string>>
  readonly authorization: string | undefined
  readonly proof: string | undefined
}

/** An authorization server that really checks PKCE, proofs, single use and polling. */
export interface World {
  readonly issuer: string
  /** Method and path of every request. */
  readonly requests: string[]
  readonly tokenRequests: TokenRequest[]
  /** Overwrites parts of the metadata. */
  metadata: Record<string, unknown>
  /** `iss` of the redirect; undefined sends none. */
  iss: string | undefined
  expiresIn: number
  demandNonce: boolean
  /** Refuses refreshes as those of a client that it does not know. */
  hasForgottenClients: boolean
  /** Says `Bearer` also where a proof was sent. */
  forgetsProofs: boolean
  /** Overwrites parts of the answer to a device. */
  device: Record<string, unknown>
  /** How often the person has not yet entered the code. */
  pendingPolls: number
  /** Stands in for a browser and a person who agrees. */
  readonly authorize: (url: URL) => Promise<URL>
  readonly scopesAsked: (string | null)[]
}

const nonce = 'nonce-of-the-as'

export async function startAuthorizationServer(): Promise<World> {
  const codes = new Map<string, { readonly challenge: string; readonly scope: string }>()
  const refreshTokens = new Map<string, string>()
  const proofs = createDpopVerifier({ replay: createMemoryReplayStore() })

  const grant = (jkt: string | undefined, scope: string): Answer => {
    const refresh = `refresh-${randomUUID()}`
    refreshTokens.set(refresh, scope)
    return [
      200,
      {
        access_token: tokenOf({ iss: world.issuer, scope, jkt }),
        token_type: jkt !== undefined && !world.forgetsProofs ? 'DPoP' : 'Bearer',
        expires_in: world.expiresIn,
        refresh_token: refresh,
        scope,
      },
    ]
  }

  const token = async (request: IncomingMessage, body: string): Promise<Answer> => {
    const form = Object.fromEntries(new URLSearchParams(body))
    const { dpop, authorization } = request.headers
    const proof = typeof dpop === 'string' ? dpop : undefined
    world.tokenRequests.push({ form, authorization, proof })
    let jkt: string | undefined
    if (proof !== undefined) {
      const url = `${world.issuer}/token`
      const wanted = world.demandNonce ? { nonce } : {}
      try {
        ;({ jkt } = await proofs.verify({ proof, method: 'POST', url, ...wanted }))
      } catch {
        return [400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': nonce }]
      }
    }
    switch (form['grant_type']) {
      case 'authorization_code': {
        const code = codes.get(form['code'] ?? '')
        codes.delete(form['code'] ?? '')
        const challenge = createHash('sha256')
          .update(form['code_verifier'] ?? '')
          .digest('base64url')
        return code?.challenge === challenge
          ? grant(jkt, code.scope)
          : [400, { error: 'invalid_grant' }]
      }
      case 'refresh_token': {
        if (world.hasForgottenClients) return [401, { error: 'invalid_client' }]
        const scope = refreshTokens.get(form['refresh_token'] ?? '')
        refreshTokens.delete(form['refresh_token'] ?? '')
        return scope === undefined ? [400, { error: 'invalid_grant' }] : grant(jkt, scope)
      }
      case 'urn:ietf:params:oauth:grant-type:device_code':
        world.pendingPolls -= 1
        return world.pendingPolls >= 0
          ? [400, { error: 'authorization_pending' }]
          : grant(jkt, 'files:read')
      default:
        return grant(jkt, form['scope'] ?? '')
    }
  }

  const issuer = await serve(async (request, body, path) => {
    world.requests.push(`${request.method} ${path}`)
    if (path === '/.well-known/oauth-authorization-server') return [200, metadata()]
    if (path === '/register') {
      const asked = JSON.parse(body) as object
      return [201, { ...asked, client_id: `dcr-${randomUUID()}` }]
    }
    if (path === '/device') {
      const uri = `${world.issuer}/activate`
      const codes = { device_code: 'd-1', user_code: 'ABCD-EFGH', verification_uri: uri }
      return [200, { ...codes, expires_in: 60, interval: 0.01, ...world.device }]
    }
    return path === '/token' ? token(request, body) : [404, {}]
  })
  const metadata = (): object => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    device_authorization_endpoint: `${issuer}/device`,
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
    ...world.metadata,
  })
  const world: World = {
    issuer,
    requests: [],
    tokenRequests: [],
    metadata: {},
    iss: issuer,
    expiresIn: 300,
    demandNonce: false,
    hasForgottenClients: false,
    forgetsProofs: false,
    device: {},
    pendingPolls: 0,
    scopesAsked: [],
    authorize: (url) => {
      const { searchParams: asked } = url
      const code = `code-${randomUUID()}`
      codes.set(code, {
        challenge: asked.get('code_challenge') ?? '',
        scope: asked.get('scope') ?? '',
      })
      world.scopesAsked.push(asked.get('scope'))
      const answer = new URL(asked.get('redirect_uri') ?? '')
      answer.searchParams.set('code', code)
      answer.searchParams.set('state', asked.get('state') ?? '')
      if (world.iss !== undefined) answer.searchParams.set('iss', world.iss)
      return Promise.resolve(answer)
    },
  }
  return world
}

interface Claims {
  readonly iss: string
  readonly scope: string
  readonly jkt: string | undefined
}

/** Unsigned: the server below knows its authorization server by what it was told. */
const tokenOf = (claims: Claims): string =>
  `h.${Buffer.from(JSON.stringify({ ...claims, jti: randomUUID() })).toString('base64url')}.s`

const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims

/** A protected server that answers what it was sent, and checks proofs. */
export interface ProtectedWorld {
  /** Where to call it. */
  readonly url: string
  readonly requests: string[]
  /** Tokens that reached it. */
  readonly tokens: string[]
  /** Their proofs. */
  readonly proofs: string[]
  /** Overwrites parts of its metadata. */
  metadata: Record<string, unknown>
  challenge: string
  requiredScope: string
  takesProofs: boolean
  demandNonce: boolean
  /** Errors by which the next calls with a token are refused. */
  errors: string[]
  /** Sends callers elsewhere. */
  redirectTo: string | undefined
}

export async function startProtectedServer(issuer: () => string): Promise<ProtectedWorld> {
  const proofs = createDpopVerifier({ replay: createMemoryReplayStore() })
  const origin = await serve(async (request, _body, path) => {
    world.requests.push(`${request.method} ${path}`)
    if (path.endsWith('/broken')) return [503, {}]
    if (path === '/nowhere') return [404, {}]
    if (path.startsWith('/.well-known/oauth-protected-resource')) {
      return [200, { resource: world.url, authorization_servers: [issuer()], ...world.metadata }]
    }
    if (world.redirectTo !== undefined) return [307, {}, { location: world.redirectTo }]
    const scheme = world.takesProofs ? 'DPoP' : 'Bearer'
    const [presented, token] = (request.headers.authorization ?? '').split(' ')
    if (token === undefined || presented !== scheme || claimsOf(token).iss !== issuer()) {
      return [401, {}, { 'www-authenticate': `${scheme} ${world.challenge}` }]
    }
    world.tokens.push(token)
    const error = world.errors.shift()
    if (error !== undefined) {
      return [401, {}, { 'www-authenticate': `${scheme} error="${error}"` }]
    }
    const { scope, jkt } = claimsOf(token)
    if (world.takesProofs) {
      const check = { method: request.method ?? '', url: `${origin}${path}`, accessToken: token }
      const wanted = world.demandNonce ? { nonce: 'nonce-of-the-rs' } : {}
      try {
        const proof = String(request.headers['dpop'])
        world.proofs.push(proof)
        await proofs.verify({ ...check, proof, expectedJkt: jkt ?? '', ...wanted })
      } catch {
        const demand = { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
        return [401, {}, { ...demand, 'dpop-nonce': 'nonce-of-the-rs' }]
      }
    }
    if (!scope.split(' ').includes(world.requiredScope)) {
      const demand = `${scheme} error="insufficient_scope", scope="${world.requiredScope}"`
      return [403, {}, { 'www-authenticate': demand }]
    }
    return [200, { scope }]
  })
  const world: ProtectedWorld = {
    url: `${origin}/mcp`,
    requests: [],
    tokens: [],
    proofs: [],
    metadata: {},
    challenge: 'scope="files:read"',
    requiredScope: 'files:read',
    takesProofs: false,
    demandNonce: false,
    errors: [],
    redirectTo: undefined,
  }
  return world
}

/** A protected server and the authorization server that it names. */
export async function setting(): Promise<{ readonly as: World; readonly rs: ProtectedWorld }> {
  const as = await startAuthorizationServer()
  return { as, rs: await startProtectedServer(() => as.issuer) }
}
