/** Where servers of the Dedalus framework describe themselves to whoever may call them. */
const path = '/.well-known/mcp-server.json'

/** The protocol revision that names this form of the document, whatever else the server speaks. */
const revision = '2025-06-18'

/** What the document tells. */
export interface ServerDescription {
  readonly resource: string
  readonly tools: readonly string[]
  readonly requiredScopes: readonly string[]
}

/**
 * The answer to a request for the server's description; undefined for any other request. Give it only
 * requests that were let in: the names of tools are not for everybody, nor for shared caches.
 */
export function serverDocument(
  request: Request,
  describe: () => ServerDescription,
): Response | undefined {
  if (request.method !== 'GET' || new URL(request.url).pathname !== path) return undefined
  const { resource, tools, requiredScopes } = describe()
  return Response.json(
    {
      mcp_server_version: revision,
      resource_uri: resource,
      ...(tools.length === 0 ? {} : { tools }),
      ...(requiredScopes.length === 0 ? {} : { required_scopes: requiredScopes }),
    },
    { headers: { 'cache-control': 'private, max-age=3600', vary: 'Authorization' } },
  )
}
