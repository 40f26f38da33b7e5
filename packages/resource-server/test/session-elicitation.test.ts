import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { type ClientCapabilities, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authorizedTool } from '../src/mcp.ts'
import { type GuardedRequest, protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
let listener: Server
let url: string

/** Sessions of SDK v1, as protocol revisions before 2026-07-28 have them. */
function serveSessions(): (request: GuardedRequest, response: never) => Promise<void> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']))
    if (known !== undefined) return known.handleRequest(request, response)
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    const server = new McpServer({ name: 'sessions', version: '1.0.0' })
    server.registerTool(
      'whoami',
      { inputSchema: {} },
      authorizedTool({ name: 'whoami', client: server.server }, async (_input, { dispatch }) => {
        const { status } = await dispatch(undefined, { method: 'GET', path: '/user' })
        return { content: [{ type: 'text', text: `upstream ${status}` }] }
      }),
    )
    await server.connect(transport)
    return transport.handleRequest(request, response)
  }
}

beforeEach(async () => {
  issuer = await startIssuer()
  const guard = protectedResource({ issuer: issuer.issuer, resource, client })
  const serve = serveSessions()
  listener = createServer(
    protectListener(guard, (request, response) => serve(request, response as never)),
  )
  url = `${await listen(listener)}/mcp`
})
afterEach(async () => {
  listener.closeAllConnections()
  listener.close()
  await once(listener, 'close')
  await issuer[Symbol.asyncDispose]()
})

async function call(
  capabilities: ClientCapabilities,
  answer: 'accept' | 'decline',
): Promise<{ text: string; opened: unknown[] }> {
  const opened: unknown[] = []
  const mcp = new Client({ name: 'test', version: '1.0.0' }, { capabilities })
  if (capabilities.elicitation !== undefined) {
    mcp.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      opened.push(Reflect.get(params, 'url'))
      return { action: answer }
    })
  }
  const token = await issuer.signToken({ 'ddls:connections': { github: 'ddls:conn:x-github' } })
  const headers = { authorization: `Bearer ${token}` }
  await mcp.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  const { content } = await mcp.callTool({ name: 'whoami', arguments: {} })
  await mcp.close()
  return { text: (content as Array<{ text: string }>).map(({ text }) => text).join(' | '), opened }
}

function breakOnce(times: number): string {
  const connectUrl = `${issuer.issuer}/connect/abc`
  let tries = 0
  issuer.dispatch = () => {
    tries += 1
    return tries > times
      ? { success: true, response: { status: 200, headers: {}, body: null } }
      : {
          success: false,
          error: {
            code: 'CONNECTION_REVOKED',
            message: 'gone',
            retryable: false,
            connect_url: connectUrl,
          },
        }
  }
  return connectUrl
}

test('in a session the person is asked, and the call goes on where it stood', async () => {
  const connectUrl = breakOnce(1)
  expect(await call({ elicitation: { url: {} } }, 'accept')).toEqual({
    text: 'upstream 200',
    opened: [connectUrl],
  })
})

test('a person who declines, or whose client shows forms only, gets the address', async () => {
  const connectUrl = breakOnce(9)
  const text = `[CONNECTION_REVOKED] gone | Connect it here, then call the tool again: ${connectUrl}`
  expect(await call({ elicitation: { url: {} } }, 'decline')).toEqual({
    text,
    opened: [connectUrl],
  })
  expect(await call({ elicitation: { form: {} } }, 'accept')).toEqual({ text, opened: [] })
  expect(await call({}, 'accept')).toEqual({ text, opened: [] })
  // Asked once, even when it did not help.
  expect(await call({ elicitation: { url: {} } }, 'accept')).toEqual({ text, opened: [connectUrl] })
})
