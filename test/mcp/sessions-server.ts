/** A guarded MCP server of SDK v1 with sessions, and all that a server can ask of a client. */
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { protectedResource } from '@holdfast/resource-server'
import { protectListener } from '@holdfast/resource-server/node'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Person } from '../helpers/person.ts'
import type { Stack } from '../helpers/stack.ts'
import { listenForMcp, type McpPort, registerFiles } from './files-server.ts'

/** What a request said of itself. */
interface Seen {
  readonly method: string | undefined
  readonly scheme: string | undefined
  readonly version: unknown
}

/** The server, with what it knows. */
export interface SessionsServer extends McpPort {
  readonly known: Map<string, { transport: StreamableHTTPServerTransport; server: McpServer }>
  readonly cancelled: readonly string[]
  readonly seen: readonly Seen[]
  /** Tells the tool `steps` by `progress` that a step came through while it still runs. */
  readonly arrivals: EventEmitter
}

const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] })

/** Starts one that takes bound tokens only, with a nonce of its own in each proof. */
export async function startSessionsServer(stack: Stack, person: Person): Promise<SessionsServer> {
  const port = await listenForMcp()
  const known: SessionsServer['known'] = new Map()
  const cancelled: string[] = []
  const seen: Seen[] = []
  const arrivals = new EventEmitter()
  const build = (): McpServer => {
    const server = new McpServer({ name: 'sessions', version: '1.0.0' })
    server.registerTool('steps', {}, async ({ _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken
      for (const progress of progressToken === undefined ? [] : [1, 2, 3]) {
        const arrived = once(arrivals, 'progress')
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken: progressToken ?? 0, progress, total: 3 },
        })
        await arrived
      }
      return answer('three steps')
    })
    server.registerTool('hang', {}, async ({ signal }) => {
      await once(signal, 'abort')
      cancelled.push('hang')
      return answer('too late')
    })
    server.registerTool('ask', {}, async ({ requestId }) => {
      // On the stream of the call: whether the other one is open yet is a race.
      const onThisStream = { relatedRequestId: requestId }
      const asked = await server.server.elicitInput(
        {
          message: 'Which file?',
          requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
        },
        onThisStream,
      )
      const sampled = await server.server.createMessage(
        {
          messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
          maxTokens: 5,
        },
        onThisStream,
      )
      return answer(`${JSON.stringify(asked.content)} ${JSON.stringify(sampled.content)}`)
    })
    server.registerTool('die', {}, () => {
      port.listener.closeAllConnections()
      return answer('never seen')
    })
    return server
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id']
    const session = known.get(String(id))
    seen.push({
      method: request.method,
      scheme: request.headers.authorization?.split(' ')[0],
      version: request.headers['mcp-protocol-version'],
    })
    if (session !== undefined) return session.transport.handleRequest(request, response)
    if (id !== undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      return void response.end('{"error":"no such session"}')
    }
    const server = build()
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (made) => void known.set(made, { transport, server }),
    })
    await server.connect(transport)
    return transport.handleRequest(request, response)
  }
  const guard = protectedResource({
    issuer: stack.issuer,
    resource: port.url,
    client: await registerFiles(person, port.url, '--dpop', 'required', '--dpop-nonce'),
    dpop: 'required',
    scopes: { required: ['files:read'] },
  })
  port.listener.on(
    'request',
    protectListener(guard, (request, response) => serve(request as never, response as never)),
  )
  return { ...port, known, cancelled, seen, arrivals }
}
