import { createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { generateDpopKey } from '@holdfast/protocol/token'
import {
  Client,
  DpopSession,
  StreamableHTTPClientTransport,
  withDpop,
} from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MCPServer, tool } from '../src/mcp.ts'
import { mcpListener, protectedResource, protectListener } from '../src/node.ts'
import { client, dpopHeaders, type IssuerDouble, listen, startIssuer } from './issuer-double.ts'

const open = tool({ name: 'open', inputSchema: z.object({ word: z.string() }) }, ({ word }) => ({
  content: [{ type: 'text', text: `ran ${word}` }],
}))

const metadataPath = '/.well-known/oauth-protected-resource'
const documentPath = '/.well-known/mcp-server.json'
const paths = ['/mcp', metadataPath, documentPath]

type Mount = (server: MCPServer) => RequestListener | Promise<RequestListener>

/** An MCP server among other routes of a framework, as the documentation says. */
const mounts: Readonly<Record<string, Mount>> = {
  'Express, below a path': (server) => {
    const app = express()
    app.get('/health', (_request, response) => void response.send('well'))
    app.use(paths, mcpListener(server))
    return app
  },
  'Express, with parsed bodies': (server) => {
    const app = express().use(express.json())
    app.get('/health', (_request, response) => void response.send('well'))
    return app.use(mcpListener(server))
  },
  'Express, with bodies as text': (server) =>
    express()
      .use(express.text({ type: '*/*' }))
      .get('/health', (_request, response) => void response.send('well'))
      .use(mcpListener(server)),
  'Express, with bodies as bytes': (server) =>
    express()
      .use(express.raw({ type: '*/*' }))
      .get('/health', (_request, response) => void response.send('well'))
      .use(mcpListener(server)),
  Koa: (server) => {
    const app = new Koa()
    const listener = mcpListener(server)
    app.use((context, next) => {
      if (!paths.some((path) => context.path.startsWith(path))) return next()
      context.respond = false
      listener(context.req, context.res)
      return undefined
    })
    app.use((context) => {
      context.body = 'well'
    })
    const callback = app.callback()
    return (request, response) => void callback(request, response)
  },
  Fastify: async (server) => {
    const app = fastify()
    const listener = mcpListener(server)
    app.get('/health', () => 'well')
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      for (const path of paths) {
        scope.all(`${path}*`, (request, reply) => {
          reply.hijack()
          listener(request.raw, reply.raw)
        })
      }
    })
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
  Hono: (server) => {
    const app = new Hono()
    app.get('/health', (context) => context.text('well'))
    for (const path of paths) app.all(`${path}/*`, (context) => server.fetch(context.req.raw))
    const listener = getRequestListener(app.fetch)
    return (request, response) => void listener(request, response)
  },
}

let issuer: IssuerDouble
let http: Server
beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer[Symbol.asyncDispose]())
afterEach(() => {
  http.closeAllConnections()
  http.close()
})

async function serve(mount: Mount): Promise<string> {
  http = createServer()
  const resource = `${await listen(http)}/mcp`
  const server = new MCPServer({
    server: () => new McpServer({ name: 'mounted', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: { resource, authorizationServers: [issuer.issuer], client },
  }).collect(open)
  http.on('request', await mount(server as never))
  return resource
}

describe.each(Object.keys(mounts))('%s', (name) => {
  const mount = mounts[name] as Mount

  test('serves bound tokens, the metadata, and its other routes', async () => {
    const resource = await serve(mount)
    const session = await DpopSession.create()
    const token = await issuer.signToken({ aud: resource, cnf: { jkt: session.thumbprint } })
    const mcp = new Client({ name: 'test', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(resource), {
      fetch: withDpop(session, () => token)(fetch),
    })
    await mcp.connect(transport)
    const { content } = await mcp.callTool({ name: 'open', arguments: { word: 'größer' } })
    expect(content).toEqual([{ type: 'text', text: 'ran größer' }])
    await mcp.close()

    const at = async (path: string): Promise<Response> => fetch(new URL(path, resource))
    for (const path of [metadataPath, `${metadataPath}/mcp`]) {
      const metadata = await at(path)
      expect([path, metadata.status]).toEqual([path, 200])
      expect(await metadata.json()).toMatchObject({ resource })
    }
    expect((await at(documentPath)).status).toBe(401)
    expect(await (await at('/health')).text()).toBe('well')
  })
})

test('a guarded listener below a path of Express compares proofs with the whole path', async () => {
  http = createServer()
  const resource = `${await listen(http)}/mcp`
  const guard = protectedResource({ issuer: issuer.issuer, resource, client })
  const listener = protectListener(guard, (_request, response, context) => {
    response.end(context?.auth.subject)
  })
  http.on('request', express().use('/mcp', listener as never))
  const key = await generateDpopKey()
  const token = await issuer.signToken({ aud: resource, cnf: { jkt: key.jkt } })
  const headers = await dpopHeaders(key, token, 'POST', resource)
  const response = await fetch(resource, { method: 'POST', headers })
  expect(await response.text()).toBe('usr_1')
})
