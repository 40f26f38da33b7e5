import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { expect, it, onTestFinished } from 'vitest'
import { authorizedFetch, BearerAuth } from '../src/index.ts'
import { MCPClient } from '../src/mcp.ts'

async function startServer(): Promise<{ readonly url: string; readonly seen: Set<string> }> {
  const seen = new Set<string>()
  const listener = createServer((request, response) => {
    seen.add(request.headers.authorization ?? 'none')
    const server = new McpServer({ name: 'plain', version: '1.0.0' })
    server.registerTool('ping', {}, () => ({ content: [{ type: 'text', text: 'pong' }] }))
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    const serve = async (): Promise<void> => {
      await server.connect(transport)
      await transport.handleRequest(request, response)
    }
    serve().catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    listener.close()
    listener.closeAllConnections()
  })
  await once(listener, 'listening')
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`, seen }
}

const pong = { content: [{ type: 'text', text: 'pong' }] }

it('connects the official client v2', async () => {
  const { url, seen } = await startServer()
  const client = await MCPClient.connect(url, { auth: new BearerAuth('a-token') })
  expect(await client.callTool({ name: 'ping', arguments: {} })).toMatchObject(pong)
  await client.close()
  expect([...seen]).toEqual(['Bearer a-token'])
})

it('serves the transport of the official client v1 as its fetch', async () => {
  const { url, seen } = await startServer()
  const client = new ClientV1({ name: 'test', version: '1.0.0' })
  const fetch = authorizedFetch({ auth: new BearerAuth('a-token'), resource: url })
  await client.connect(new TransportV1(new URL(url), { fetch }))
  expect(await client.callTool({ name: 'ping', arguments: {} })).toMatchObject(pong)
  await client.close()
  expect([...seen]).toEqual(['Bearer a-token'])
})

it('refuses a server without https on another machine', async () => {
  const connect = MCPClient.connect('http://mcp.example/mcp', { auth: new BearerAuth('t') })
  await expect(connect).rejects.toMatchObject({ code: 'PLAINTEXT_REFUSED' })
})
