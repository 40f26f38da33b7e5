/** Stdio clients of both SDK generations, which know nothing of OAuth, at servers that want bound tokens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OAuthState } from '@holdfast/client'
import { readClaims } from '@holdfast/client'
import { protectedResource } from '@holdfast/resource-server'
import { MCPServer, tool } from '@holdfast/resource-server/mcp'
import { mcpListener, protectListener } from '@holdfast/resource-server/node'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { bridgeCommand, bridgeStore, watchBridge } from './helpers/bridge.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }
const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] })

/** Tells a tool that its progress came through while it still runs. */
const arrivals = new EventEmitter()

let stack: Stack
let person: Person
/** A folder in which somebody has signed in at both servers; tests copy nothing, they share it. */
let folder: string
let modern: { readonly url: string; readonly listener: Server }
let sessions: {
  readonly url: string
  readonly listener: Server
  readonly known: Map<string, { transport: StreamableHTTPServerTransport; server: McpServerV1 }>
  readonly cancelled: string[]
  readonly seen: { method: string | undefined; scheme: string | undefined; version: unknown }[]
}

async function register(url: string): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await person.run<{ client_id: string; client_secret: string }>([
    ...['resources', 'add', url, '--name', 'Files', '--dpop', 'required', '--dpop-nonce'],
    ...['--scope', 'files:read=Read files', '--scope', 'files:delete=Delete files'],
  ])
  return { id: made.client_id, secret: made.client_secret }
}

async function listen(): Promise<{ url: string; listener: Server }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`, listener }
}

const abortedCalls: string[] = []

function filesServer(): McpServer {
  const server = new McpServer({ name: 'files', version: '1.0.0' })
  server.registerTool('hang', {}, async ({ mcpReq: { signal } }) => {
    arrivals.emit('hanging')
    await once(signal, 'abort')
    abortedCalls.push('hang')
    return answer('too late')
  })
  const region = z.string().meta({ 'x-mcp-header': 'Region' })
  server.registerTool('where', { inputSchema: z.object({ region }) }, (input) =>
    answer(`in ${input.region}`),
  )
  return server
}

/** The server of SDK v2 behind one guard: 2026-07-28, and older clients without a session. */
async function startModern(): Promise<typeof modern> {
  const { url, listener } = await listen()
  const server = new MCPServer({
    server: filesServer,
    handler: createMcpHandler,
    authorization: {
      resource: url,
      authorizationServers: [stack.issuer],
      requiredScopes: ['files:read'],
      requestedScopes: ['files:read'],
      dpopRequired: true,
      client: await register(url),
    },
    stepUp: 'challenge',
  }).collect(
    tool({ name: 'read_file', inputSchema: z.object({}) }, (_input, ctx) =>
      answer(`read by ${ctx.auth.subject}`),
    ),
    tool({ name: 'delete_file', inputSchema: z.object({}), requiredScopes: ['files:delete'] }, () =>
      answer('deleted'),
    ),
  )
  listener.on('request', mcpListener(server))
  return { url, listener }
}

/** Sessions of SDK v1, with all that a server can ask of a client. */
async function startSessions(): Promise<typeof sessions> {
  const { url, listener } = await listen()
  const known: (typeof sessions)['known'] = new Map()
  const cancelled: string[] = []
  const seen: (typeof sessions)['seen'] = []
  const build = (): McpServerV1 => {
    const server = new McpServerV1({ name: 'sessions', version: '1.0.0' })
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
      listener.closeAllConnections()
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
    resource: url,
    client: await register(url),
    dpop: 'required',
    scopes: { required: ['files:read'] },
  })
  listener.on(
    'request',
    protectListener(guard, (request, response) => serve(request as never, response as never)),
  )
  return { url, listener, known, cancelled, seen }
}

beforeAll(async () => {
  stack = await startStack({
    settings: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process', HOLDFAST_DPOP_NONCE: 'everywhere' },
  })
  person = await setUpPerson(stack, account)
  modern = await startModern()
  sessions = await startSessions()
  folder = mkdtempSync(join(tmpdir(), 'holdfast-bridge-'))
}, 120_000)

afterAll(async () => {
  for (const started of [modern, sessions]) {
    started?.listener.closeAllConnections()
    started?.listener.close()
  }
  await stack?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

interface Bridged<C> {
  readonly client: C
  readonly said: () => string
  readonly signIns: () => readonly URL[]
  readonly pid: () => number | null
}

async function connectV1(
  url: string,
  prepare: (client: ClientV1) => void = () => undefined,
  at = folder,
  args: readonly string[] = [],
): Promise<Bridged<ClientV1>> {
  const transport = new StdioV1(bridgeCommand(at, url, args))
  const watched = watchBridge(transport.stderr, person)
  const client = new ClientV1(
    { name: 'v1', version: '1.0.0' },
    { capabilities: { elicitation: {}, sampling: {} } },
  )
  prepare(client)
  onTestFinished(() => client.close())
  await client.connect(transport)
  return { client, ...watched, pid: () => transport.pid }
}

async function connectV2(url: string, at = folder): Promise<Bridged<Client>> {
  const transport = new StdioClientTransport(bridgeCommand(at, url))
  const watched = watchBridge(transport.stderr, person)
  const client = new Client(
    { name: 'v2', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  onTestFinished(() => client.close())
  await client.connect(transport)
  return { client, ...watched, pid: () => transport.pid }
}

const storeOf = (at = folder): OAuthState =>
  JSON.parse(readFileSync(bridgeStore(at), 'utf8')) as OAuthState

/** What may appear nowhere but in the store. */
function secretsOf(at = folder): string[] {
  const { grants, dpopKey } = storeOf(at)
  const tokens = Object.values(grants).flatMap(({ accessToken, refreshToken }) => [
    accessToken,
    ...(refreshToken === undefined ? [] : [refreshToken]),
  ])
  return [...tokens, String(dpopKey?.['d'])]
}

const textOf = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join()

const freshFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-bridge-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

/** Makes every kept token look as if its time were over. */
function expire(at = folder): void {
  const state = storeOf(at)
  const grants = Object.fromEntries(
    Object.entries(state.grants).map(([name, grant]) => [name, { ...grant, expiresAt: 1 }]),
  )
  writeFileSync(bridgeStore(at), JSON.stringify({ ...state, grants }))
}

describe('at a server of 2026-07-28', () => {
  it('a client of SDK v1 signs in with bound tokens, lists and calls', async () => {
    const { client, signIns } = await connectV1(modern.url)
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('read_file')
    expect(textOf(await client.callTool({ name: 'read_file' }))).toMatch(/^read by usr_/)
    const grant = storeOf().grants[modern.url]
    expect(grant).toMatchObject({ tokenType: 'dpop', issuer: stack.issuer })
    expect(readClaims(grant?.accessToken ?? '')).toMatchObject({ aud: modern.url, cnf: {} })
    expect(signIns().map((page) => page.searchParams.get('scope'))).toEqual([
      'files:read offline_access',
    ])
  })

  it('a client of SDK v2 does so in its own version, and steps up', async () => {
    const { client, signIns } = await connectV2(modern.url)
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('read_file')
    const called = await client.callTool({ name: 'read_file', arguments: {} })
    expect(textOf(called)).toMatch(/^read by usr_/)
    expect(textOf(await client.callTool({ name: 'delete_file', arguments: {} }))).toBe('deleted')
    expect(signIns().map((page) => page.searchParams.get('scope'))).toEqual([
      'files:read offline_access files:delete',
    ])
  })
})

describe('a client of SDK v2', () => {
  it('cancels, which over HTTP is the end of a stream', async () => {
    const { client } = await connectV2(modern.url)
    const stop = new AbortController()
    const isHanging = once(arrivals, 'hanging')
    const call = { name: 'hang', arguments: {} }
    const called = client.callTool(call, { signal: stop.signal })
    called.catch(() => undefined)
    await isHanging
    stop.abort('enough')
    await expect(called).rejects.toThrow('enough')
    await expect.poll(() => abortedCalls, { timeout: 20_000 }).toEqual(['hang'])
  })

  it('calls a tool whose arguments must be repeated in headers, which stdio does not have', async () => {
    const { client } = await connectV2(modern.url)
    await client.listTools()
    for (const region of ['eu', 'Zürich ']) {
      const called = await client.callTool({ name: 'where', arguments: { region } })
      expect(textOf(called)).toBe(`in ${region}`)
    }
  })
})

describe('a client of SDK v1', () => {
  it('gets progress, and its negotiated version and a bound token reach the server', async () => {
    const { client } = await connectV1(sessions.url)
    const steps: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => {
      steps.push(progress)
      arrivals.emit('progress')
    }
    const called = await client.callTool({ name: 'steps' }, undefined, { onprogress })
    expect(textOf(called)).toBe('three steps')
    expect(steps).toEqual([1, 2, 3])
    expect(sessions.seen.at(-1)).toMatchObject({
      scheme: 'DPoP',
      version: expect.stringMatching(/^20\d\d-/),
    })
  })

  it('cancels', async () => {
    const { client } = await connectV1(sessions.url)
    const stop = new AbortController()
    const called = client.callTool({ name: 'hang' }, undefined, { signal: stop.signal })
    called.catch(() => undefined)
    await client.callTool({ name: 'steps' })
    stop.abort('enough')
    await expect(called).rejects.toThrow('enough')
    await expect.poll(() => sessions.cancelled, { timeout: 20_000 }).toContain('hang')
  })

  it('is asked by the server: elicitation, sampling, and notifications outside of any call', async () => {
    let hasChanged = 0
    const { client } = await connectV1(sessions.url, (made) => {
      made.setRequestHandler(ElicitRequestSchema, () => ({
        action: 'accept',
        content: { name: 'a.txt' },
      }))
      made.setRequestHandler(CreateMessageRequestSchema, () => ({
        model: 'none',
        role: 'assistant',
        content: { type: 'text', text: 'sampled' },
      }))
      made.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        hasChanged += 1
      })
    })
    const text = textOf(await client.callTool({ name: 'ask' }))
    expect(text).toContain('{"name":"a.txt"}')
    expect(text).toContain('sampled')
    const server = [...sessions.known.values()].at(-1)?.server
    await expect
      .poll(
        () => {
          server?.sendToolListChanged()
          return hasChanged
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0)
  })

  it('goes on in a new session when the server has lost the old one', async () => {
    const { client, said } = await connectV1(sessions.url)
    sessions.known.clear()
    const called = await Promise.all([
      client.callTool({ name: 'steps' }),
      client.callTool({ name: 'steps' }),
    ])
    expect(called.map(textOf)).toEqual(['three steps', 'three steps'])
    expect(said().match(/a new one is open/g)).toHaveLength(1)
  })

  it('gets an error that says what to do when the server dies in a call, and when it is gone', async () => {
    const { client } = await connectV1(sessions.url)
    await expect(client.callTool({ name: 'die' })).rejects.toThrow(/Fix: /)
    const { url, listener } = await listen()
    listener.close()
    await expect(connectV1(url)).rejects.toThrow(/does not answer\. Fix: start the MCP server/)
  })
})

describe('tokens', () => {
  it('are refreshed when they have run out, without a person', async () => {
    const { client, signIns } = await connectV1(modern.url)
    const before = storeOf().grants[modern.url]?.accessToken
    expire()
    expect(textOf(await client.callTool({ name: 'read_file' }))).toMatch(/^read by/)
    expect(storeOf().grants[modern.url]?.accessToken).not.toBe(before)
    expect(signIns()).toEqual([])
  })

  it('are refreshed once by two bridges that share a store', async () => {
    const bridges = [await connectV1(modern.url), await connectV2(modern.url)] as const
    for (let round = 0; round < 3; round += 1) {
      expire()
      const called = await Promise.all(
        bridges.flatMap(({ client }) =>
          [1, 2, 3].map(() => client.callTool({ name: 'read_file', arguments: {} })),
        ),
      )
      expect(called.map(textOf)).toEqual(Array(6).fill(expect.stringMatching(/^read by/)))
    }
    expect(bridges.flatMap(({ signIns }) => signIns())).toEqual([])
  })

  it('that lack a scope of --scope lead to a new sign-in, once, which keeps what they had', async () => {
    const at = freshFolder()
    const signIns: (string | null)[] = []
    for (const args of [[], ['--scope', 'files:delete'], ['--scope', 'files:delete']]) {
      const bridge = await connectV1(modern.url, undefined, at, args)
      await bridge.client.listTools()
      signIns.push(...bridge.signIns().map((page) => page.searchParams.get('scope')))
    }
    expect(signIns).toEqual(['files:read offline_access', 'files:read offline_access files:delete'])
  })

  it('of a first sign-in are asked of one person once, by two bridges at once', async () => {
    const at = freshFolder()
    const bridges = await Promise.all([
      connectV1(modern.url, undefined, at),
      connectV1(modern.url, undefined, at),
    ])
    expect(bridges.flatMap(({ signIns }) => signIns())).toHaveLength(1)
  })

  it('are never in the arguments, on stdout or on stderr', async () => {
    const at = freshFolder()
    const child = startRaw(['--json'], modern.url, at)
    let stdout = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    const { said } = watchBridge(child.stderr, person)
    child.stdin?.write(`${JSON.stringify(initialize)}\n`)
    await expect.poll(() => stdout, { timeout: 20_000 }).toContain('\n')
    expire(at)
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' })}\n`)
    await expect.poll(() => stdout, { timeout: 20_000 }).toContain('"id":2')
    const stderr = said()
    const processes = readdirSync('/proc')
      .filter((name) => name === String(child.pid))
      .map((name) => readFileSync(`/proc/${name}/cmdline`, 'utf8'))
    for (const secret of secretsOf(at)) {
      for (const text of [stdout, stderr, ...processes]) expect(text).not.toContain(secret)
    }
    for (const line of stdout.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    }
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
    child.stdin?.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1.0.0' },
  },
}

function startRaw(args: readonly string[], url = modern.url, at = folder): ChildProcess {
  const { command, args: own, env } = bridgeCommand(at, url, args)
  const child = spawn(command, own, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function deviceClient(): Promise<string> {
  const made = await person.run<{ client_id: string }>([
    ...['clients', 'register', '--name', 'Bridge', '--device'],
  ])
  return made.client_id
}

describe('a bridge', () => {
  beforeEach(() => expect(storeOf().grants).not.toEqual({}))

  it('ends with 0 when it is told to, and gives its session back', async () => {
    const child = startRaw([], sessions.url)
    child.stdin?.write(`${JSON.stringify(initialize)}\n`)
    await once(child.stdout!, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(sessions.seen.at(-1)?.method).toBe('DELETE')
  })

  it.each([
    ['Ctrl-C', false, (child: ChildProcess) => void child.kill('SIGINT')],
    ['the end of stdin', false, (child: ChildProcess) => void child.stdin?.end()],
    ['SIGTERM', true, (child: ChildProcess) => void child.kill('SIGTERM')],
  ])(
    'ends with 0 and no word of failure by %s while a person signs in',
    async (_name, byCode, end) => {
      const args = byCode ? ['--device', '--client-id', await deviceClient()] : []
      const at = freshFolder()
      let arrived = 0
      const count = ({ method }: IncomingMessage): void =>
        void (arrived += Number(method === 'POST'))
      modern.listener.on('request', count)
      onTestFinished(() => void modern.listener.off('request', count))
      const bridges = [1, 2].map(() => {
        const bridge = { child: startRaw(args, modern.url, at), stdout: '', stderr: '' }
        const { child } = bridge
        child.stdout?.on('data', (chunk: Buffer) => (bridge.stdout += chunk.toString()))
        child.stderr?.on('data', (chunk: Buffer) => (bridge.stderr += chunk.toString()))
        child.stdin?.write(`${JSON.stringify(initialize)}\n`)
        return bridge
      })
      await expect.poll(() => arrived, { timeout: 20_000 }).toBe(2)
      await expect
        .poll(() => bridges.map(({ stderr }) => stderr).join(''), { timeout: 20_000 })
        .toContain('\n')
      // The one that waits for its turn ends first.
      for (const bridge of bridges.toSorted((a, b) => a.stderr.length - b.stderr.length)) {
        const closed = once(bridge.child, 'close')
        end(bridge.child)
        expect(await closed).toEqual([0, null])
        expect(bridge.stdout).toBe('')
      }
      expect(bridges.map(({ stderr }) => stderr.trim()).toSorted()).toEqual([
        '',
        expect.stringMatching(/^holdfast bridge: open .*$/),
      ])
    },
  )

  it.each([
    [['--header', 'Authorization: Bearer x'], 'the bridge signs in'],
    [['--header', 'mcp-session-id: x'], 'cannot set mcp-session-id'],
    [['--header', 'X-A: b\nX-C: d'], 'is not `Name: value`'],
  ])('refuses %j with 2 and says nothing on stdout', async (args, message) => {
    const child = startRaw(args)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    expect(await once(child, 'close')).toEqual([2, null])
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
  })

  it('refuses plain http to another machine, also with --allow-http', async () => {
    const child = startRaw(['--allow-http', '--json'], 'http://mcp.example/mcp')
    let stdout = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    expect(await once(child, 'close')).toEqual([2, null])
    expect(stdout).toBe('')
  })
})
