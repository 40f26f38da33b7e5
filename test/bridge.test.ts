/** Stdio clients of both SDK generations, which know nothing of OAuth, at servers that want bound tokens. */
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readClaims } from '@holdfast/client'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'
import {
  type Bridge,
  connectV1,
  connectV2,
  initialize,
  startBridge,
  storeOf,
  textOf,
} from './mcp/bridge.ts'
import { listenForMcp, type McpPort, startFilesServer } from './mcp/files-server.ts'
import { type SessionsServer, startSessionsServer } from './mcp/sessions-server.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }
const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] })

let stack: Stack
let person: Person
/** A folder in which somebody has signed in at both servers; tests copy nothing, they share it. */
let folder: string
/** The server of SDK v2 behind one guard: 2026-07-28, and older clients without a session. */
let modern: McpPort
let sessions: SessionsServer

const hanging = new EventEmitter()
const abortedCalls: string[] = []

function filesServer(): McpServer {
  const server = new McpServer({ name: 'files', version: '1.0.0' })
  server.registerTool('hang', {}, async ({ mcpReq: { signal } }) => {
    hanging.emit('call')
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

beforeAll(async () => {
  stack = await startStack({
    settings: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process', HOLDFAST_DPOP_NONCE: 'everywhere' },
  })
  person = await setUpPerson(stack, account)
  modern = await startFilesServer({
    ...{ stack, person, dpopRequired: true, flags: ['--dpop-nonce'], stepUp: 'challenge' },
    server: filesServer,
  })
  sessions = await startSessionsServer(stack, person)
  folder = mkdtempSync(join(tmpdir(), 'holdfast-bridge-'))
}, 120_000)

afterAll(async () => {
  modern?.close()
  sessions?.close()
  await stack?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

const to = ({ url }: McpPort): Bridge => ({ url, folder })

describe('at a server of 2026-07-28', () => {
  it('a client of SDK v1 signs in with bound tokens, lists and calls', async () => {
    const { client, signIns } = await connectV1(person, to(modern))
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('read_file')
    expect(textOf(await client.callTool({ name: 'read_file' }))).toMatch(/^read by usr_/)
    const grant = storeOf(folder).grants[modern.url]
    expect(grant).toMatchObject({ tokenType: 'dpop', issuer: stack.issuer })
    expect(readClaims(grant?.accessToken ?? '')).toMatchObject({ aud: modern.url, cnf: {} })
    expect(signIns().map((page) => page.searchParams.get('scope'))).toEqual([
      'files:read offline_access',
    ])
  })

  it('a client of SDK v2 does so in its own version, and steps up', async () => {
    const { client, signIns } = await connectV2(person, to(modern))
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
    const { client } = await connectV2(person, to(modern))
    const stop = new AbortController()
    const isHanging = once(hanging, 'call')
    const call = { name: 'hang', arguments: {} }
    const called = client.callTool(call, { signal: stop.signal })
    called.catch(() => undefined)
    await isHanging
    stop.abort('enough')
    await expect(called).rejects.toThrow('enough')
    await expect.poll(() => abortedCalls, { timeout: 20_000 }).toEqual(['hang'])
  })

  it('calls a tool whose arguments must be repeated in headers, which stdio does not have', async () => {
    const { client } = await connectV2(person, to(modern))
    await client.listTools()
    for (const region of ['eu', 'Zürich ']) {
      const called = await client.callTool({ name: 'where', arguments: { region } })
      expect(textOf(called)).toBe(`in ${region}`)
    }
  })
})

describe('a client of SDK v1', () => {
  it('gets progress, and its negotiated version and a bound token reach the server', async () => {
    const { client } = await connectV1(person, to(sessions))
    const steps: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => {
      steps.push(progress)
      sessions.arrivals.emit('progress')
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
    const { client } = await connectV1(person, to(sessions))
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
    const { client } = await connectV1(person, to(sessions), (made) => {
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
    const { client, said } = await connectV1(person, to(sessions))
    sessions.known.clear()
    const called = await Promise.all([
      client.callTool({ name: 'steps' }),
      client.callTool({ name: 'steps' }),
    ])
    expect(called.map(textOf)).toEqual(['three steps', 'three steps'])
    expect(said().match(/a new one is open/g)).toHaveLength(1)
  })

  it('gets an error that says what to do when the server dies in a call, and when it is gone', async () => {
    const { client } = await connectV1(person, to(sessions))
    await expect(client.callTool({ name: 'die' })).rejects.toThrow(/Fix: /)
    const gone = await listenForMcp()
    gone.close()
    await expect(connectV1(person, to(gone))).rejects.toThrow(
      /does not answer\. Fix: start the MCP server/,
    )
  })
})

describe('a bridge with a session', () => {
  it('ends with 0 when it is told to, and gives its session back', async () => {
    const { child } = startBridge(to(sessions))
    child.stdin?.write(`${JSON.stringify(initialize)}\n`)
    await once(child.stdout!, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(sessions.seen.at(-1)?.method).toBe('DELETE')
  })
})
