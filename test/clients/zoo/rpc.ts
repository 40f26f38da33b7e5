/** A call of a tool without any MCP client, for libraries that know OAuth only. */
export const callBody = (tool: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: {} },
  })

/** What every request of MCP says that it takes. */
export const callHeaders = (): Headers =>
  new Headers({
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-11-25',
  })

/** What libraries say of themselves. */
export const libraryMetadata = {
  client_name: 'Zoo library',
  redirect_uris: ['http://127.0.0.1:49153/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}

/** Where the browser comes back to. */
export const libraryRedirectUri = 'http://127.0.0.1:49153/callback'
