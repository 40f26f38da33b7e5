import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Auth, authorizedFetch, BearerAuth, ClientError } from '../src/index.ts'
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

describe('a connection that is refused', () => {
  async function startRefusing(status: number, body: unknown): Promise<string> {
    const listener = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }).listen(0, '127.0.0.1')
    onTestFinished(() => {
      listener.close()
      listener.closeAllConnections()
    })
    await once(listener, 'listening')
    return `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`
  }
  const expired = { error: 'invalid_token', error_description: 'the token has expired' }

  // The official client wraps what happens while it negotiates; with options of one's own it may not.
  it.each([
    ['negotiated', undefined],
    ['fixed', {}],
  ] as const)(
    'says what obtaining a token failed of, with a %s version',
    async (_what, options) => {
      const { url } = await startServer()
      const failure = new ClientError('LOGIN_FAILED', 'nobody finished the sign-in')
      const auth: Auth = {
        token: () => Promise.reject(failure),
        refused: () => Promise.resolve(undefined),
      }
      const client = options && { client: options }
      await expect(MCPClient.connect(url, { auth, ...client })).rejects.toBe(failure)
    },
  )

  it.each([
    [401, expired, 'UNAUTHORIZED', 'the token has expired', 'invalid_token'],
    [401, {}, 'UNAUTHORIZED', 'the server answered 401', undefined],
    [403, { error: 'access_denied' }, 'FORBIDDEN', 'access_denied', 'access_denied'],
  ] as const)(
    'with %i is an error with its reason',
    async (status, body, code, message, problem) => {
      const url = await startRefusing(status, body)
      for (const options of [{}, { client: {} }]) {
        const connecting = MCPClient.connect(url, { auth: new BearerAuth('a-token'), ...options })
        await expect(connecting).rejects.toMatchObject({
          name: 'ClientError',
          code,
          message,
          problem,
          status,
        })
      }
    },
  )

  it('that has nothing to do with authorization stays what the official client made of it', async () => {
    const url = await startRefusing(404, {})
    const connecting = MCPClient.connect(url, { auth: new BearerAuth('a-token') })
    await expect(connecting).rejects.not.toHaveProperty('name', 'ClientError')
  })
})
