import { type Auth, BearerAuth } from '@holdfast/client'
import { MCPClient } from '@holdfast/client/mcp'
import type { Client, ClientOptions } from '@modelcontextprotocol/client'

/** The official MCP client, which closes when it is disposed of. */
export type TestClient = Client & AsyncDisposable

/**
 * Connects the official MCP client to a server under test.
 *
 * @param auth - a bearer token, or any `Auth` of `@holdfast/client`, such as `DPoPAuth`
 * @param options - of the official client; by default the protocol version is negotiated
 */
export async function connectClient(
  url: string,
  auth: string | Auth,
  options?: ClientOptions,
): Promise<TestClient> {
  const client = await MCPClient.connect(url, {
    auth: typeof auth === 'string' ? new BearerAuth(auth) : auth,
    ...(options && { client: options }),
  })
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}
