import { once } from 'node:events'
import { createServer } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type {
  CallToolResult as ResultV1,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js'
import {
  type CallToolResult,
  createMcpHandler,
  type InputRequiredResult,
  McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { MCPServer, tool, type ToolContext, type ToolResult } from '../src/mcp.ts'
import { mcpListener } from '../src/node.ts'
import { listen } from './issuer-double.ts'

const inputSchema = z.object({ id: z.string() })

test('a handler may return what either SDK calls a result, and nothing else', () => {
  expectTypeOf<CallToolResult>().toExtend<ToolResult>()
  expectTypeOf<InputRequiredResult>().toExtend<ToolResult>()
  expectTypeOf<ResultV1>().toExtend<ToolResult>()
  tool({ name: 'a', inputSchema }, ({ id }) => ({ content: [{ type: 'text', text: id }] }))
  tool({ name: 'b', inputSchema }, async () => ({ content: [], structuredContent: { a: 1 } }))
  // @ts-expect-error a text is no result
  tool({ name: 'c', inputSchema }, () => 'done')
  // @ts-expect-error content is a list
  tool({ name: 'd', inputSchema }, () => ({ content: 'done' }))
  // @ts-expect-error a text is missing
  tool({ name: 'e', inputSchema }, () => ({ content: [{ type: 'text' }] }))
})

test('a handler may name the context of its SDK', () => {
  type ContextV1 = RequestHandlerExtra<ServerRequest, ServerNotification>
  tool({ name: 'a', inputSchema }, async ({ id }, ctx: ServerContext & ToolContext) => {
    expectTypeOf(id).toEqualTypeOf<string>()
    await ctx.mcpReq.log('info', ctx.auth.subject)
    return { content: [] }
  })
  tool({ name: 'b', inputSchema }, (_input, ctx: ContextV1 & ToolContext) => {
    expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>()
    return { content: [] }
  })
  // @ts-expect-error a context that no SDK gives
  tool({ name: 'c', inputSchema }, (_input, ctx: { mine: true }) => ({ content: [`${ctx.mine}`] }))
})

test('without that it gets what the SDKs have in common with their types', async () => {
  const seen = tool({ name: 'seen', inputSchema: z.object({}) }, (_input, ctx) => {
    expectTypeOf<(typeof ctx)['auth']['subject']>().toEqualTypeOf<string>()
    const signal = ctx.mcpReq?.signal ?? ctx.signal
    expectTypeOf(signal).toEqualTypeOf<AbortSignal | undefined>()
    return { content: [{ type: 'text', text: `${ctx.mcpReq?.method} ${signal?.aborted}` }] }
  })
  const server = new MCPServer({
    server: () => new McpServer({ name: 'files', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: {
      enabled: false,
      resource: 'http://localhost:8000/mcp',
      authorizationServers: ['http://localhost:4444'],
    },
  }).collect(seen)
  const listener = createServer(mcpListener(server))
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${await listen(listener)}/mcp`)))
  expect(await client.callTool({ name: 'seen', arguments: {} })).toMatchObject({
    content: [{ text: 'tools/call false' }],
  })
  await client.close()
  listener.closeAllConnections()
  listener.close()
  await once(listener, 'close')
})
