import { once } from 'node:events'
import { createServer } from 'node:http'
import { protectedResource, protectListener } from '@holdfast/resource-server/node'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { listen } from '../listen.ts'
import type { QuickstartConfig } from './config.ts'
import { baseScope, createTools, deleteScope } from './tools.ts'

/** A running quickstart server. */
export interface Quickstart {
  /** Where it listens. */
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts the server: a guard in front of the official MCP SDK. */
export async function startQuickstart(config: QuickstartConfig): Promise<Quickstart> {
  const guard = protectedResource({
    issuer: config.issuer,
    resource: config.resource,
    name: 'Holdfast quickstart',
    client: { id: config.clientId, secret: config.clientSecret },
    scopes: { required: [baseScope], supported: [deleteScope], requested: [baseScope] },
    onError: (error) => console.error('guard:', error),
  })
  const mcp = toNodeHandler(createMcpHandler(() => createTools(config.connection)))
  const server = createServer(protectListener(guard, (request, response) => mcp(request, response)))
  const port = await listen(server, config.port, config.host)
  return {
    url: `http://${config.host}:${port}/mcp`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
