import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { mcpListener } from '@holdfast/resource-server/node'
import { listen, readPort } from '../listen.ts'
import { createScopedTools } from './server.ts'

const usage =
  'usage: main.ts --resource URL --issuer URL --jwks URL [--scope-claim NAME]… [--port 8000]'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      resource: { type: 'string' },
      issuer: { type: 'string' },
      jwks: { type: 'string' },
      'scope-claim': { type: 'string', multiple: true },
      port: { type: 'string', default: process.env['PORT'] ?? '8000' },
    },
  })
  const { resource, issuer, jwks, port } = values
  if (resource === undefined || issuer === undefined || jwks === undefined) throw new Error(usage)
  const scopeClaims = values['scope-claim'] ?? ['scope', 'scp']
  const tools = createScopedTools({ resource, issuer, jwksUri: jwks, scopeClaims })
  const server = createServer(mcpListener(tools, (error) => console.error(error)))
  const chosen = await listen(server, readPort(port), '127.0.0.1')
  console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${chosen}/mcp` }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close()
      server.closeAllConnections()
    })
  }
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 78
}
