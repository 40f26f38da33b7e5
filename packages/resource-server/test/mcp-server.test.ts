import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { getContext } from '../src/context.ts'
import { Connection } from '../src/index.ts'
import { type AuthorizationOptions, MCPServer, statelessHandler, tool } from '../src/mcp.ts'
import { mcpListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, startIssuer } from './issuer-double.ts'

const resource = 'https://mcp.example/mcp'
const github = new Connection('github', {
  secrets: { token: 'GITHUB_TOKEN' },
  baseUrl: 'https://api.github.com',
})

const whoami = tool(
  { name: 'whoami', description: 'Tells who you are.', inputSchema: z.object({}) },
  async (_input, ctx) => ({
    content: [
      {
        type: 'text',
        text: `${ctx.auth.subject} = ${getContext().auth.subject}: ${ctx.auth.scopes.join(' ')}`,
      },
    ],
  }),
)
const deleteFile = tool(
  {
    name: 'delete_file',
    inputSchema: z.object({ id: z.string() }),
    requiredScopes: ['files:delete'],
    connections: [github],
    operations: [{ method: 'DELETE', path: '/files/{id}', words: 'Deletes a file' }],
  },
  async ({ id }, ctx) => {
    const answer = await ctx.dispatch(github, {
      method: 'DELETE',
      path: `/files/${id}`,
      schema: z.object({ gone: z.string() }),
    })
    const text = answer.ok ? `gone ${answer.body.gone}` : `upstream ${answer.status}`
    return { content: [{ type: 'text', text }] }
  },
)

/** A server as somebody else wrote it: it knows nothing of us. */
const existingV2 = (): McpServer => {
  const server = new McpServer({ name: 'existing', version: '1.0.0' })
  server.registerTool('raw', { inputSchema: z.object({}) }, async () => ({
    content: [{ type: 'text', text: 'raw ran' }],
  }))
  return server
}
const existingV1 = (): McpServerV1 => {
  const server = new McpServerV1({ name: 'existing', version: '1.0.0' })
  server.registerTool('raw', { inputSchema: {} }, async () => ({
    content: [{ type: 'text', text: 'raw ran' }],
  }))
  return server
}

interface Extra {
  readonly maxBodyBytes?: number
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>
  readonly stepUp?: 'auto' | 'result' | 'challenge'
}
type Make = (authorization: AuthorizationOptions, extra: Extra) => MCPServer<never>
const servers: Readonly<Record<string, Make>> = {
  'SDK v2': (authorization, extra) =>
    new MCPServer({
      server: existingV2,
      handler: createMcpHandler,
      authorization,
      ...extra,
    }) as never,
  'SDK v1': (authorization, extra) =>
    new MCPServer({
      server: existingV1,
      handler: statelessHandler(
        () => new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true }),
      ),
      authorization,
      ...extra,
    }) as never,
}

interface ToolClient {
  readonly callTool: (call: { name: string; arguments: object }) => Promise<unknown>
  readonly listTools: () => Promise<{ tools: ReadonlyArray<{ name: string }> }>
  readonly close: () => Promise<void>
}
type Connect = (url: string, headers: Record<string, string>) => Promise<ToolClient>
const clients: Readonly<Record<string, Connect>> = {
  'client v2': async (url, headers) => {
    const mcp = new Client({ name: 'test', version: '1.0.0' })
    await mcp.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
    return mcp as never
  },
  'client v1': async (url, headers) => {
    const mcp = new ClientV1({ name: 'test', version: '1.0.0' })
    await mcp.connect(new TransportV1(new URL(url), { requestInit: { headers } }))
    return mcp as never
  },
}

let issuer: IssuerDouble
let listener: Server
let url: string
let open: ToolClient[] = []
beforeEach(async () => {
  issuer = await startIssuer()
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  listener.closeAllConnections()
  listener.close()
  await once(listener, 'close')
  await issuer[Symbol.asyncDispose]()
})

async function start(
  make: Make,
  authorization: Partial<AuthorizationOptions> = {},
  extra: Extra = {},
): Promise<MCPServer<never>> {
  const server = make(
    {
      resource,
      authorizationServers: [issuer.issuer],
      requiredScopes: ['tools:call'],
      client,
      ...authorization,
    },
    extra,
  ).collect(whoami, deleteFile)
  listener = createServer(mcpListener(server))
  url = `${await listen(listener)}/mcp`
  return server
}

async function connect(how: Connect, token?: string): Promise<ToolClient> {
  const mcp = await how(url, token === undefined ? {} : { authorization: `Bearer ${token}` })
  open.push(mcp)
  return mcp
}

async function textOf(result: Promise<unknown>): Promise<string> {
  const { content, isError } = (await result) as {
    content: Array<{ text: string }>
    isError?: boolean
  }
  return `${isError === true ? 'error: ' : ''}${content.map(({ text }) => text).join(' | ')}`
}

const pairs = Object.keys(servers).flatMap((sdk) =>
  Object.keys(clients).map((kind) => [sdk, kind] as const),
)

describe.each(pairs)('an existing server of %s with %s', (sdk, kind) => {
  const make = servers[sdk] as Make
  const how = clients[kind] as Connect

  test('is protected by one call: no token, no answer', async () => {
    await start(make)
    await expect(connect(how)).rejects.toThrow(/401|nauthorized/)
    const response = await fetch(url, { method: 'POST' })
    expect(response.headers.get('www-authenticate')).toContain('scope="tools:call files:delete"')
  })

  test('gets whoami, getContext and tools with scopes of their own', async () => {
    await start(make)
    const poor = await connect(how, await issuer.signToken())
    const { tools } = await poor.listTools()
    expect(tools.map(({ name }) => name).sort()).toEqual(['delete_file', 'raw', 'whoami'])
    expect(await textOf(poor.callTool({ name: 'raw', arguments: {} }))).toBe('raw ran')
    expect(await textOf(poor.callTool({ name: 'whoami', arguments: {} }))).toBe(
      'usr_1 = usr_1: tools:call',
    )
    expect(await textOf(poor.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
      `error: Tool "delete_file" requires scopes: ['files:delete']. Missing: ['files:delete']`,
    )
  })

  test('calls upstream by a Connection and gets a typed answer', async () => {
    await start(make)
    const rich = await connect(
      how,
      await issuer.signToken({
        scope: 'tools:call files:delete',
        'ddls:connections': { github: 'ddls:conn:x-github', other: 'ddls:conn:x-other' },
      }),
    )
    const call = { name: 'delete_file', arguments: { id: 'a' } }
    const answer = (status: number, body: unknown) => () => ({
      success: true,
      response: { status, headers: {}, body },
    })
    issuer.dispatch = answer(200, { gone: 'a' })
    expect(await textOf(rich.callTool(call))).toBe('gone a')
    issuer.dispatch = answer(404, { gone: 'no' })
    expect(await textOf(rich.callTool(call))).toBe('upstream 404')
    issuer.dispatch = answer(200, { secret: 'hunter2' })
    expect(await textOf(rich.callTool(call))).toBe(
      'error: [UNEXPECTED_RESPONSE] the upstream answered in an unexpected form',
    )
  })

  test('lets scopes be put on its own tools from outside', async () => {
    await start(make, {}, { toolScopes: { raw: ['raw:run'] } })
    const poor = await connect(how, await issuer.signToken())
    expect(await textOf(poor.callTool({ name: 'raw', arguments: {} }))).toBe(
      `error: Tool "raw" requires scopes: ['raw:run']. Missing: ['raw:run']`,
    )
    const rich = await connect(how, await issuer.signToken({ scope: 'tools:call raw:run' }))
    expect(await textOf(rich.callTool({ name: 'raw', arguments: {} }))).toBe('raw ran')
  })

  test('leaves wrong arguments and unknown tools to the SDK and its words', async () => {
    await start(make)
    const mcp = await connect(how, await issuer.signToken({ scope: 'tools:call files:delete' }))
    const said = (name: string): Promise<string> =>
      textOf(mcp.callTool({ name, arguments: {} })).catch((error: Error) => error.message)
    expect(await said('delete_file')).toContain('Invalid arguments for tool delete_file')
    expect(await said('nuke')).toContain('Tool nuke not found')
  })

  test('tells where to connect what is missing', async () => {
    await start(make)
    const connectUrl = `${issuer.issuer}/connect/abc`
    issuer.dispatch = () => ({
      success: false,
      error: {
        code: 'CONNECTION_REVOKED',
        message: 'github is no longer connected',
        retryable: false,
        connect_url: connectUrl,
      },
    })
    const rich = await connect(
      how,
      await issuer.signToken({
        scope: 'tools:call files:delete',
        'ddls:connections': { github: 'ddls:conn:x-github' },
      }),
    )
    expect(await textOf(rich.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
      `error: [CONNECTION_REVOKED] github is no longer connected | Connect it here, then call the tool again: ${connectUrl}`,
    )
  })
})

const rpc = async (headers: Record<string, string>, body: unknown): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const callOf = (name: string, id = 1): unknown => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: { id: 'a' } },
})

const modernCallOf = (name: string): unknown => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name,
    arguments: { id: 'a' },
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  },
})

describe.each(Object.keys(servers))('a call to %s without the tool’s scopes', (sdk) => {
  const make = servers[sdk] as Make

  test('is challenged with all that the next token should have, where step-up is wanted', async () => {
    await start(make, {}, { stepUp: 'challenge' })
    const token = await issuer.signToken({ scope: 'tools:call openid' })
    const response = await rpc({ authorization: `Bearer ${token}` }, callOf('delete_file'))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope", .*scope="tools:call files:delete", resource_metadata="https:\/\/mcp/,
    )
  })

  test('is challenged in revision 2026-07-28 and told by a result in older ones, unless set otherwise', async () => {
    await start(make)
    const authorization = `Bearer ${await issuer.signToken()}`
    const versioned = { authorization, 'mcp-protocol-version': '2026-07-28' }
    const modern = await rpc(versioned, modernCallOf('delete_file'))
    expect(modern.status).toBe(403)
    expect(modern.headers.get('www-authenticate')).toContain('scope="tools:call files:delete"')
    const older = await rpc({ authorization }, callOf('delete_file'))
    expect(older.status).toBe(200)
    expect(await older.json()).toMatchObject({ result: { isError: true } })
  })

  test('is told by a result in every revision where that is set', async () => {
    await start(make, {}, { stepUp: 'result' })
    const authorization = `Bearer ${await issuer.signToken()}`
    const response = await rpc({ authorization }, modernCallOf('delete_file'))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      result: { isError: true, resultType: 'complete' },
    })
  })

  test('does not run in a batch either', async () => {
    await start(make)
    const authorization = `Bearer ${await issuer.signToken()}`
    const refused = callOf('delete_file', 2)
    for (const other of [callOf('whoami'), { jsonrpc: '2.0', id: 1, method: 'tools/list' }]) {
      expect((await rpc({ authorization }, [other, refused])).status).toBe(403)
    }
    // A batch is answered by a batch.
    const alone = await rpc({ authorization }, [refused])
    expect(await alone.json()).toMatchObject([{ id: 2, result: { isError: true } }])
  })

  test('does not run by a body that two parsers could read differently', async () => {
    await start(make)
    const authorization = `Bearer ${await issuer.signToken()}`
    const tricks = [
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"whoami","name":"delete_file","arguments":{"id":"a"}}}',
      '{"jsonrpc":"2.0","id":1,"\\u006dethod":"tools/call","params":{"n\\u0061me":"delete_file","arguments":{"id":"a"}}}',
      `\ufeff${JSON.stringify(callOf('delete_file'))}`,
    ]
    for (const trick of tricks) {
      const response = await rpc({ authorization }, trick)
      const text = await response.text()
      expect(text).not.toContain('gone')
      expect(text).toMatch(/requires scopes|error/i)
    }
    expect(issuer.count('/dispatch')).toBe(0)
  })
})

describe('a body beyond the limit', () => {
  const send = async (body: BodyInit): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${await issuer.signToken()}`,
        'content-type': 'application/json',
        origin: 'https://app.example',
      },
      body,
      ...{ duplex: 'half' },
    })
  const streamed = (text: string): ReadableStream =>
    new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      },
    })
  const callWith = (bytes: number): string => JSON.stringify(callOf('whoami')).padEnd(bytes, ' ')

  test.each([
    ['of known length', (text: string) => text],
    ['that is streamed', streamed],
  ])('%s is refused with the limit, readable by a browser', async (_what, form) => {
    await start(servers['SDK v2'] as Make, {}, { maxBodyBytes: 100_000 })
    expect((await send(form(callWith(100_000)))).status).toBe(200)
    const response = await send(form(callWith(100_001)))
    expect(response.status).toBe(413)
    expect(response.headers.get('access-control-allow-origin')).not.toBeNull()
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      error: { code: -32600, message: 'the request is longer than 100000 bytes' },
      id: null,
    })
  })

  test('is refused from 4 MiB on unless set otherwise, and the server goes on', async () => {
    await start(servers['SDK v2'] as Make)
    for (const form of [(text: string) => text, streamed]) {
      expect((await send(form(callWith(4 * 1024 * 1024 + 1)))).status).toBe(413)
      expect((await send(form(callWith(4 * 1024 * 1024)))).status).toBe(200)
    }
  })
})

describe.each(Object.keys(servers))('failOpen on %s', (sdk) => {
  const make = servers[sdk] as Make
  const loopback = 'http://127.0.0.1:8000/mcp'

  test('opens listings while the issuer is away, and no tool', async () => {
    await start(make, { resource: loopback, failOpen: true })
    issuer.broken.set('/.well-known/jwks.json', 500)
    const authorization = `Bearer ${await issuer.signToken({ aud: loopback })}`
    const listed = await rpc({ authorization }, { jsonrpc: '2.0', id: 1, method: 'tools/list' })
    expect(await listed.text()).toContain('delete_file')
    for (const name of ['raw', 'whoami', 'delete_file', 'no-such-tool']) {
      const answer = await (await rpc({ authorization }, callOf(name))).text()
      expect(answer).toContain(`Tool \\"${name}\\" requires an authenticated request`)
    }
    // A missing token is not a failure to check one.
    expect((await rpc({}, callOf('raw'))).status).toBe(401)
  })

  test('is refused where others can reach the server, and in production', async () => {
    await expect(start(make, { failOpen: true })).rejects.toThrow('loopback address only')
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      await expect(start(make, { resource: loopback, failOpen: true })).rejects.toThrow(
        'failOpen is refused in production',
      )
    } finally {
      process.env['NODE_ENV'] = before
    }
    listener = createServer()
    await listen(listener)
  })
})

test('with authorization off, tools that need scopes still refuse, and others have no token', async () => {
  await start(servers['SDK v2'] as Make, { enabled: false })
  const mcp = await connect(clients['client v2'] as Connect)
  expect(await textOf(mcp.callTool({ name: 'raw', arguments: {} }))).toBe('raw ran')
  expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toMatch(
    /^error: Tool "delete_file" requires scopes/,
  )
  expect(await textOf(mcp.callTool({ name: 'whoami', arguments: {} }))).toBe(
    'error: [NOT_CONFIGURED] authorization is off: there is no token',
  )
})

test('with authorization off, tools with scopes from outside refuse as well', async () => {
  await start(servers['SDK v2'] as Make, { enabled: false }, { toolScopes: { raw: ['raw:run'] } })
  const mcp = await connect(clients['client v2'] as Connect)
  expect(await textOf(mcp.callTool({ name: 'raw', arguments: {} }))).toBe(
    `error: Tool "raw" requires scopes: ['raw:run']. Missing: ['raw:run']`,
  )
})

test('scopes from outside add to those of a tool’s own', async () => {
  await start(servers['SDK v2'] as Make, {}, { toolScopes: { delete_file: ['extra'] } })
  const token = await issuer.signToken({ scope: 'tools:call files:delete' })
  const mcp = await connect(clients['client v2'] as Connect, token)
  expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
    `error: Tool "delete_file" requires scopes: ['extra', 'files:delete']. Missing: ['extra']`,
  )
})

test('what the tools do is published by the resource’s own client', async () => {
  const seen: Array<{ url: string; init: RequestInit }> = []
  const published: typeof fetch = async (target, init = {}) => {
    seen.push({ url: String(target), init })
    return new Response(null, { status: seen.length === 1 ? 204 : 400 })
  }
  const server = await start(
    servers['SDK v2'] as Make,
    { fetch: published },
    { toolScopes: { raw: ['raw:run'] } },
  )
  await server.publishManifest()
  expect(seen[0]?.url).toBe(
    `${issuer.issuer}/v1/resources/${encodeURIComponent(resource)}/manifest`,
  )
  expect(seen[0]?.init).toMatchObject({
    method: 'PUT',
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
  })
  expect(JSON.parse(String(seen[0]?.init.body))).toEqual({
    tools: [
      {
        name: 'whoami',
        description: 'Tells who you are.',
        scopes: [],
        connections: [],
        operations: [],
      },
      {
        name: 'delete_file',
        description: '',
        scopes: ['files:delete'],
        connections: ['github'],
        operations: [{ method: 'DELETE', path: '/files/{id}', words: 'Deletes a file' }],
      },
      { name: 'raw', description: '', scopes: ['raw:run'], connections: [], operations: [] },
    ],
  })
  await expect(server.publishManifest()).rejects.toThrow('refused the tool manifest: 400')
})

describe('the description in the form of Dedalus servers', () => {
  const ask = (headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(new URL('/.well-known/mcp-server.json', url), { method, headers })

  test('is for callers with a token, and not for shared caches', async () => {
    await start(servers['SDK v2']!, {}, { toolScopes: { raw: ['files:read'] } })
    const authorization = `Bearer ${await issuer.signToken()}`
    const response = await ask({ authorization })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('private, max-age=3600')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({
      mcp_server_version: '2025-06-18',
      resource_uri: resource,
      tools: ['raw', 'whoami', 'delete_file'],
      required_scopes: ['tools:call'],
    })
    expect((await ask()).status).toBe(401)
    const poor = await issuer.signToken({ scope: 'other' })
    expect((await ask({ authorization: `Bearer ${poor}` })).status).toBe(403)
    expect((await ask({ authorization }, 'DELETE')).status).toBe(405)
  })
})

test('tools of one name, and changes to a server that serves, are refused', async () => {
  const make = (): MCPServer =>
    new MCPServer({
      server: existingV2,
      handler: createMcpHandler,
      authorization: { resource, authorizationServers: [issuer.issuer], client },
    })
  expect(() => make().collect(whoami, whoami)).toThrow('there already is a tool whoami')
  const server = await start(servers['SDK v2'] as Make)
  expect(() => server.collect(whoami)).toThrow('the server already serves')
  const provider = { verify: () => Promise.reject(new Error('unused')) }
  expect(() => server.setAuthorizationProvider(provider)).toThrow('the server already serves')
})

test('getContext belongs to one request, and there is none outside', async () => {
  expect(() => getContext()).toThrow('no checked request')
  await start(servers['SDK v2'] as Make)
  const subjects = Array.from({ length: 8 }, (_, n) => `usr_${n}`)
  const answers = await Promise.all(
    subjects.map(async (sub) => {
      const mcp = await connect(clients['client v2'] as Connect, await issuer.signToken({ sub }))
      return textOf(mcp.callTool({ name: 'whoami', arguments: {} }))
    }),
  )
  expect(answers).toEqual(subjects.map((sub) => `${sub} = ${sub}: tools:call`))
})

test('a connection that the token does not grant brings the address where it is made', async () => {
  await start(servers['SDK v2'] as Make)
  issuer.connectUrl = `${issuer.issuer}/connect/github`
  const call = { name: 'delete_file', arguments: { id: 'a' } }
  const scope = 'tools:call files:delete'
  const poor = await connect(clients['client v2'] as Connect, await issuer.signToken({ scope }))
  expect(await textOf(poor.callTool(call))).toBe(
    `error: [NO_CONNECTIONS] the token grants no connection | Connect it here, then call the tool again: ${issuer.connectUrl}`,
  )
  expect(issuer.exchanges.at(-1)?.get('connection')).toBe('github')
  const other = await issuer.signToken({ scope, 'ddls:connections': { x: 'ddls:conn:x-x' } })
  issuer.connectUrl = undefined
  const mcp = await connect(clients['client v2'] as Connect, other)
  expect(await textOf(mcp.callTool(call))).toBe(
    "error: [CONNECTION_NOT_FOUND] Connection 'github' not found. Available: ['x']",
  )
  expect(issuer.count('/dispatch')).toBe(0)
})

describe('a client with URL-mode elicitation', () => {
  const refusedDispatch = (connectUrl: string) => () => ({
    success: false,
    error: {
      code: 'CONNECTION_REVOKED',
      message: 'gone',
      retryable: false,
      connect_url: connectUrl,
    },
  })
  const token = (): Promise<string> =>
    issuer.signToken({
      scope: 'tools:call files:delete',
      'ddls:connections': { github: 'ddls:conn:x-github' },
    })
  const elicitingClient = async (
    opened: string[],
    action: 'accept' | 'decline' = 'accept',
  ): Promise<ToolClient> => {
    const mcp = new Client({ name: 'test', version: '1.0.0' }, {
      capabilities: { elicitation: { url: {} } },
      versionNegotiation: { mode: 'auto' },
    } as never)
    mcp.setRequestHandler('elicitation/create', (request) => {
      opened.push((request.params as unknown as { url: string }).url)
      return { action }
    })
    const headers = { authorization: `Bearer ${await token()}` }
    await mcp.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
    open.push(mcp as never)
    return mcp as never
  }

  test('is asked once to open the page, and the call is then made again', async () => {
    await start(servers['SDK v2'] as Make)
    const opened: string[] = []
    const mcp = await elicitingClient(opened)
    const connectUrl = `${issuer.issuer}/connect/abc`
    let tries = 0
    issuer.dispatch = () => {
      tries += 1
      return tries === 1
        ? refusedDispatch(connectUrl)()
        : { success: true, response: { status: 200, headers: {}, body: { gone: 'a' } } }
    }
    expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
      'gone a',
    )
    expect(opened).toEqual([connectUrl])
  })

  test('is given the time to finish there', async () => {
    await start(servers['SDK v2'] as Make)
    const mcp = await elicitingClient([])
    issuer.connectUrl = `${issuer.issuer}/connect/abc`
    issuer.pollUrl = `${issuer.issuer}/v1/connect-tickets/abc`
    issuer.polled.push({
      get connected() {
        issuer.connectUrl = undefined
        issuer.granted = { github: 'ddls:conn:x-new' }
        return true
      },
    })
    issuer.dispatch = (body) =>
      Reflect.get(body as object, 'connection_handle') === 'ddls:conn:x-new'
        ? { success: true, response: { status: 200, headers: {}, body: { gone: 'a' } } }
        : { success: false, error: { code: 'CONNECTION_REVOKED', message: 'x', retryable: false } }
    expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
      'gone a',
    )
  })

  test.each([
    ['the page did not help', 'accept'],
    ['the person declined', 'decline'],
  ] as const)('gets the text when %s, and is not asked in a circle', async (_when, action) => {
    await start(servers['SDK v2'] as Make)
    const opened: string[] = []
    const mcp = await elicitingClient(opened, action)
    issuer.dispatch = refusedDispatch(`${issuer.issuer}/connect/abc`)
    expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toMatch(
      /^error: \[CONNECTION_REVOKED\] gone \| Connect it here/,
    )
    expect(opened).toHaveLength(1)
  })

  test('is never sent to a page of another origin', async () => {
    await start(servers['SDK v2'] as Make)
    const opened: string[] = []
    const mcp = await elicitingClient(opened)
    issuer.dispatch = refusedDispatch('https://evil.example/connect')
    expect(await textOf(mcp.callTool({ name: 'delete_file', arguments: { id: 'a' } }))).toBe(
      'error: [CONNECTION_REVOKED] gone',
    )
    expect(opened).toEqual([])
  })
})
