/** The official MCP clients of both generations at one server that says nothing of `stepUp`. */
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  callAsApplication,
  createSdkProvider,
  type SdkConnection,
  type SdkProvider,
} from './clients/zoo/sdk-provider.ts'
import { type McpPort, startFilesServer } from './mcp/files-server.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

let stack: Stack
let person: Person
let files: McpPort

beforeAll(async () => {
  stack = await startStack({ settings: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process' } })
  person = await setUpPerson(stack, account)
  files = await startFilesServer({ stack, person })
}, 120_000)

afterAll(async () => {
  files?.close()
  await stack?.stop()
})

/** An application of either SDK, and the scopes that its person was asked for. */
function application(): { readonly provider: SdkProvider; readonly asked: (string | null)[] } {
  const asked: (string | null)[] = []
  const provider = createSdkProvider(
    { server: files.url, tool: 'whoami', introduction: 'DCR', home: '' },
    {
      issuer: stack.issuer,
      documentUrl: '',
      environment: () => ({}),
      authorize: (page) => {
        asked.push(page.searchParams.get('scope'))
        return person.authorize(page)
      },
    },
  )
  return { provider, asked }
}

it('asks clients of revision 2026-07-28 to step up, which the official one does', async () => {
  const { provider, asked } = application()
  const open = (): SdkConnection => {
    const transport = new StreamableHTTPClientTransport(new URL(files.url), {
      authProvider: provider as never,
    })
    const mcp = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' } },
    )
    return {
      connect: () => mcp.connect(transport),
      callTool: (name) => mcp.callTool({ name, arguments: {} }),
      finish: (callback) => transport.finishAuth(callback.searchParams),
      close: () => mcp.close(),
    }
  }
  const call = (name: string): Promise<string> =>
    callAsApplication(provider, name, open, (error) => error instanceof UnauthorizedError)
  expect(await call('read_file')).toMatch(/^read by usr_/)
  expect(await call('delete_file')).toBe('deleted')
  expect(asked).toHaveLength(2)
  expect(asked[1]).toContain('files:delete')
})

it('tells clients of older revisions, which cannot step up with a refresh token, by a result', async () => {
  const { provider, asked } = application()
  const open = (): SdkConnection => {
    const transport = new TransportV1(new URL(files.url), { authProvider: provider as never })
    const mcp = new ClientV1({ name: 'test', version: '1.0.0' })
    return {
      connect: () => mcp.connect(transport),
      callTool: (name) => mcp.callTool({ name, arguments: {} }),
      finish: (callback) => transport.finishAuth(callback.searchParams.get('code') ?? ''),
      close: () => mcp.close(),
    }
  }
  const call = (name: string): Promise<string> =>
    callAsApplication(provider, name, open, (error) => error instanceof UnauthorizedV1)
  expect(await call('read_file')).toMatch(/^read by usr_/)
  expect(await (provider['tokens'] as () => unknown)()).toHaveProperty('refresh_token')
  await expect(call('delete_file')).rejects.toThrow(
    `Tool "delete_file" requires scopes: ['files:delete']. Missing: ['files:delete']`,
  )
  expect(asked).toHaveLength(1)
})
