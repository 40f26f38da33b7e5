/**
 * A server of SDK v1 with sessions, as protocol revision 2025-11-25 has them: it also asks its client
 * for sampling and input in the middle of a call.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { addFeatures, addTool } from './features.ts'

interface Extra {
  readonly _meta?: { readonly progressToken?: string | number }
  readonly sendNotification: (notification: object) => Promise<void>
  readonly sendRequest: (request: object, schema: z.ZodType) => Promise<Record<string, unknown>>
}

const text = (value: string): object => ({ content: [{ type: 'text', text: value }] })

const titled = (...names: string[]): object[] =>
  names.map((name, n) => ({ const: `value${n + 1}`, title: name }))

/** Forms that a client is asked to show. */
const forms: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  test_elicitation_sep1034_defaults: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  test_elicitation_sep1330_enums: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('First', 'Second', 'Third') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['One', 'Two'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('First', 'Second') } },
  },
}

async function ask(extra: Extra, message: string, properties: object): Promise<object> {
  const params = { message, requestedSchema: { type: 'object', properties, required: [] } }
  const answer = await extra.sendRequest(
    { method: 'elicitation/create', params },
    ElicitResultSchema,
  )
  return text(`action=${String(answer['action'])}, content=${JSON.stringify(answer['content'])}`)
}

function addConversation(server: McpServer): void {
  addTool(
    server,
    'test_tool_with_logging',
    { inputSchema: {} },
    async (_input: unknown, extra: Extra) => {
      for (const data of [
        'Tool execution started',
        'Tool processing data',
        'Tool execution completed',
      ]) {
        await extra.sendNotification({
          method: 'notifications/message',
          params: { level: 'info', data },
        })
      }
      return text('logged')
    },
  )
  const sampling = async ({ prompt }: { prompt: string }, extra: Extra): Promise<object> => {
    const messages = [{ role: 'user', content: { type: 'text', text: prompt } }]
    const request = { method: 'sampling/createMessage', params: { messages, maxTokens: 100 } }
    const answer = await extra.sendRequest(request, CreateMessageResultSchema)
    return text(`LLM response: ${String((answer['content'] as { text?: string }).text)}`)
  }
  addTool(server, 'test_sampling', { inputSchema: { prompt: z.string() } }, sampling)
  addTool(
    server,
    'test_elicitation',
    { inputSchema: { message: z.string() } },
    ({ message }: { message: string }, extra: Extra) =>
      ask(extra, message, { response: { type: 'string' } }),
  )
  for (const [name, properties] of Object.entries(forms)) {
    addTool(server, name, { inputSchema: {} }, (_input: unknown, extra: Extra) =>
      ask(extra, 'Please fill in the form', properties),
    )
  }
}

function createServer(): McpServer {
  const capabilities = { logging: {}, completions: {}, resources: { subscribe: true } }
  const server = new McpServer({ name: 'conformance', version: '1.0.0' }, { capabilities })
  addFeatures<Extra>(server, {
    schema: (shape) => shape,
    template: (pattern) => new ResourceTemplate(pattern, { list: undefined }),
    progress: async ({ _meta, sendNotification }, progress) => {
      const { progressToken } = _meta ?? {}
      if (progressToken === undefined) return
      const params = { progressToken, progress, total: 100 }
      await sendNotification({ method: 'notifications/progress', params })
    },
  })
  addConversation(server)
  server.server.setRequestHandler(SetLevelRequestSchema, () => ({}))
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
  server.server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: [], total: 0, hasMore: false },
  }))
  return server
}

/** A listener that keeps one transport for each session. */
export function sessionListener(): (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  return async (request, response) => {
    const { 'mcp-session-id': id } = request.headers
    const body = request.method === 'POST' ? await json(request) : undefined
    const known = typeof id === 'string' ? transports.get(id) : undefined
    if (known !== undefined) {
      await known.handleRequest(request, response, body)
      return
    }
    if (id !== undefined) {
      response.writeHead(404).end()
      return
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (made) => void transports.set(made, transport),
      onsessionclosed: (closed) => void transports.delete(closed),
    })
    await createServer().connect(transport)
    await transport.handleRequest(request, response, body)
  }
}
