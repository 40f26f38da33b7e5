// Runs in an empty project that has only the packed packages: loads every entry, then protects a server.
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { JWTValidator } from '@holdfast/resource-server'
import { MCPServer, tool } from '@holdfast/resource-server/mcp'
import { mcpListener } from '@holdfast/resource-server/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const entries = process.argv.slice(2)
for (const entry of entries) await import(entry)

const resource = 'http://localhost:8000/mcp'
const server = new MCPServer({
  server: () => new McpServer({ name: 'empty', version: '1.0.0' }),
  handler: createMcpHandler,
  authorization: { resource, authorizationServers: ['https://issuer.example'] },
})
server
  .collect(tool({ name: 'whoami', inputSchema: z.object({}) }, () => ({ content: [] })))
  .setAuthorizationProvider(
    new JWTValidator({
      jwksUri: 'https://issuer.example/keys',
      issuer: 'https://issuer.example',
      audience: resource,
    }),
  )
const listener = createServer(mcpListener(server))
listener.listen(0, '127.0.0.1')
await once(listener, 'listening')
const { port } = listener.address()
const { status } = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST' })
listener.close()
listener.closeAllConnections()
if (status !== 401) throw new Error(`the guard answered ${status}`)
console.log(`Node ${process.version}: ${entries.length} entries load, and a guard guards`)
