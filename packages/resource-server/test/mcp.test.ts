import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { protectFetch } from '../src/index.ts'
import { authorizedTool, DispatchError, ToolError } from '../src/mcp.ts'
import { type GuardedRequest, protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

function serverV2(): McpServer {
  const server = new McpServer({ name: 'test', version: '1.0.0' })
  server.registerTool(
    'whoami',
    { inputSchema: z.object({}) },
    authorizedTool({ name: 'whoami' }, async (_input, { auth, dispatch }) => {
      const { status, body } = await dispatch(undefined, { method: 'GET', path: '/user' })
      return {
        content: [{ type: 'text', text: `${auth.subject} ${status} ${JSON.stringify(body)}` }],
      }
    }),
  )
  server.registerTool(
    'delete',
    { inputSchema: z.object({ id: z.string() }) },
    authorizedTool(
      { name: 'delete', requiredScopes: ["o'brien:x", 'files:delete', 'tools:call'] },
      async ({ id }, ctx) => ({
        content: [{ type: 'text', text: `deleted ${id.toUpperCase()} for ${ctx.auth.subject}` }],
      }),
    ),
  )
  server.registerTool(
    'broken',
    { inputSchema: z.object({}) },
    authorizedTool({ name: 'broken' }, async () => {
      throw new DispatchError('CONNECTION_REVOKED', 'ask the user to connect again')
    }),
  )
  return server
}

function serverV1(): McpServerV1 {
  const server = new McpServerV1({ name: 'test', version: '1.0.0' })
  server.registerTool(
    'whoami',
    { inputSchema: {} },
    authorizedTool({ name: 'whoami' }, async (_input, { auth, dispatch }) => {
      const { status, body } = await dispatch(undefined, { method: 'GET', path: '/user' })
      return {
        content: [{ type: 'text', text: `${auth.subject} ${status} ${JSON.stringify(body)}` }],
      }
    }),
  )
  server.registerTool(
    'delete',
    { inputSchema: { id: z.string() } },
    authorizedTool(
      { name: 'delete', requiredScopes: ["o'brien:x", 'files:delete', 'tools:call'] },
      async ({ id }, ctx) => ({
        content: [{ type: 'text', text: `deleted ${id.toUpperCase()} for ${ctx.auth.subject}` }],
      }),
    ),
  )
  server.registerTool(
    'broken',
    { inputSchema: {} },
    authorizedTool({ name: 'broken' }, async () => {
      throw new DispatchError('CONNECTION_REVOKED', 'ask the user to connect again')
    }),
  )
  return server
}

type Handle = (
  request: GuardedRequest,
  response: Parameters<Parameters<typeof createServer>[1] & {}>[1],
) => Promise<void>

const handlers: Readonly<Record<string, () => Handle>> = {
  'MCP SDK v2': () => toNodeHandler(createMcpHandler(serverV2)),
  'MCP SDK v1': () => async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never)
    await serverV1().connect(transport)
    await transport.handleRequest(request, response)
  },
}

let issuer: IssuerDouble
let server: Server
beforeEach(async () => {
  issuer = await startIssuer()
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await issuer[Symbol.asyncDispose]()
})

async function connect(origin: string, token: string | undefined): Promise<Client> {
  const mcp = new Client({ name: 'test-client', version: '1.0.0' })
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), { requestInit: { headers } }),
  )
  return mcp
}

async function callTool(mcp: Client, name: string, args = {}): Promise<string> {
  const result = await mcp.callTool({ name, arguments: args })
  const [item] = result.content as Array<{ text: string }>
  return `${result.isError === true ? 'error' : 'ok'}: ${item?.text}`
}

describe.each(Object.keys(handlers))('a tool of %s', (sdk) => {
  const start = async (isGuarded: boolean): Promise<string> => {
    const guard = protectedResource({ issuer: issuer.issuer, resource, client })
    const handle = handlers[sdk]?.() as Handle
    server = createServer(
      isGuarded
        ? protectListener(guard, (request, response) => handle(request, response))
        : (request, response) => void handle(request as GuardedRequest, response),
    )
    return listen(server)
  }

  test('gets the checked identity and reaches the upstream by handle', async () => {
    issuer.dispatch = () => ({
      success: true,
      response: { status: 200, headers: {}, body: { login: 'octocat' } },
    })
    const token = await issuer.signToken({ 'ddls:connections': { github: 'ddls:conn:x-github' } })
    await using connection = await connectionOf(await start(true), token)
    expect(await callTool(connection.mcp, 'whoami')).toBe('ok: usr_1 200 {"login":"octocat"}')
  })

  test('stays listed but refuses, as a tool result, a token without its scopes', async () => {
    await using connection = await connectionOf(await start(true), await issuer.signToken())
    const { tools } = await connection.mcp.listTools()
    expect(tools.map((tool) => tool.name).sort()).toEqual(['broken', 'delete', 'whoami'])
    expect(await callTool(connection.mcp, 'delete', { id: 'a' })).toBe(
      `error: Tool "delete" requires scopes: ['files:delete', "o'brien:x", 'tools:call']. Missing: ['files:delete', "o'brien:x"]`,
    )
  })

  test('runs when the token has all its scopes', async () => {
    const token = await issuer.signToken({ scope: "tools:call files:delete o'brien:x" })
    await using connection = await connectionOf(await start(true), token)
    expect(await callTool(connection.mcp, 'delete', { id: 'a' })).toBe('ok: deleted A for usr_1')
  })

  test('shows a failed dispatch as [CODE] message', async () => {
    await using connection = await connectionOf(await start(true), await issuer.signToken())
    expect(await callTool(connection.mcp, 'broken')).toBe(
      'error: [CONNECTION_REVOKED] ask the user to connect again',
    )
    expect(await callTool(connection.mcp, 'whoami')).toBe(
      'error: [NO_CONNECTIONS] the token grants no connection',
    )
  })

  test('never runs without a guard in front, whatever the caller sends', async () => {
    const token = await issuer.signToken({ scope: "tools:call files:delete o'brien:x" })
    await using connection = await connectionOf(await start(false), token)
    expect(await callTool(connection.mcp, 'whoami')).toBe(
      'error: Tool "whoami" requires an authenticated request',
    )
    expect(await callTool(connection.mcp, 'delete', { id: 'a' })).toMatch(
      /^error: Tool "delete" requires/,
    )
  })
})

test('a ToolError becomes [CODE] message, and any other error is the SDK’s to word', async () => {
  const handler = authorizedTool<(input: never, context: never) => unknown>(
    { name: 'x' },
    async (input: { error: Error }) => {
      throw input.error
    },
  )
  const guard = protectedResource({ issuer: issuer.issuer, resource, client })
  server = createServer()
  await listen(server)
  const authorization = `Bearer ${await issuer.signToken()}`
  const decision = await guard.check({
    method: 'POST',
    target: '/mcp',
    header: (name) => (name === 'authorization' ? [authorization] : []),
  })
  const context = {
    authInfo: decision.answer === undefined ? decision.request?.authInfo : undefined,
  } as never
  expect(await handler({ error: new ToolError('NOT_FOUND', 'no file') } as never, context)).toEqual(
    {
      isError: true,
      content: [{ type: 'text', text: '[NOT_FOUND] no file' }],
    },
  )
  await expect(handler({ error: new Error('other') } as never, context)).rejects.toThrow('other')
})

test('the fetch handler of MCP SDK v2 gets the checked identity from protectFetch', async () => {
  issuer.dispatch = () => ({ success: true, response: { status: 204, headers: {}, body: null } })
  const mcp = createMcpHandler(serverV2)
  const guard = protectedResource({ issuer: issuer.issuer, resource, client })
  const handler = protectFetch(guard, (request, context) => mcp.fetch(request, context ?? {}))
  const listener = getRequestListener(handler)
  server = createServer((request, response) => void listener(request, response))
  const token = await issuer.signToken({ 'ddls:connections': { github: 'ddls:conn:x-github' } })
  await using connection = await connectionOf(await listen(server), token)
  expect(await callTool(connection.mcp, 'whoami')).toBe('ok: usr_1 204 null')
})

async function connectionOf(
  origin: string,
  token: string,
): Promise<AsyncDisposable & { readonly mcp: Client }> {
  const mcp = await connect(origin, token)
  return { mcp, [Symbol.asyncDispose]: () => mcp.close() }
}
