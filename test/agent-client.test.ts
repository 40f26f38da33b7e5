/** Our OAuth client, unknown to anybody at first, with a whole Holdfast and a guarded MCP server. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  AuthorizationCodeAuth,
  type AuthorizationCodeOptions,
  memoryTokenStore,
  type OAuthState,
  readClaims,
} from '@holdfast/client'
import { MCPClient } from '@holdfast/client/mcp'
import { MCPServer, tool } from '@holdfast/resource-server/mcp'
import { mcpListener } from '@holdfast/resource-server/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { createPerson, type Person } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

let stack: Stack
let person: Person
let listener: Server
let url: string

const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] })
const readFile = tool({ name: 'read_file', inputSchema: z.object({}) }, (_input, ctx) =>
  answer(`read by ${ctx.auth.subject}`),
)
const deleteFile = tool(
  { name: 'delete_file', inputSchema: z.object({}), requiredScopes: ['files:delete'] },
  () => answer('deleted'),
)

beforeAll(async () => {
  stack = await startStack({
    settings: {
      HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process',
      // Proofs then need a nonce of the authorization server everywhere.
      HOLDFAST_DPOP_NONCE: 'everywhere',
    },
  })
  person = createPerson(stack, account)
  await person.run(['setup', '--email', account.email, '--password-stdin'], `${account.password}\n`)
  await person.login()
  listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`
  const { client_id: id, client_secret: secret } = await person.run<{
    readonly client_id: string
    readonly client_secret: string
  }>([
    ...['resources', 'add', url, '--name', 'Files', '--dpop', 'required'],
    ...['--scope', 'files:read=Read files', '--scope', 'files:delete=Delete files'],
  ])
  const server = new MCPServer({
    server: () => new McpServer({ name: 'files', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: {
      resource: url,
      authorizationServers: [stack.issuer],
      requiredScopes: ['files:read'],
      requestedScopes: ['files:read'],
      dpopRequired: true,
      client: { id, secret },
    },
    stepUp: 'challenge',
  }).collect(readFile, deleteFile)
  listener.on('request', mcpListener(server))
}, 120_000)

afterAll(async () => {
  listener?.closeAllConnections()
  listener?.close()
  await stack?.stop()
})

const agent = (options: Partial<AuthorizationCodeOptions> = {}): AuthorizationCodeAuth =>
  new AuthorizationCodeAuth({
    redirectUri: 'http://127.0.0.1:49152/callback',
    authorize: person.authorize,
    clientName: 'An agent',
    ...options,
  })

it('registers, signs in with a bound token, and steps up when a tool needs more', async () => {
  const store = memoryTokenStore<OAuthState>()
  const asked: (string | null)[] = []
  const auth = agent({
    store,
    authorize: (page) => {
      asked.push(page.searchParams.get('scope'))
      return person.authorize(page)
    },
  })
  const client = await MCPClient.connect(url, { auth })
  expect(await client.callTool({ name: 'read_file', arguments: {} })).toMatchObject({
    content: [{ text: expect.stringMatching(/^read by usr_/) }],
  })
  const grant = (await store.load())?.grants[url]
  expect(grant).toMatchObject({ tokenType: 'dpop', issuer: stack.issuer })
  expect(readClaims(grant?.accessToken ?? '')).toMatchObject({ aud: url, cnf: {} })
  expect(await client.callTool({ name: 'delete_file', arguments: {} })).toMatchObject({
    content: [{ text: 'deleted' }],
  })
  expect(asked).toEqual(['files:read offline_access', 'files:read offline_access files:delete'])
  await client.close()
})

it('refreshes with its registration when the token has run out', async () => {
  const store = memoryTokenStore<OAuthState>()
  const first = await MCPClient.connect(url, { auth: agent({ store }) })
  await first.close()
  const state = await store.load()
  const grant = state?.grants[url]
  if (state === undefined || grant === undefined) throw new Error('nothing was kept')
  await store.save({ ...state, grants: { [url]: { ...grant, expiresAt: 0 } } })
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody is here to sign in'))
  const second = await MCPClient.connect(url, { auth: agent({ store, authorize: nobody }) })
  expect((await second.listTools()).tools).toHaveLength(2)
  await second.close()
})
