import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionHandle } from '@holdfast/protocol'
import {
  createAccessTokenVerifier,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
  TokenError,
} from '@holdfast/protocol/token'
import { mcpListener } from '@holdfast/resource-server/node'
import { createTestConnections, type TestConnection } from './connections.ts'
import { type IssuerParts, type ResourceClient, routes } from './issuer-routes.ts'
import { listenOnLoopback, type Listening } from './loopback.ts'
import { createRevocations, type Revocation } from './revocations.ts'
import { claimsOf, type TokenOptions } from './token-options.ts'
import { createTokenSigner } from './token-signer.ts'

/** The `authorization` of a server under test, complete with its own client at the test issuer. */
export interface TestAuthorization {
  readonly resource: string
  readonly authorizationServers: readonly [string]
  readonly client: { readonly id: string; readonly secret: string }
  readonly revocation: { readonly maxStaleMs: number }
}

/** What can be served: `MCPServer` and everything else that answers a fetch request. */
export interface FetchServer {
  readonly fetch: (request: Request) => Promise<Response>
}

/** A server under test that listens on 127.0.0.1. */
export interface ServedServer<Server extends FetchServer> extends AsyncDisposable {
  /** Where clients connect; its resource identifier too. */
  readonly url: string
  readonly server: Server
}

/** An authorization server in this process. */
export interface TestIssuer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: metadata, keys, token exchange, deny list and dispatch are there. */
  readonly issuer: string
  /** A token signed by the issuer's key, as the real server would issue it. */
  readonly issueToken: (options?: TokenOptions) => Promise<string>
  /** Takes effect with the next request. */
  readonly revoke: (revocation: Revocation) => void
  /** Serves what the callback makes of the authorization that it is given. */
  readonly serve: <Server extends FetchServer>(
    make: (authorization: TestAuthorization) => Server,
  ) => Promise<ServedServer<Server>>
  /**
   * Adds a connection to the dispatch double, which is no vault: it keeps the credential in plain
   * text in this process. Name the handle in `issueToken({ connections })`.
   */
  readonly addConnection: (connection: TestConnection) => ConnectionHandle
}

/**
 * Starts an authorization server in this process: real keys, real metadata, real signatures, checked
 * by the same code as in production. There is no sign-in: `issueToken` is the person who agrees.
 *
 * @example
 * ```ts
 * await using issuer = await createTestIssuer()
 * await using files = await issuer.serve((authorization) => filesServer(authorization))
 * const token = await issuer.issueToken({ scopes: ['files:read'] })
 * ```
 */
export async function createTestIssuer(): Promise<TestIssuer> {
  const clients = new Map<string, ResourceClient>()
  const served: Listening[] = []
  const connections = createTestConnections()
  const revocations = createRevocations()
  let parts: IssuerParts | undefined
  const listening = await listenOnLoopback((_origin) => (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      // oxlint-disable-next-line eslint/no-console -- a test should say why it fails
      console.error('the test issuer failed:', error)
      response.destroy()
    })
  })
  const issuer = listening.origin
  const signer = await createTokenSigner(issuer)
  parts = {
    issuer,
    signer,
    clients,
    connections,
    revocations,
    tokens: createAccessTokenVerifier({
      issuer,
      audience: `${issuer}/dispatch`,
      keys: createLocalKeySource(() => signer.keys),
    }),
    proofs: createDpopVerifier({ replay: createMemoryReplayStore() }),
  }

  const serve: TestIssuer['serve'] = async (make) => {
    let server: ReturnType<typeof make> | undefined
    const place = await listenOnLoopback((origin) => {
      server = make(register(clients, issuer, `${origin}/mcp`))
      return mcpListener(server)
    })
    served.push(place)
    return {
      url: `${place.origin}/mcp`,
      server: server as ReturnType<typeof make>,
      [Symbol.asyncDispose]: () => dispose(served, place),
    }
  }

  return {
    issuer,
    issueToken: async (options = {}) => {
      const resource = options.resource ?? [...clients.values()].at(-1)?.resource
      if (resource === undefined) throw new TypeError('serve something first, or name a resource')
      return signer.sign(claimsOf(options, resource))
    },
    revoke: revocations.add,
    serve,
    addConnection: connections.add,
    async [Symbol.asyncDispose]() {
      for (const place of [...served]) await dispose(served, place)
      await listening[Symbol.asyncDispose]()
    },
  }
}

async function dispose(served: Listening[], place: Listening): Promise<void> {
  const index = served.indexOf(place)
  if (index === -1) return
  served.splice(index, 1)
  await place[Symbol.asyncDispose]()
}

function register(
  clients: Map<string, ResourceClient>,
  issuer: string,
  resource: string,
): TestAuthorization {
  const id = `server-${clients.size + 1}`
  const secret = randomBytes(24).toString('base64url')
  clients.set(id, { id, secret, resource })
  return {
    resource,
    authorizationServers: [issuer],
    client: { id, secret },
    // A test that revokes wants to see it at once.
    revocation: { maxStaleMs: 0 },
  }
}

async function answer(
  parts: IssuerParts | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '/').split('?')
  const route = routes[`${request.method} ${path}`]
  const [status, body] = await run(async () =>
    route === undefined || parts === undefined
      ? [404, { error: 'not_found' }]
      : [200, await route(parts, request)],
  )
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-holdfast-test-double': 'testing',
  })
  response.end(JSON.stringify(body))
}

async function run(
  work: () => Promise<readonly [number, unknown]>,
): Promise<readonly [number, unknown]> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TokenError) {
      return [error.status, { error: error.code, error_description: error.message }]
    }
    return [400, { error: 'invalid_request' }]
  }
}
