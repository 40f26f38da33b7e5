import { once } from 'node:events'
import { createServer } from 'node:http'
import { MCPServer, tool } from '@holdfast/resource-server/mcp'
import { mcpListener, nodeCrypto } from '@holdfast/resource-server/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** How the protected MCP server of the zoo is set up. */
export interface NotesOptions {
  readonly issuer: string
  readonly port: number
  readonly dpop: 'preferred' | 'required'
  readonly client: { readonly id: string; readonly secret: string }
}

/** A running one. */
export interface NotesServer extends AsyncDisposable {
  readonly url: string
  readonly client: NotesOptions['client']
  /** `METHOD path scheme status` of each request so far. */
  readonly seen: readonly string[]
}

const whoami = tool(
  { name: 'whoami', description: 'Tells who you are.', inputSchema: z.object({}) },
  async (_input, ctx) => ({
    content: [{ type: 'text', text: `you are ${ctx.auth.subject}` }],
  }),
)

const writeNote = tool(
  {
    name: 'write-note',
    description: 'Writes a note.',
    inputSchema: z.object({}),
    requiredScopes: ['notes:write'],
  },
  async (_input, ctx) => ({
    content: [{ type: 'text', text: `written for ${ctx.auth.subject}` }],
  }),
)

/** Starts a protected MCP server that asks for more rights by the challenge of the specification. */
export async function startNotesServer(options: NotesOptions): Promise<NotesServer> {
  const { issuer, port, dpop, client } = options
  const url = `http://localhost:${port}/mcp`
  const seen: string[] = []
  const notes = new MCPServer({
    server: () => new McpServer({ name: 'notes', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: {
      ...nodeCrypto,
      resource: url,
      authorizationServers: [issuer],
      requiredScopes: ['notes:read'],
      // Less than there is, so that there is something to step up to.
      requestedScopes: ['notes:read'],
      client,
      dpopRequired: dpop === 'required',
    },
    stepUp: 'challenge',
  }).collect(whoami, writeNote)
  const listener = mcpListener(notes)
  const server = createServer((request, response) => {
    const [scheme = ''] = (request.headers.authorization ?? 'none').split(' ')
    response.on('finish', () =>
      seen.push(`${request.method} ${request.url} ${scheme} ${response.statusCode}`),
    )
    listener(request, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url,
    client,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
