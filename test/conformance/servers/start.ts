import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request as forward,
  type RequestListener,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { MCPServer } from '@holdfast/resource-server/mcp'
import { mcpListener, protectedResource, protectListener } from '@holdfast/resource-server/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { sessionListener } from './sessions.ts'
import { createStatelessServer } from './stateless.ts'

/** A running server of the suite. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string
}

/** Which of the two servers: the one for each set of requirements. */
export type ServerKind = 'sessions' | 'stateless'

const resource = 'http://localhost:8000/mcp'
const scope = 'tools:call'

async function serve(listener: RequestListener): Promise<RunningServer> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const isLocal = (url: string): boolean =>
  URL.canParse(url) && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)

/** Refuses requests that a page of another origin was tricked into (DNS rebinding). */
const localOnly =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    const { host = '', origin } = request.headers
    const isAllowed = isLocal(`http://${host}`) && (origin === undefined || isLocal(origin))
    if (isAllowed) listener(request, response)
    else response.writeHead(403).end()
  }

/** The server without any protection: what the suite is made for. */
export function startOpen(kind: ServerKind): Promise<RunningServer> {
  if (kind === 'stateless') {
    const server = new MCPServer({
      server: createStatelessServer,
      handler: createMcpHandler,
      authorization: {
        enabled: false,
        resource,
        authorizationServers: ['http://localhost:4444'],
        allowedOrigins: '*', // `localOnly` judges them
      },
    })
    return serve(localOnly(mcpListener(server)))
  }
  const listener = sessionListener()
  return serve(localOnly((request, response) => void listener(request, response)))
}

/** A proxy that gives every request a token, as a client with authorization would. */
async function startProxy(target: string, token: string): Promise<RunningServer> {
  return serve((incoming: IncomingMessage, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` }
    const { method = 'GET', url = '/' } = incoming
    const onward = forward(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
}

/** The same server behind its guard, and a proxy in front that adds valid tokens. */
export async function startProtected(kind: ServerKind): Promise<RunningServer> {
  const stack = new AsyncDisposableStack()
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const keys = stack.use(
    await serve((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))),
  )
  const issuer = new URL(keys.url).origin
  const options = { resource, revocation: false } as const
  let guarded: RequestListener
  if (kind === 'stateless') {
    const server = new MCPServer({
      server: createStatelessServer,
      handler: createMcpHandler,
      authorization: { ...options, authorizationServers: [issuer], requiredScopes: [scope] },
    })
    guarded = mcpListener(server)
  } else {
    const guard = protectedResource({ ...options, issuer, scopes: { required: [scope] } })
    const listener = sessionListener()
    guarded = protectListener(guard, (request, response) => listener(request, response))
  }
  const server = stack.use(await serve(localOnly(guarded)))
  const stranger = await fetch(server.url, { method: 'POST' })
  if (stranger.status !== 401) throw new Error(`the guard let a stranger in: ${stranger.status}`)
  const token = await new SignJWT({ scope, client_id: 'suite' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(resource)
    .setSubject('suite')
    .setJti('suite-1')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  const proxy = stack.use(await startProxy(server.url, token))
  return { url: proxy.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
