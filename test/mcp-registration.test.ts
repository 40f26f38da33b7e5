import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auth, type OAuthClientProvider } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DocumentHost,
  startDocumentHost,
} from '../apps/authorization-server/test/support/document-host.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { startStack } from './helpers/stack.ts'

const redirectUri = 'http://127.0.0.1:49152/callback'
const metadataPath = '/.well-known/oauth-protected-resource/mcp'
const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

/** A stack with a person, and an MCP server that sends clients to it. */
interface World extends AsyncDisposable {
  readonly person: Person
  readonly mcpUrl: string
}

async function startWorld(
  settings: Readonly<Record<string, string>>,
  extraCaPem?: string,
): Promise<World> {
  const stack = await startStack({ settings, ...(extraCaPem !== undefined && { extraCaPem }) })
  const person = await setUpPerson(stack, account)
  const mcp = createServer((request, response) => {
    if (request.url === metadataPath) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ resource: mcpUrl, authorization_servers: [stack.issuer] }))
      return
    }
    const metadata = mcpUrl.replace('/mcp', metadataPath)
    response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end()
  }).listen(0, '127.0.0.1')
  await once(mcp, 'listening')
  const mcpUrl = `http://127.0.0.1:${(mcp.address() as AddressInfo).port}/mcp`
  await person.run(['resources', 'add', mcpUrl, '--name', 'Notes'])
  return {
    person,
    mcpUrl,
    async [Symbol.asyncDispose]() {
      mcp.close()
      mcp.closeAllConnections()
      await stack.stop()
    },
  }
}

interface Agent extends OAuthClientProvider {
  readonly seen: {
    client?: { readonly client_id: string } | undefined
    tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>>
    callback?: URL
  }
}

function createAgent({ person }: World, clientMetadataUrl?: string): Agent {
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

async function signIn({ mcpUrl }: World, agent: Agent): Promise<void> {
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
  let host: DocumentHost
  let world: World
  beforeAll(async () => {
    host = await startDocumentHost('agents.example')
    const { dnsServers, extraCaPem } = host.outbound as { dnsServers: string[]; extraCaPem: string }
    world = await startWorld(
      {
        HOLDFAST_OUTBOUND_ALLOW_PRIVATE: 'agents.example',
        HOLDFAST_OUTBOUND_DNS_SERVERS: dnsServers.join(','),
        HOLDFAST_CLIENT_DOCUMENT_TRUST: 'review',
      },
      extraCaPem,
    )
  }, 60_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await host?.stop()
  })

  it('signs in and refreshes by its metadata document, once its host is approved', async () => {
    const { person } = world
    const id = host.serve('/agent.json', { redirect_uris: ['http://127.0.0.1/callback'] })
    await expect(signIn(world, createAgent(world, id))).rejects.toThrow('has to be approved first')
    expect(host.connections()).toBe(0)
    const [waiting] = await person.run<{ host: string }[]>(['clients', 'list', '--hosts'])
    await person.run(['clients', 'approve', waiting!.host])
    const agent = createAgent(world, id)
    await signIn(world, agent)
    expect(agent.seen.client?.client_id).toBe(id)
    expect(host.requests).toHaveLength(1)
    const documents = await person.run<{ client_id: string }[]>(['clients', 'list', '--documents'])
    expect(documents.map(({ client_id: shown }) => shown)).toEqual([id])
    const shown = await person.run<Record<string, unknown>>(['clients', 'show', id])
    expect(shown).toMatchObject({ source: 'document', document_from: 'fetched', active_grants: 1 })
  })

  it('signs in and refreshes by dynamic registration', async () => {
    const agent = createAgent(world)
    await signIn(world, agent)
    expect(agent.seen.client?.client_id).toMatch(/^dcr_/)
    const again = createAgent(world)
    await signIn(world, again)
    expect(again.seen.client?.client_id).toBe(agent.seen.client?.client_id)
  })
})

describe('the official MCP client, at a server without Internet', () => {
  let world: World
  beforeAll(async () => {
    // Nobody answers there: a request that left after all would be seen as another error.
    const settings = { HOLDFAST_OUTBOUND: 'false', HOLDFAST_OUTBOUND_DNS_SERVERS: '127.0.0.1:1' }
    world = await startWorld(settings)
  }, 60_000)
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('signs in as a well-known client by the bundled document, and as another by a pinned one', async () => {
    await signIn(world, createAgent(world, 'https://claude.ai/oauth/claude-code-client-metadata'))
    const id = 'https://apps.intranet.example/agent.json'
    await expect(signIn(world, createAgent(world, id))).rejects.toThrow('could not be looked up')
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-pin-'))
    const file = join(folder, 'agent.json')
    await writeFile(file, JSON.stringify({ client_id: id, redirect_uris: [redirectUri] }))
    await world.person.run(['clients', 'pin', file])
    await rm(folder, { recursive: true })
    await signIn(world, createAgent(world, id))
    const shown = await world.person.run<Record<string, unknown>>(['clients', 'show', id])
    expect(shown).toMatchObject({ document_from: 'pinned', active_grants: 1 })
  })
})
