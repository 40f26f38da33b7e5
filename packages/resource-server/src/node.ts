/**
 * Binding for `node:http`, and the guard with Node's synchronous cryptography.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthenticatedRequest, AuthInfo } from './authenticated-request.ts'
import { nodeImportProofKey, nodeSha256, nodeVerifySignature } from './node-crypto.ts'
import { nodeResourceRequest, sendAnswer, setHeaders } from './node-exchange.ts'
import { endFailed } from './node-failure.ts'
import { serveFetch } from './node-fetch.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { printFailure } from './print-failure.ts'
import {
  protectedResource as portableResource,
  type ProtectedResource,
} from './protected-resource.ts'

export { nodeImportProofKey, nodeSha256, nodeVerifySignature } from './node-crypto.ts'

/**
 * Node's synchronous hash, key import and signature check, about half the cost of WebCrypto's, for the
 * options of `MCPServer` and `JWTValidator`: `{ ...nodeCrypto, … }`.
 */
export const nodeCrypto: {
  readonly sha256: typeof nodeSha256
  readonly verifySignature: typeof nodeVerifySignature
  readonly importProofKey: typeof nodeImportProofKey
} = Object.freeze({
  sha256: nodeSha256,
  verifySignature: nodeVerifySignature,
  importProofKey: nodeImportProofKey,
})

/**
 * {@link portableResource} with Node's hash and signature check.
 *
 * @throws TypeError for options that cannot work
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  return portableResource({ ...nodeCrypto, ...options })
}

/**
 * A `node:http` listener of a fetch handler, such as an `MCPServer`. Repeated headers stay visible, and
 * a wrong option of an `MCPServer` stops the start here.
 *
 * @example
 * ```ts
 * createServer(mcpListener(server)).listen(8000)
 * ```
 * @param onFailure - told when the server itself fails; the client then gets 500. Default prints it
 */
export function mcpListener(
  server: { readonly guard?: unknown; readonly fetch: (request: Request) => Promise<Response> },
  onFailure: (error: unknown) => void = printFailure,
): (request: IncomingMessage, response: ServerResponse) => void {
  // The getter builds the guard, and throws for options that cannot work.
  void server.guard
  return (request, response) => {
    serveFetch(server.fetch, request, response).catch((error: unknown) =>
      endFailed(error, response, onFailure),
    )
  }
}

/** A request that a guard let through. `auth` is what the MCP SDKs' Node transports read. */
export type GuardedRequest = IncomingMessage & { method: string; url: string; auth?: AuthInfo }

/** A listener behind a guard; `context` is undefined only on public paths. */
export type ProtectedListener = (
  request: GuardedRequest,
  response: ServerResponse,
  context: AuthenticatedRequest | undefined,
) => void | Promise<void>

/**
 * Puts a guard in front of a `node:http` listener.
 *
 * @param onFailure - told when the listener itself fails; the client then gets 500. Default prints it
 */
export function protectListener(
  resource: ProtectedResource,
  listener: ProtectedListener,
  onFailure: (error: unknown) => void = printFailure,
): (request: IncomingMessage, response: ServerResponse) => void {
  const serve = async (request: GuardedRequest, response: ServerResponse): Promise<void> => {
    const decision = await resource.check(nodeResourceRequest(request))
    if (decision.answer !== undefined) {
      sendAnswer(response, decision.answer)
      return
    }
    setHeaders(response, decision.headers)
    if (decision.request !== undefined) request.auth = decision.request.authInfo
    await listener(request, response, decision.request)
  }
  return (request, response) => {
    // A server's request always has a method and a URL; the type also covers a client's response.
    serve(request as GuardedRequest, response).catch((error: unknown) =>
      endFailed(error, response, onFailure),
    )
  }
}
