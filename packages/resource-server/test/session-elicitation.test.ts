import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { type ClientCapabilities, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authorizedTool, DispatchError } from '../src/mcp.ts'
import { type GuardedRequest, protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
let listener: Server
let url: string
let nowMs: () => number

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
  nowMs = Date.now
  const now = (): number => nowMs()
  const guard = protectedResource({ issuer: issuer.issuer, resource, client, now })
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
  connections: Record<string, string> = { github: 'ddls:conn:x-github' },
): Promise<{ text: string; opened: unknown[] }> {
  const opened: unknown[] = []
  const mcp = new Client({ name: 'test', version: '1.0.0' }, { capabilities })
  if (capabilities.elicitation !== undefined) {
    mcp.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      opened.push(Reflect.get(params, 'url'))
      return { action: answer }
    })
  }
  const token = await issuer.signToken({ 'ddls:connections': connections })
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

describe('a person who opened the page and has not finished there', () => {
  const asked = { elicitation: { url: {} } }
  const pending = { status: 'pending', connected: false, handle: null }
  const connected = { status: 'connected', connected: true, handle: 'ddls:conn:x-new' }

  function lacking(...polled: unknown[]): string {
    issuer.connectUrl = `${issuer.issuer}/connect/abc`
    issuer.pollUrl = `${issuer.issuer}/v1/connect-tickets/abc`
    issuer.polled.push(...polled)
    issuer.dispatch = (body) => {
      const { connection_handle: handle } = body as { connection_handle: string }
      return handle === 'ddls:conn:x-new'
        ? { success: true, response: { status: 200, headers: {}, body: null } }
        : {
            success: false,
            error: { code: 'CONNECTION_REVOKED', message: 'gone', retryable: false },
          }
    }
    return `[CONNECTION_REVOKED] gone | Connect it here, then call the tool again: ${issuer.connectUrl}`
  }

  /** As a tool asks that makes the error itself. */
  async function untilConnected(pollUrl: string, signal?: AbortSignal): Promise<unknown> {
    const guard = protectedResource({ issuer: issuer.issuer, resource, client })
    const token = await issuer.signToken()
    const decision = await guard.check({
      method: 'POST',
      target: '/mcp',
      header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []),
    })
    const error = new DispatchError('CONNECTION_REVOKED', 'gone', { pollUrl })
    return decision.answer ?? decision.request?.untilConnected(error, signal)
  }

  test('is waited for, and the call goes on through the new connection with the same token', async () => {
    lacking(pending, {
      // The page is done when the poll says so, and not before.
      get connected() {
        issuer.connectUrl = undefined
        issuer.granted = { github: 'ddls:conn:x-new' }
        return true
      },
    })
    expect((await call(asked, 'accept')).text).toBe('upstream 200')
    expect(issuer.count('/v1/connect-tickets/abc')).toBe(2)
  })

  test('is not waited for when the link has expired, or is not this server’s to ask about', async () => {
    const text = lacking({ status: 'expired', connected: false, handle: null })
    expect((await call(asked, 'accept')).text).toBe(text)
    issuer.broken.set('/v1/connect-tickets/abc', 404)
    expect((await call(asked, 'accept')).text).toBe(text)
    expect(issuer.count('/v1/connect-tickets/abc')).toBe(2)
    // And the tool does not run a second time.
    expect(issuer.count('/dispatch')).toBe(2)
  })

  test('is waited for two minutes', async () => {
    const text = lacking({
      get connected() {
        nowMs = () => Date.now() + 119_000
        return false
      },
    })
    expect((await call(asked, 'accept')).text).toBe(text)
    expect(issuer.count('/v1/connect-tickets/abc')).toBe(1)
  })

  test('is not waited for once the call is cancelled', async () => {
    const call = new AbortController()
    const cancels = {
      get connected() {
        call.abort()
        return false
      },
    }
    lacking(cancels, connected)
    expect(await untilConnected(`${issuer.pollUrl}`, call.signal)).toBe(false)
    expect(issuer.count('/v1/connect-tickets/abc')).toBe(1)
  })

  test('is not asked about at another origin, which would get the server’s secret', async () => {
    const text = lacking(connected)
    const evil = createServer((_request, response) => response.end('{"connected":true}'))
    let hits = 0
    evil.on('request', () => (hits += 1))
    const pollUrl = `${await listen(evil)}/poll`
    issuer.pollUrl = pollUrl
    expect((await call(asked, 'accept')).text).toBe(text)
    // Nor when a tool puts the error together from what another server told it.
    expect(await untilConnected(pollUrl)).toBe(false)
    expect(hits).toBe(0)
    evil.close()
    await once(evil, 'close')
  })
})

test('a call by a token from before the account was connected finds it', async () => {
  issuer.granted = { github: 'ddls:conn:x-new' }
  const handles: unknown[] = []
  issuer.dispatch = (body) => {
    handles.push((body as { connection_handle: string }).connection_handle)
    return { success: true, response: { status: 200, headers: {}, body: null } }
  }
  expect((await call({}, 'accept', {})).text).toBe('upstream 200')
  expect(handles).toEqual(['ddls:conn:x-new'])
})
