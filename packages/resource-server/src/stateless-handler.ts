import type { HandlerContext, OfficialHandler } from './mcp-server.ts'

/** The parts of SDK v1's `WebStandardStreamableHTTPServerTransport` that are used here. */
export interface WebTransport {
  readonly handleRequest: (request: Request, context?: HandlerContext) => Promise<Response>
}

/** The part of SDK v1's `McpServer` that takes a transport. */
export interface ConnectableServer {
  readonly connect: (transport: never) => Promise<void>
}

/**
 * A handler for servers of SDK v1: a fresh server and transport for each request.
 *
 * @example
 * ```ts
 * handler: statelessHandler(() => new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true }))
 * ```
 */
export function statelessHandler(
  createTransport: () => WebTransport,
): (createServer: () => ConnectableServer) => OfficialHandler {
  return (createServer) => ({
    fetch: async (request, context) => {
      const transport = createTransport()
      await createServer().connect(transport as never)
      return transport.handleRequest(request, context)
    },
  })
}
