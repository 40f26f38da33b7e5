/** Our OAuth client, unknown to anybody at first, with a whole Holdfast and a guarded MCP server. */
import {
  AuthorizationCodeAuth,
  type AuthorizationCodeOptions,
  memoryTokenStore,
  type OAuthState,
  readClaims,
} from '@holdfast/client'
import { MCPClient } from '@holdfast/client/mcp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type McpPort, startFilesServer } from './mcp/files-server.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

let stack: Stack
let person: Person
let files: McpPort
let url: string

beforeAll(async () => {
  stack = await startStack({
    settings: {
      HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process',
      // Proofs then need a nonce of the authorization server everywhere.
      HOLDFAST_DPOP_NONCE: 'everywhere',
    },
  })
  person = await setUpPerson(stack, account)
  files = await startFilesServer({ stack, person, dpopRequired: true, stepUp: 'challenge' })
  url = files.url
}, 120_000)

afterAll(async () => {
  files?.close()
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
