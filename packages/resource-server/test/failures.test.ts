import { once } from 'node:events'
import { createServer, get, type RequestListener, type Server } from 'node:http'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AuthorizationOptions, MCPServer } from '../src/mcp.ts'
import { mcpListener, protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
let http: Server
let printed: string[]
beforeEach(async () => {
  issuer = await startIssuer()
  printed = []
  vi.spyOn(console, 'error').mockImplementation((...words) => void printed.push(words.join(' ')))
})
afterEach(async () => {
  vi.restoreAllMocks()
  http.closeAllConnections()
  http.close()
  await issuer[Symbol.asyncDispose]()
})

async function serve(listener: RequestListener): Promise<string> {
  http = createServer(listener)
  return listen(http)
}
const post = async (url: string): Promise<Response> =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await issuer.signToken()}` },
  })
const serverWith = (authorization: Partial<AuthorizationOptions> = {}): MCPServer<McpServer> =>
  new MCPServer({
    server: () => new McpServer({ name: 'test', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: { resource, authorizationServers: [issuer.issuer], client, ...authorization },
  })

class AppError extends Error {
  readonly request = { authorization: 'Bearer hunter2' }
}
const fail = (): never => {
  throw new AppError('the database is away', { cause: new Error('no such host') })
}

describe('a failure of the application', () => {
  const listeners: Readonly<
    Record<string, (onFailure?: (error: unknown) => void) => RequestListener>
  > = {
    mcpListener: (onFailure) => mcpListener({ fetch: async () => fail() }, onFailure),
    protectListener: (onFailure) =>
      protectListener(
        protectedResource({ issuer: issuer.issuer, resource, client }),
        fail,
        onFailure,
      ),
  }
  test.each(Object.keys(listeners))(
    'below %s is printed, without what it carries',
    async (name) => {
      const response = await post(await serve(listeners[name]!()))
      expect(response.status).toBe(500)
      expect(await response.text()).toBe('')
      expect(printed).toHaveLength(1)
      expect(printed[0]).toMatch(/the database is away\n +at .*failures\.test\.ts/)
      expect(printed[0]).toContain('no such host')
      expect(printed[0]).not.toContain('hunter2')
    },
  )

  test.each(Object.keys(listeners))('below %s is told to whoever asks instead', async (name) => {
    const failures: unknown[] = []
    await post(await serve(listeners[name]!((error) => failures.push(error))))
    expect(failures).toEqual([expect.any(AppError)])
    expect(printed).toEqual([])
  })

  test('is not that a client leaves before the answer, or in the middle of it', async () => {
    const failures: unknown[] = []
    const server = {
      fetch: async ({ url, signal }: Request) => {
        if (new URL(url).pathname === '/slow') {
          await once(signal, 'abort')
          signal.throwIfAborted()
        }
        return new Response(
          new ReadableStream({ start: (one) => one.enqueue(new Uint8Array([1])) }),
        )
      },
    }
    const listener = mcpListener(server, (error) => failures.push(error))
    let left = 0
    const all = Promise.withResolvers<void>()
    const url = await serve((request, response) => {
      response.once('close', () => {
        left += 1
        if (left === 2) setImmediate(all.resolve)
      })
      listener(request, response)
      if (request.url === '/slow') request.socket.destroy()
    })
    get(`${url}/slow`).on('error', () => undefined)
    get(`${url}/streamed`, (response) => response.destroy()).on('error', () => undefined)
    await all.promise
    expect(failures).toEqual([])
  })
})

describe('a failure of the guard', () => {
  test('is printed in one line, and not for each request', async () => {
    issuer.broken.set('/.well-known/jwks.json', 500)
    const url = await serve(mcpListener(serverWith()))
    for (let n = 0; n < 3; n += 1) expect((await post(url)).status).toBe(503)
    expect(printed).toEqual([expect.stringMatching(/^holdfast: .*key set answered 500$/)])
  })

  test('is told to whoever asks instead', async () => {
    issuer.broken.set('/.well-known/jwks.json', 500)
    const failures: unknown[] = []
    const onError = (error: unknown): void => void failures.push(error)
    await post(await serve(mcpListener(serverWith({ onError }))))
    expect(failures).toHaveLength(1)
    expect(printed).toEqual([])
  })
})
