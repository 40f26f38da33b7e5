import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expressProtection } from '../src/express.ts'
import { requestOfAuthInfo } from '../src/index.ts'
import { protectedResource } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

interface Session {
  readonly subject: string
  readonly transport: StreamableHTTPServerTransport
}

let issuer: IssuerDouble
let http: Server
let url: string

/** Sessions as the documentation has them. */
function createApp(): express.Express {
  const sessions = new Map<string, Session>()
  const begin = async (subject: string): Promise<Session> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    const session = { subject, transport }
    await new McpServer({ name: 'sessions', version: '1.0.0' }).connect(transport)
    return session
  }
  const app = express()
  app.use(expressProtection(protectedResource({ issuer: issuer.issuer, resource, client })))
  app.all('/mcp', express.json(), async (req, res) => {
    const { subject } = requestOfAuthInfo(Reflect.get(req, 'auth'))!.auth
    const id = req.get('mcp-session-id')
    const session = id === undefined ? await begin(subject) : sessions.get(id)
    // Whoever reads the id of somebody else's session learns not even that there is one.
    if (session?.subject === subject) await session.transport.handleRequest(req, res, req.body)
    else res.sendStatus(404)
  })
  return app
}

beforeEach(async () => {
  issuer = await startIssuer()
  http = createServer(createApp())
  url = `${await listen(http)}/mcp`
})
afterEach(async () => {
  http.closeAllConnections()
  http.close()
  await issuer[Symbol.asyncDispose]()
})

async function send(
  sub: string,
  method: 'POST' | 'GET' | 'DELETE',
  body?: object,
  session?: string,
): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${await issuer.signToken({ sub })}`,
      accept: 'application/json, text/event-stream',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

test('a session of SDK v1 is its user’s alone, whoever else has a token', async () => {
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1.0.0' },
    },
  }
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  const begun = await send('usr_ada', 'POST', initialize)
  expect(begun.status).toBe(200)
  const id = begun.headers.get('mcp-session-id') ?? ''
  expect((await send('usr_ada', 'POST', ping, id)).status).toBe(200)

  expect((await send('usr_ben', 'POST', ping, id)).status).toBe(404)
  expect((await send('usr_ben', 'GET', undefined, id)).status).toBe(404)
  expect((await send('usr_ben', 'DELETE', undefined, id)).status).toBe(404)
  expect((await send('usr_ben', 'POST', ping, randomUUID())).status).toBe(404)

  expect((await send('usr_ada', 'POST', ping, id)).status).toBe(200)
  expect((await send('usr_ada', 'DELETE', undefined, id)).status).toBe(200)
  expect((await send('usr_ada', 'POST', ping, id)).status).toBe(404)
})
