import { createServer } from 'node:http'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MCPServer, statelessHandler, tool } from '../src/mcp.ts'
import { mcpListener } from '../src/node.ts'
import { client, resource } from './issuer-double.ts'

type ToolScopes = Readonly<Record<string, readonly string[]>>
interface Made {
  readonly guard: unknown
  readonly fetch: (request: Request) => Promise<Response>
  readonly publishManifest: () => Promise<void>
}

const content = async (): Promise<{ content: [] }> => ({ content: [] })
const authorization = { resource, authorizationServers: ['https://auth.example'], client }
const collected = tool({ name: 'collected', inputSchema: z.object({}) }, content)

const servers: Readonly<Record<string, (toolScopes: ToolScopes, enabled: boolean) => Made>> = {
  'SDK v2': (toolScopes, enabled) =>
    new MCPServer({
      server: () => {
        const server = new McpServer({ name: 'files', version: '1.0.0' })
        server.registerTool('delete_file', { inputSchema: z.object({}) }, content)
        return server
      },
      handler: createMcpHandler,
      authorization: { ...authorization, enabled },
      toolScopes,
    }).collect(collected),
  'SDK v1': (toolScopes, enabled) =>
    new MCPServer({
      server: () => {
        const server = new McpServerV1({ name: 'files', version: '1.0.0' })
        server.registerTool('delete_file', { inputSchema: {} }, content)
        return server
      },
      handler: statelessHandler(
        () => new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true }),
      ),
      authorization: { ...authorization, enabled },
      toolScopes,
    }).collect(collected),
}

describe.each(Object.keys(servers))('toolScopes of a server of %s', (sdk) => {
  const make = servers[sdk]!

  test.each([true, false])('must name its tools, or it does not start (guard %s)', async (on) => {
    const reason = /toolScopes names "delete-file", but server\(\) registers no such tool/
    const server = make({ delete_file: ['a'], 'delete-file': ['files:delete'] }, on)
    expect(() => createServer(mcpListener(server))).toThrow(reason)
    // Where nothing starts, as on Workers, no request is served either.
    await expect(server.fetch(new Request(resource))).rejects.toThrow(reason)
    await expect(server.fetch(new Request(resource))).rejects.toThrow(reason)
    await expect(server.publishManifest()).rejects.toThrow(reason)
  })

  test('may name tools that it registers or collects', () => {
    expect(() =>
      mcpListener(make({ delete_file: ['files:delete'], collected: ['more'] }, true)),
    ).not.toThrow()
  })
})
