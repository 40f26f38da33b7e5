import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type AuthorizationOptions, MCPServer, tool } from '../src/mcp.ts'
import { mcpListener } from '../src/node.ts'
import { type IssuerDouble, listen, startIssuer } from './issuer-double.ts'

const resource = 'http://localhost:8000/mcp'
const hello = tool({ name: 'hello', inputSchema: z.object({}) }, () => ({
  content: [{ type: 'text', text: 'it ran' }],
}))
const existing = (): McpServer => {
  const server = new McpServer({ name: 'files', version: '1.0.0' })
  server.registerResource('notes', 'notes://1', {}, async () => ({
    contents: [{ uri: 'notes://1', text: 'private words' }],
  }))
  server.registerPrompt('letter', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'private words' } }],
  }))
  return server
}

let listener: Server
let url: string
const start = async (authorization: Partial<AuthorizationOptions>): Promise<void> => {
  const server = new MCPServer({
    server: existing,
    handler: createMcpHandler,
    authorization: {
      resource,
      authorizationServers: ['http://localhost:4444'],
      revocation: false,
      ...authorization,
    },
  }).collect(hello)
  listener = createServer(mcpListener(server))
  url = `${await listen(listener)}/mcp`
}
afterEach(async () => {
  listener.closeAllConnections()
  listener.close()
  await once(listener, 'close')
})

const ask = async (
  method: string,
  params: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; headers: Headers }> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}
const call = (headers: Record<string, string> = {}): ReturnType<typeof ask> =>
  ask('tools/call', { name: 'hello', arguments: {} }, headers)

describe('with the guard off', () => {
  test('pages of other origins are still refused, and everything else is served', async () => {
    await start({ enabled: false })
    for (const origin of ['https://evil.example', 'null', 'http://localhost:9999']) {
      const { status, text } = await call({ origin })
      expect(status).toBe(403)
      expect(text).not.toContain('it ran')
    }
    for (const headers of [{}, { origin: 'http://localhost:8000' }]) {
      const { status, text } = await call(headers)
      expect(status).toBe(200)
      expect(text).toContain('it ran')
    }
  })

  test('named origins are served with the headers that browsers need', async () => {
    await start({ enabled: false, allowedOrigins: ['https://app.example'] })
    const origin = 'https://app.example'
    const served = await call({ origin })
    expect(served.text).toContain('it ran')
    expect(served.headers.get('access-control-allow-origin')).toBe(origin)
    expect(served.headers.get('vary')).toContain('Origin')
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    expect((await call({ origin: 'https://evil.example' })).status).toBe(403)
  })

  test('every page may call where the server says so', async () => {
    await start({ enabled: false, allowedOrigins: '*' })
    const { status, headers } = await call({ origin: 'https://evil.example' })
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('with failOpen, while the issuer is away', () => {
  let issuer: IssuerDouble
  const startOpen = async (): Promise<string> => {
    issuer = await startIssuer()
    issuer.broken.set('/.well-known/jwks.json', 500)
    await start({ failOpen: true, authorizationServers: [issuer.issuer] })
    return issuer.signToken({ aud: resource })
  }
  afterEach(() => issuer[Symbol.asyncDispose]())

  test('what the server offers is listed, and nothing of it is given out', async () => {
    const headers = { authorization: `Bearer ${await startOpen()}` }
    for (const method of ['tools/list', 'resources/list', 'prompts/list']) {
      expect((await ask(method, {}, headers)).text).toMatch(/hello|notes|letter/)
    }
    const contents: ReadonlyArray<[string, object]> = [
      ['resources/read', { uri: 'notes://1' }],
      ['prompts/get', { name: 'letter' }],
      ['resources/subscribe', { uri: 'notes://1' }],
      ['completion/complete', {}],
    ]
    for (const [method, params] of contents) {
      const { status, text } = await ask(method, params, headers)
      expect(status).toBe(503)
      expect(text).not.toContain('private words')
    }
    const mixed = JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', id: 2, method: 'resources/read', params: { uri: 'notes://1' } },
    ])
    const sent = { ...headers, 'content-type': 'application/json', accept: 'application/json' }
    expect((await fetch(url, { method: 'POST', headers: sent, body: mixed })).status).toBe(503)
    expect(
      (await fetch(url, { headers: { ...headers, accept: 'text/event-stream' } })).status,
    ).toBe(503)
    expect((await call(headers)).text).toContain('requires an authenticated request')
  })

  test('a wrong token and a missing proof stay wrong', async () => {
    const token = await startOpen()
    const seconds = Math.floor(Date.now() / 1000)
    const expired = await issuer.signToken({ aud: resource, exp: seconds - 999 })
    const wrong: ReadonlyArray<Record<string, string>> = [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Bearer ${expired}` },
      { authorization: `Bearer ${await issuer.signToken({ aud: 'https://other.example' })}` },
    ]
    for (const headers of wrong) expect((await ask('tools/list', {}, headers)).status).toBe(401)
    const proofless = { authorization: `DPoP ${token}` }
    expect((await ask('tools/list', {}, proofless)).status).toBe(503)
  })
})
