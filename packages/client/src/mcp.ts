/**
 * The official MCP client with this SDK's authorization. Needs the peer `@modelcontextprotocol/client`.
 *
 * @module
 */
import {
  Client,
  type ClientOptions,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { ClientError } from './errors.ts'
import { errorOf, type Fetch } from './http.ts'
import type { Auth } from './oauth/auth.ts'
import { authorizedFetch } from './oauth/authorized-fetch.ts'

/** How {@link MCPClient.connect} reaches a server. */
export interface ConnectOptions {
  readonly auth: Auth
  /** What the client calls itself. Default `holdfast-client`. */
  readonly clientInfo?: { readonly name: string; readonly version: string }
  /** Options of the official client. Default: the protocol version is negotiated. */
  readonly client?: ClientOptions
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /** How long one request for metadata, registration or tokens may take. Default 30000. */
  readonly authorizationTimeoutMs?: number
}

/** The official MCP client, connected. */
export const MCPClient = {
  /**
   * Connects to a protected MCP server over Streamable HTTP.
   *
   * @throws ClientError when no token can be obtained, `UNAUTHORIZED` or `FORBIDDEN` when the server
   *   refuses it, `PLAINTEXT_REFUSED` when the URL is not https; any other error is the official client's
   * @example
   * ```ts
   * const mcp = await MCPClient.connect('https://mcp.example/mcp', { auth: new BearerAuth(token) })
   * await mcp.callTool({ name: 'whoami', arguments: {} })
   * ```
   */
  async connect(url: string | URL, options: ConnectOptions): Promise<Client> {
    const { clientInfo, client: clientOptions, ...authorization } = options
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: authorizedFetch({ resource: url, ...authorization }),
    })
    const client = new Client(
      clientInfo ?? { name: 'holdfast-client', version: '0.1.0' },
      clientOptions ?? { versionNegotiation: { mode: 'auto' } },
    )
    try {
      await client.connect(transport)
    } catch (error) {
      throw await reasonOf(error)
    }
    return client
  },
} as const

/** What stopped a connection: while the official client negotiates it wraps that in an error of its own. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { cause } = error as Partial<Error>
  if (cause instanceof ClientError) return cause
  const isRefusal = error instanceof SdkHttpError && (error.status === 401 || error.status === 403)
  if (!isRefusal) return error
  const { text, status } = error.data
  return errorOf(new Response(typeof text === 'string' ? text : null, { status }))
}
