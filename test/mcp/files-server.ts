/** A guarded MCP server of SDK v2 with a tool for everybody and one that needs a further scope. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MCPServer, type MCPServerOptions, tool } from '@holdfast/resource-server/mcp'
import { mcpListener } from '@holdfast/resource-server/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Person } from '../helpers/person.ts'
import type { Stack } from '../helpers/stack.ts'

/** A port on loopback at which an MCP server answers, once it has a listener. */
export interface McpPort {
  readonly url: string
  readonly listener: Server
  close(): void
}

/** Listens at any free port. */
export async function listenForMcp(): Promise<McpPort> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`,
    listener,
    close: () => {
      listener.closeAllConnections()
      listener.close()
    },
  }
}

/** Registers it as a resource with the scopes of {@link startFilesServer}; returns its own client. */
export async function registerFiles(
  person: Person,
  url: string,
  ...flags: readonly string[]
): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await person.run<{ client_id: string; client_secret: string }>([
    ...['resources', 'add', url, '--name', 'Files', ...flags],
    ...['--scope', 'files:read=Read files', '--scope', 'files:delete=Delete files'],
  ])
  return { id: made.client_id, secret: made.client_secret }
}

/** How a files server differs. */
export interface FilesServerOptions {
  readonly stack: Stack
  readonly person: Person
  /** Whether it takes bound tokens only. */
  readonly dpopRequired?: boolean
  /** Further options of `holdfast resources add`. */
  readonly flags?: readonly string[]
  readonly stepUp?: NonNullable<MCPServerOptions<McpServer>['stepUp']>
  /** The server to which the two tools are added. */
  readonly server?: () => McpServer
}

/** Starts one. It asks for less than there is, so that there is something to step up to. */
export async function startFilesServer(options: FilesServerOptions): Promise<McpPort> {
  const { stack, person, dpopRequired = false, flags = [], stepUp, server } = options
  const port = await listenForMcp()
  const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] })
  const files = new MCPServer({
    server: server ?? (() => new McpServer({ name: 'files', version: '1.0.0' })),
    handler: createMcpHandler,
    authorization: {
      resource: port.url,
      authorizationServers: [stack.issuer],
      requiredScopes: ['files:read'],
      requestedScopes: ['files:read'],
      dpopRequired,
      client: await registerFiles(
        person,
        port.url,
        ...(dpopRequired ? ['--dpop', 'required', ...flags] : flags),
      ),
    },
    ...(stepUp !== undefined && { stepUp }),
  }).collect(
    tool({ name: 'read_file', inputSchema: z.object({}) }, (_input, ctx) =>
      answer(`read by ${ctx.auth.subject}`),
    ),
    tool({ name: 'delete_file', inputSchema: z.object({}), requiredScopes: ['files:delete'] }, () =>
      answer('deleted'),
    ),
  )
  port.listener.on('request', mcpListener(files))
  return port
}
