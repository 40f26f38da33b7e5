import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  authorizeRequest,
  createAccessTokenVerifier,
  createDpopProof,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  type DpopKey,
  TokenError,
} from '@holdfast/protocol/token'
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import { nodeSha256 } from '../src/node.ts'

export const resource = 'https://mcp.example/mcp'
export const client = { id: 'mcp-server', secret: 'c2VjcmV0' }

/** What the double answers to one dispatch. */
export type DispatchAnswer = (body: unknown, headers: IncomingMessage['headers']) => unknown

/**
 * An authorization server reduced to what a resource server talks to: keys, deny list, token exchange
 * and dispatch, all over real HTTP and with real signatures.
 */
export interface IssuerDouble extends AsyncDisposable {
  readonly issuer: string
  readonly signToken: (
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
  ) => Promise<string>
  /** Requests so far by path. */
  readonly count: (path: string) => number
  keys: JSONWebKeySet
  readonly privateKey: CryptoKey
  denied: Array<{ kind: string; value: string; expires_at: number }>
  dispatch: DispatchAnswer
  /** Status that the given path answers instead of its work. */
  readonly broken: Map<string, number>
  exchangedLifetimeSeconds: number
  /** Answers exchanges that name a connection: where it can be made. */
  connectUrl: string | undefined
  /** Where the server asks what became of that; answered by {@link polled}. */
  pollUrl: string | undefined
  /** Answers to polls by the server's own client; the last one for ever. */
  readonly polled: unknown[]
  /** What exchanged tokens name in place of the connections of the user's token. */
  granted: Record<string, string> | undefined
  /** Bodies of all token requests. */
  readonly exchanges: URLSearchParams[]
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

const send = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function startIssuer(): Promise<IssuerDouble> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const counts = new Map<string, number>()
  const broken = new Map<string, number>()
  const exchanges: URLSearchParams[] = []
  const server = createServer()
  const issuer = await listen(server)
  const isOurClient = ({ headers }: IncomingMessage): boolean => {
    const credentials = atob(headers.authorization?.replace('Basic ', '') ?? '')
    return (
      credentials.split(':').map(decodeURIComponent).join(':') === `${client.id}:${client.secret}`
    )
  }

  const double: IssuerDouble = {
    issuer,
    keys: { keys: [jwk] },
    privateKey: pair.privateKey,
    denied: [],
    broken,
    exchanges,
    exchangedLifetimeSeconds: 300,
    connectUrl: undefined,
    pollUrl: undefined,
    polled: [],
    granted: undefined,
    dispatch: () => ({ success: true, response: { status: 200, headers: {}, body: null } }),
    count: (path) => counts.get(path) ?? 0,
    signToken: (claims = {}, header = {}) => {
      const seconds = Math.floor(Date.now() / 1000)
      return new SignJWT({
        iss: issuer,
        aud: resource,
        sub: 'usr_1',
        client_id: 'agent',
        jti: crypto.randomUUID(),
        iat: seconds,
        exp: seconds + 300,
        scope: 'tools:call',
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header })
        .sign(pair.privateKey)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  const proofs = createDpopVerifier({ replay: createMemoryReplayStore(), sha256: nodeSha256 })
  const tokens = createAccessTokenVerifier({
    issuer,
    audience: `${issuer}/dispatch`,
    keys: createLocalKeySource(() => double.keys),
    sha256: nodeSha256,
  })

  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readBody(request))
    exchanges.push(form)
    if (!isOurClient(request)) {
      send(response, 401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="x"' })
      return
    }
    if (form.has('connection') && double.connectUrl !== undefined) {
      const { connectUrl: connect_url, pollUrl: poll_url } = double
      send(response, 400, { error: 'oauth_required', connect_url, poll_url })
      return
    }
    const subject = await tokens.verify(form.get('subject_token') ?? '', resource)
    const { jkt } = await proofs.verify({
      proof: request.headersDistinct['dpop']?.[0] ?? '',
      method: 'POST',
      url: `${issuer}/oauth2/token`,
    })
    const token = await double.signToken({
      aud: form.get('resource'),
      scope: form.get('scope'),
      sub: subject.subject,
      act: { sub: client.id },
      cnf: { jkt },
      'ddls:resource': resource,
      'ddls:connections': double.granted ?? subject.connections,
    })
    send(response, 200, {
      access_token: token,
      token_type: 'DPoP',
      expires_in: double.exchangedLifetimeSeconds,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
  }

  const serveDispatch = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const body = await readBody(request)
    await authorizeRequest(
      {
        method: 'POST',
        url: `${issuer}/dispatch`,
        authorization: request.headersDistinct['authorization'] ?? [],
        dpop: request.headersDistinct['dpop'] ?? [],
      },
      { tokens, proofs, dpop: 'required', scopes: ['dispatch'] },
    )
    send(response, 200, double.dispatch(JSON.parse(body), request.headers))
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/'
    counts.set(path, double.count(path) + 1)
    const status = broken.get(path)
    if (status !== undefined) return send(response, status, { error: 'invalid_grant' })
    if (path === '/.well-known/jwks.json') return send(response, 200, double.keys)
    if (path === '/oauth2/token') return exchange(request, response)
    if (path === '/v1/connect-tickets/abc') {
      const [first, ...later] = double.polled
      if (later.length > 0) double.polled.shift()
      return isOurClient(request) ? send(response, 200, first) : send(response, 404, {})
    }
    if (path === '/dispatch') return serveDispatch(request, response)
    if (path === '/oauth2/deny-list') {
      if (!isOurClient(request)) return send(response, 401, {})
      const etag = `"${nodeSha256(JSON.stringify(double.denied)) as string}"`
      const wantsAll = request.headers['cache-control']?.includes('no-cache') === true
      if (request.headers['if-none-match'] === etag && !wantsAll) {
        counts.set('304', double.count('304') + 1)
        response.writeHead(304).end()
        return undefined
      }
      return send(response, 200, { epoch: etag, entries: double.denied }, { etag })
    }
    return send(response, 404, {})
  }
  server.on('request', (request, response) => {
    serve(request, response).catch((error: unknown) => {
      const status = error instanceof TokenError ? error.status : 500
      send(response, status, { error: String(error) })
    })
  })
  return double
}

/** Headers of a request to the protected resource with a bound token. */
export async function dpopHeaders(
  key: DpopKey,
  accessToken: string,
  method: string,
  url: string,
): Promise<Record<string, string>> {
  const dpop = await createDpopProof({ key, method, url, accessToken })
  return { authorization: `DPoP ${accessToken}`, dpop }
}
