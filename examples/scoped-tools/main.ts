import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { mcpListener } from '@holdfast/resource-server/node'
import { createScopedTools } from './server.ts'

const { values } = parseArgs({
  options: {
    resource: { type: 'string' },
    issuer: { type: 'string' },
    jwks: { type: 'string' },
    'scope-claim': { type: 'string', multiple: true },
    port: { type: 'string' },
  },
})
const { resource, issuer, jwks, port = '8000' } = values

if (resource === undefined || issuer === undefined || jwks === undefined) {
  console.error(
    'usage: main.ts --resource URL --issuer URL --jwks URL [--scope-claim NAME]… [--port 8000]',
  )
  process.exitCode = 78
} else {
  const scopeClaims = values['scope-claim'] ?? ['scope', 'scp']
  const tools = createScopedTools({ resource, issuer, jwksUri: jwks, scopeClaims })
  const server = createServer(mcpListener(tools, (error) => console.error(error)))
  server.listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  console.log(JSON.stringify({ event: 'ready', url }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close()
      server.closeAllConnections()
    })
  }
}
