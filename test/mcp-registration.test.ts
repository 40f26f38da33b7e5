import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auth, type OAuthClientProvider } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DocumentHost,
  startDocumentHost,
} from '../apps/authorization-server/test/support/document-host.ts'
import { createPerson, type Person } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const redirectUri = 'http://127.0.0.1:49152/callback'
const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

let host: DocumentHost
let stack: Stack
let person: Person
let mcp: Server
let mcpUrl: string

beforeAll(async () => {
  host = await startDocumentHost('agents.example')
  const { dnsServers, extraCaPem } = host.outbound as { dnsServers: string[]; extraCaPem: string }
  stack = await startStack({
    extraCaPem,
    settings: {
      HOLDFAST_OUTBOUND_ALLOW_PRIVATE: 'agents.example',
      HOLDFAST_OUTBOUND_DNS_SERVERS: dnsServers.join(','),
    },
  })
  person = createPerson(stack, account)
  await person.run(['setup', '--email', account.email, '--password-stdin'], `${account.password}\n`)
  await person.login()
  mcp = createServer((request, response) => {
    if (request.url === '/.well-known/oauth-protected-resource/mcp') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ resource: mcpUrl, authorization_servers: [stack.issuer] }))
      return
    }
    const metadata = mcpUrl.replace('/mcp', '/.well-known/oauth-protected-resource/mcp')
    response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end()
  }).listen(0, '127.0.0.1')
  await once(mcp, 'listening')
  mcpUrl = `http://127.0.0.1:${(mcp.address() as AddressInfo).port}/mcp`
  await person.run(['resources', 'add', mcpUrl, '--name', 'Notes'])
}, 60_000)
afterAll(async () => {
  mcp?.close()
  await stack?.stop()
  await host?.stop()
})

interface Agent extends OAuthClientProvider {
  readonly seen: {
    client?: { readonly client_id: string } | undefined
    tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>>
    callback?: URL
  }
}

function createAgent(clientMetadataUrl?: string): Agent {
  const seen: Agent['seen'] = {}
  let verifier = ''
  const agent: Agent = {
    seen,
    redirectUrl: redirectUri,
    ...(clientMetadataUrl !== undefined && { clientMetadataUrl }),
    clientMetadata: {
      client_name: 'SDK agent',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => seen.client,
    saveClientInformation: (client) => void (seen.client = client),
    tokens: () => seen.tokens,
    saveTokens: (tokens) => void (seen.tokens = tokens),
    saveCodeVerifier: (saved) => void (verifier = saved),
    codeVerifier: () => verifier,
    redirectToAuthorization: async (url) => {
      seen.callback = await person.authorize(url)
    },
  }
  return agent
}

async function signIn(agent: Agent): Promise<void> {
  expect(await auth(agent, { serverUrl: mcpUrl })).toBe('REDIRECT')
  const { searchParams } = agent.seen.callback!
  const answer = {
    serverUrl: mcpUrl,
    authorizationCode: searchParams.get('code')!,
    iss: searchParams.get('iss')!,
  }
  expect(await auth(agent, answer)).toBe('AUTHORIZED')
  expect(agent.seen.tokens?.access_token).toBeTypeOf('string')
  expect(await auth(agent, { serverUrl: mcpUrl })).toBe('AUTHORIZED')
}

describe('the official MCP client, unknown to the server until it asks', () => {
  it('signs in and refreshes by its metadata document', async () => {
    const id = host.serve('/agent.json', { redirect_uris: ['http://127.0.0.1/callback'] })
    const agent = createAgent(id)
    await signIn(agent)
    expect(agent.seen.client?.client_id).toBe(id)
    expect(host.requests).toHaveLength(1)
    const documents = await person.run<{ client_id: string }[]>(['clients', 'list', '--documents'])
    expect(documents.map(({ client_id: shown }) => shown)).toEqual([id])
    const shown = await person.run<Record<string, unknown>>(['clients', 'show', id])
    expect(shown).toMatchObject({ source: 'document', document_from: 'fetched', active_grants: 1 })
  })

  it('signs in and refreshes by dynamic registration', async () => {
    const agent = createAgent()
    await signIn(agent)
    expect(agent.seen.client?.client_id).toMatch(/^dcr_/)
    const again = createAgent()
    await signIn(again)
    expect(again.seen.client?.client_id).toBe(agent.seen.client?.client_id)
  })
})
