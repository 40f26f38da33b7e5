import { JWTValidator, type ScopeHierarchy } from '@holdfast/resource-server'
import { MCPServer } from '@holdfast/resource-server/mcp'
import { nodeCrypto } from '@holdfast/resource-server/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { deleteFile, readFile, whoami } from './tools.ts'

/** Whose tokens the server takes. */
export interface ScopedToolsConfig {
  readonly resource: string
  /** Spelled as in the tokens' `iss`. */
  readonly issuer: string
  readonly jwksUri: string
  /** Claims that hold scopes; see docs/mcp-servers.md for those of each product. */
  readonly scopeClaims: readonly string[]
  readonly scopeHierarchy?: ScopeHierarchy
}

/** An official MCP server with tools of different rights, for tokens of any issuer. */
export function createScopedTools(config: ScopedToolsConfig): MCPServer {
  const { resource, issuer, jwksUri, scopeClaims, scopeHierarchy } = config
  return new MCPServer({
    server: () => new McpServer({ name: 'scoped-tools', version: '0.1.0' }),
    handler: createMcpHandler,
    authorization: {
      ...nodeCrypto,
      resource,
      authorizationServers: [issuer],
      requiredScopes: ['tools:call'],
      ...(scopeHierarchy === undefined ? {} : { scopeHierarchy }),
    },
  })
    .collect(whoami, readFile, deleteFile)
    .setAuthorizationProvider(
      new JWTValidator({
        ...nodeCrypto,
        jwksUri,
        issuer,
        audience: resource,
        scopeClaims,
      }),
    )
}
