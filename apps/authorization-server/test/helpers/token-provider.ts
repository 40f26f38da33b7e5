/**
 * A provider of accounts on loopback, over TLS: an oidc-provider with refresh tokens that are good for
 * one use and a family that dies when one is used twice; token endpoints for service accounts and for
 * GitHub Apps; and the API that takes the tokens of all of them.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { CredentialKind } from '@holdfast/protocol'
import { jwtVerify } from 'jose'
import { Provider } from 'oidc-provider'
import { Agent, request } from 'undici'
import { createAuthority } from '../../../../test/helpers/tls.ts'

export interface TokenProviderOptions {
  /** Life of access tokens. Default 3600. */
  readonly accessTokenSeconds?: number
}

/** Does something else with a request; answers whether it did. */
export type Trick = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => boolean | Promise<boolean>

export interface TokenProvider extends AsyncDisposable {
  /** `https://localhost:port`. */
  readonly url: string
  readonly authority: string
  readonly caPem: string
  readonly client: { readonly id: string; readonly secret: string }
  /** PEM of the key that service accounts and GitHub Apps sign with. */
  readonly privateKeyPem: string
  /** Every secret that went over the wire: verifiers, codes, tokens, assertions. */
  readonly secrets: ReadonlySet<string>
  /** Requests at token endpoints, by grant. */
  readonly asked: Readonly<Record<string, number>>
  /** Tokens that were ended by request. */
  readonly ended: readonly string[]
  /** Requests for the API that held a valid token. */
  readonly accepted: () => number
  trick: Trick | undefined
  /** Passes the provider's pages as a person with this account does; returns where it leads back to. */
  approve(url: string, account?: string): Promise<URL>
  /** Makes every access token that was given so far worthless to the API, although it is not over. */
  forgetAccessTokens(): void
  /** Ends the grants of all accounts. */
  endGrants(): Promise<void>
}

/** The credential of its service account, whose key is `privateKeyPem`. */
export const serviceAccount = ({ url }: Pick<TokenProvider, 'url'>) =>
  ({
    kind: 'jwt_bearer',
    token_endpoint: `${url}/service/token`,
    issuer: 'robot@project.example',
    subject: 'ada@example.org',
    algorithm: 'RS256',
    scopes: ['read', 'write'],
    scopes_in: 'assertion',
  }) satisfies CredentialKind

/** Starts the provider. */
export async function startTokenProvider(
  options: TokenProviderOptions = {},
): Promise<TokenProvider> {
  const authority = createAuthority()
  const { certPem, keyPem } = authority.issue(['localhost'])
  const sockets = new Set<Socket>()
  const server = createServer({ cert: certPem, key: keyPem })
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `https://localhost:${port}`

  const client = { id: 'holdfast-at-provider', secret: `cs_${randomBytes(24).toString('hex')}` }
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKeyPem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const seconds = options.accessTokenSeconds ?? 3600
  const secrets = new Set<string>([client.secret])
  const asked: Record<string, number> = {}
  const ended: string[] = []
  const minted = new Map<string, number>()
  const forgotten = new Set<string>()
  let accepted = 0
  const oidc = createOidc(url, client, seconds)
  const given: string[] = []

  const isGood = async (token: string): Promise<boolean> => {
    if (forgotten.has(token) || ended.includes(token)) return false
    if ((minted.get(token) ?? 0) > Date.now()) return true
    const found = (await oidc.AccessToken.find(token)) ?? (await oidc.ClientCredentials.find(token))
    return found !== undefined
  }
  const mint = (prefix: string): { token: string; expiresAt: number } => {
    const token = `${prefix}_${randomBytes(24).toString('hex')}`
    const expiresAt = Date.now() + seconds * 1000
    minted.set(token, expiresAt)
    note({ token })
    return { token, expiresAt }
  }
  const note = (values: Readonly<Record<string, unknown>>): void => {
    for (const name of secretNames) {
      const value = values[name]
      if (typeof value !== 'string') continue
      secrets.add(value)
      if (name === 'access_token' || name === 'token') given.push(value)
    }
  }

  const own: Record<string, (request: IncomingMessage, body: string) => Promise<Answer>> = {
    'GET /api/me': async ({ headers }) => {
      const token = headers.authorization?.replace(/^Bearer /, '') ?? ''
      if (!(await isGood(token))) return [401, { error: 'invalid_token', token }]
      accepted++
      return [200, { account: 'octo', echo: token }]
    },
    'POST /api/things': async ({ headers }) => {
      const token = headers.authorization?.replace(/^Bearer /, '') ?? ''
      return (await isGood(token)) ? [201, { ok: true }] : [401, { error: 'invalid_token' }]
    },
    'POST /service/token': async (_request, body) => {
      const form = new URLSearchParams(body)
      const assertion = form.get('assertion') ?? ''
      secrets.add(assertion)
      try {
        const { payload } = await jwtVerify(assertion, keys.publicKey, {
          issuer: 'robot@project.example',
          audience: `${url}/service/token`,
          subject: 'ada@example.org',
          requiredClaims: ['exp', 'iat', 'jti'],
        })
        if (form.has('client_id') || payload['scope'] !== 'read write') throw new Error('wrong')
      } catch {
        return [400, { error: 'invalid_grant', error_description: assertion }]
      }
      const { token } = mint('svc')
      return [200, { access_token: token, expires_in: seconds, token_type: 'Bearer' }]
    },
    'POST /app/installations/77/access_tokens': async ({ headers }) => {
      const assertion = headers.authorization?.replace(/^Bearer /, '') ?? ''
      secrets.add(assertion)
      try {
        await jwtVerify(assertion, keys.publicKey, { issuer: 'app-5', maxTokenAge: '10m' })
      } catch {
        return [401, { message: 'A JSON web token could not be decoded', assertion }]
      }
      const { token, expiresAt } = mint('ghs')
      const expires_at = new Date(expiresAt).toISOString()
      return [201, { token, expires_at, permissions: { issues: 'read' } }]
    },
    'DELETE /installation/token': async ({ headers }) => {
      ended.push(headers.authorization?.replace(/^Bearer /, '') ?? '')
      return [204, undefined]
    },
    'POST /service/revoke': async (_request, body) => {
      ended.push(new URLSearchParams(body).get('token') ?? '')
      return [200, undefined]
    },
  }

  const provider: TokenProvider = {
    url,
    authority: `localhost:${port}`,
    caPem: authority.caPem,
    client,
    privateKeyPem,
    secrets,
    asked,
    ended,
    accepted: () => accepted,
    trick: undefined,
    approve: (target, account = 'ada') => approve(url, authority.caPem, target, account),
    forgetAccessTokens: () => given.forEach((token) => forgotten.add(token)),
    async endGrants() {
      grantIds.get(oidc)?.forEach((id) => void revokeGrant(oidc, id))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }

  const library = oidc.callback()
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    void handle(incoming, response).catch(() => response.destroy())
  })
  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming)
    const form = Object.fromEntries(new URLSearchParams(body))
    if (incoming.method === 'POST') note(form)
    if (form['grant_type']) asked[form['grant_type']] = (asked[form['grant_type']] ?? 0) + 1
    if (await provider.trick?.(incoming, response, body)) return
    const path = incoming.url?.split('?')[0] ?? ''
    const route = own[`${incoming.method} ${path}`]
    if (route) {
      const [status, json] = await route(incoming, body)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(json && JSON.stringify(json))
      return
    }
    if (path.startsWith('/interaction/')) {
      const account = /account=(\w+)/.exec(incoming.headers.cookie ?? '')?.[1] ?? 'nobody'
      await finishInteraction(oidc, incoming, response, account)
      return
    }
    if (path === '/token/revocation') ended.push(form['token'] ?? '')
    hearAnswer(response, note)
    // The body was read above; the library takes it from here.
    Object.assign(incoming, { body: form })
    await library(incoming, response)
  }
  return provider
}

type Answer = readonly [status: number, json: object | undefined]

const secretNames = [
  ...['access_token', 'refresh_token', 'token', 'code', 'code_verifier', 'client_secret'],
  ...['assertion', 'id_token'],
]

const grantIds = new WeakMap<Provider, Set<string>>()

function createOidc(
  url: string,
  client: { readonly id: string; readonly secret: string },
  accessTokenSeconds: number,
): Provider {
  const oidc = new Provider(url, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        // Any port of this machine.
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/oauth/callback', 'http://localhost/oauth/callback'],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    scopes: ['openid', 'offline_access', 'profile'],
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
    },
    pkce: { required: () => true },
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      AuthorizationCode: 60,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 3600,
      Interaction: 600,
      IdToken: 60,
    },
  })
  grantIds.set(oidc, new Set())
  return oidc
}

async function finishInteraction(
  oidc: Provider,
  incoming: IncomingMessage,
  response: ServerResponse,
  account: string,
): Promise<void> {
  const { params, prompt } = await oidc.interactionDetails(incoming, response)
  if (account === 'nobody') {
    await oidc.interactionFinished(incoming, response, { error: 'access_denied' })
    return
  }
  if (prompt.name === 'login') {
    await oidc.interactionFinished(incoming, response, { login: { accountId: account } })
    return
  }
  const grant = new oidc.Grant({ accountId: account, clientId: String(params['client_id']) })
  grant.addOIDCScope('openid profile offline_access')
  const grantId = await grant.save()
  grantIds.get(oidc)?.add(grantId)
  await oidc.interactionFinished(incoming, response, { consent: { grantId } })
}

async function revokeGrant(oidc: Provider, grantId: string): Promise<void> {
  await oidc.RefreshToken.revokeByGrantId(grantId)
  await oidc.AccessToken.revokeByGrantId(grantId)
}

async function approve(origin: string, ca: string, target: string, account: string): Promise<URL> {
  const agent = new Agent({ connect: { ca } })
  const jar = new Map([['account', account]])
  let next = new URL(target)
  try {
    for (let hop = 0; hop < 12; hop++) {
      const answer = await request(next, {
        dispatcher: agent,
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      const text = await answer.body.text()
      const { location } = answer.headers
      if (typeof location !== 'string') throw new Error(`the provider answered: ${text}`)
      next = new URL(location, next)
      if (next.origin !== origin) return next
    }
    throw new Error('the provider redirects for ever')
  } finally {
    await agent.close()
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Notes the tokens of an answer. */
function hearAnswer(
  response: ServerResponse,
  note: (values: Readonly<Record<string, unknown>>) => void,
): void {
  const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse
  response.end = ((chunk?: unknown, ...rest: unknown[]) => {
    try {
      note(JSON.parse(String(chunk)) as Record<string, unknown>)
    } catch {
      // A page, or nothing.
    }
    return end(chunk, ...rest)
  }) as typeof response.end
}
