import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionHandle } from '@holdfast/protocol'
import {
  createAccessTokenVerifier,
  createDpopVerifier,
  createLocalKeySource,
  createMemoryReplayStore,
} from '@holdfast/protocol/token'
import type { ToolManifest } from '@holdfast/protocol/tool-manifest'
import { mcpListener } from '@holdfast/resource-server/node'
import { createTestConnections, type TestConnection } from './connections.ts'
import { type IssuerParts, type ResourceClient, routeOf } from './issuer-routes.ts'
import { listenOnLoopback, type Listening } from './loopback.ts'
import { refusalOf } from './refusals.ts'
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
  /**
   * What `publishManifest` said about the tools of a server. Default: of the one that was served last.
   */
  readonly manifest: (resource?: string) => ToolManifest | undefined
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
  const manifests = new Map<string, ToolManifest>()
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
    manifests,
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

  const lastServed = (): string | undefined => [...clients.values()].at(-1)?.resource

  return {
    issuer,
    issueToken: async (options = {}) => {
      const resource = options.resource ?? lastServed()
      if (resource === undefined) throw new TypeError('serve something first, or name a resource')
      return signer.sign(claimsOf(options, resource))
    },
    revoke: revocations.add,
    serve,
    addConnection: connections.add,
    manifest: (resource = lastServed()) => manifests.get(resource ?? ''),
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
  const [status, body] = await answerOf(parts, request).catch(refusalOf)
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-holdfast-test-double': 'testing',
  })
  response.end(JSON.stringify(body))
}

async function answerOf(
  parts: IssuerParts | undefined,
  request: IncomingMessage,
): Promise<readonly [number, unknown]> {
  const [path = '/'] = (request.url ?? '/').split('?')
  const route = routeOf(request.method ?? 'GET', path)
  if (route === undefined || parts === undefined) return [404, { error: 'not_found' }]
  const body = await route(parts, request)
  return [body === undefined ? 204 : 200, body]
}
