import { authorizedFetch, BearerAuth, DPoPAuth } from '@holdfast/client'
import type { HttpResponse } from '@holdfast/protocol/dispatch'
import { generateDpopKey } from '@holdfast/protocol/token'
import { type AuthorizationOptions, MCPServer, tool } from '@holdfast/resource-server/mcp'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  connectClient,
  createTestIssuer,
  startEchoUpstream,
  type TestIssuer,
  type TokenOptions,
} from '../src/index.ts'

const secret = 'ghp_canary'

const callApi = tool(
  { name: 'call_api', inputSchema: z.object({ path: z.string() }), requiredScopes: ['api'] },
  async ({ path }, ctx) => {
    const answer = await ctx.dispatch('github', { method: 'GET', path })
    return { content: [{ type: 'text', text: JSON.stringify(answer satisfies HttpResponse) }] }
  },
)

const api = (authorization: AuthorizationOptions) =>
  new MCPServer({
    server: () => new McpServer({ name: 'api', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization,
  }).collect(callApi)

async function call(
  issuer: TestIssuer,
  url: string,
  token: TokenOptions,
  path = '/user',
): Promise<string> {
  await using client = await connectClient(
    url,
    await issuer.issueToken({ scopes: ['api'], ...token }),
  )
  return JSON.stringify(await client.callTool({ name: 'call_api', arguments: { path } }))
}

describe('a test issuer', () => {
  it('publishes the metadata and keys by which anybody can check its tokens', async () => {
    await using issuer = await createTestIssuer()
    const { url } = await issuer.serve(api)
    const metadata = await (
      await fetch(`${issuer.issuer}/.well-known/oauth-authorization-server`)
    ).json()
    const keys = createRemoteJWKSet(new URL((metadata as { jwks_uri: string }).jwks_uri))
    const token = await issuer.issueToken({ scopes: ['a', 'b'], sub: 'usr_ada' })
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: url,
      typ: 'at+jwt',
    })
    expect(payload).toMatchObject({ sub: 'usr_ada', scope: 'a b' })
  })

  it.each<[string, (other: TestIssuer) => Promise<string> | TokenOptions]>([
    ['another issuer signed', (other) => other.issueToken({ resource: 'x' })],
    ['has expired', () => ({ expiresInSeconds: -60 })],
    ['is for another server', () => ({ resource: 'https://other.example/mcp' })],
  ])('is not fooled: a token that %s does not connect', async (_what, make) => {
    await using issuer = await createTestIssuer()
    await using other = await createTestIssuer()
    const { url } = await issuer.serve(api)
    const made = await make(other)
    const token = typeof made === 'string' ? made : await issuer.issueToken(made)
    await expect(connectClient(url, token)).rejects.toThrow()
  })

  it('revokes with the next request', async () => {
    await using issuer = await createTestIssuer()
    const { url } = await issuer.serve(api)
    const auth = new BearerAuth(await issuer.issueToken({ sub: 'usr_ada', scopes: ['api'] }))
    await using _before = await connectClient(url, auth)
    issuer.revoke({ kind: 'user', value: 'usr_ada' })
    await expect(connectClient(url, auth)).rejects.toThrow()
  })

  it('takes what a server says about its tools, from that server', async () => {
    await using issuer = await createTestIssuer()
    const first = await issuer.serve(api)
    const second = await issuer.serve(api)
    expect(issuer.manifest()).toBeUndefined()
    await first.server.publishManifest()
    expect(issuer.manifest()).toBeUndefined()
    expect(issuer.manifest(first.url)).toMatchObject({
      tools: [{ name: 'call_api', scopes: ['api'] }],
    })
    await second.server.publishManifest()
    expect(issuer.manifest()).toEqual(second.server.manifest)
  })

  it('takes no word about tools from another server, and none that is no manifest', async () => {
    await using issuer = await createTestIssuer()
    let client = { id: '', secret: '' }
    const { url } = await issuer.serve((authorization) => {
      ;({ client } = authorization)
      return api(authorization)
    })
    const put = (resource: string, body: unknown): Promise<Response> =>
      fetch(`${issuer.issuer}/v1/resources/${encodeURIComponent(resource)}/manifest`, {
        method: 'PUT',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: JSON.stringify(body),
      })
    expect((await put('https://other.example/mcp', { tools: [] })).status).toBe(404)
    expect((await put(url, { tools: 'many' })).status).toBe(400)
    expect((await put(url, { tools: [] })).status).toBe(204)
    client = { ...client, secret: 'guessed' }
    expect((await put(url, { tools: [] })).status).toBe(401)
    expect(issuer.manifest()).toEqual({ tools: [] })
  })

  it('binds tokens to a key: neither a bearer nor another key may use them', async () => {
    await using issuer = await createTestIssuer()
    const { url } = await issuer.serve(api)
    const dpopKey = await generateDpopKey()
    const token = await issuer.issueToken({ dpopKey, scopes: ['api'] })
    await using client = await connectClient(url, new DPoPAuth(token, dpopKey))
    expect((await client.listTools()).tools).toHaveLength(1)
    await expect(connectClient(url, token)).rejects.toThrow()
    const thief = new DPoPAuth(token, await generateDpopKey())
    await expect(connectClient(url, thief)).rejects.toThrow()
  })
})

describe('the client SDK at a server that demands nonces', () => {
  it('answers with one more request, and then carries them at once, as MCP clients do through it', async () => {
    await using issuer = await createTestIssuer()
    const { url } = await issuer.serve((authorization) =>
      api({ ...authorization, dpopNonceSecret: crypto.getRandomValues(new Uint8Array(32)) }),
    )
    const dpopKey = await generateDpopKey()
    const auth = new DPoPAuth(await issuer.issueToken({ dpopKey, scopes: ['api'] }), dpopKey)
    const statuses: number[] = []
    const fetch = authorizedFetch({
      auth,
      resource: url,
      fetch: async (target, init) => {
        const response = await globalThis.fetch(target, init)
        statuses.push(response.status)
        return response
      },
    })
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    for (let n = 0; n < 3; n += 1) {
      await fetch(url, { method: 'POST', headers, body: JSON.stringify(ping) })
    }
    expect(statuses.filter((status) => status === 401)).toEqual([401])
    expect(statuses[0]).toBe(401)
    expect(statuses).toHaveLength(4)
    await using client = await connectClient(url, auth)
    expect((await client.listTools()).tools).toHaveLength(1)
  })
})

describe('the dispatch double', () => {
  const withUpstream = async () => {
    const issuer = await createTestIssuer()
    const upstream = await startEchoUpstream()
    const { url } = await issuer.serve(api)
    const connection = {
      baseUrl: upstream.url,
      caPem: upstream.caPem,
      credential: { header: 'authorization', value: `token ${secret}` },
    }
    return {
      issuer,
      upstream,
      url,
      connection,
      async [Symbol.asyncDispose]() {
        await issuer[Symbol.asyncDispose]()
        await upstream[Symbol.asyncDispose]()
      },
    }
  }

  it('calls the upstream with the credential, which does not come back', async () => {
    await using setting = await withUpstream()
    const { issuer, upstream, url } = setting
    const github = issuer.addConnection(setting.connection)
    const answer = await call(issuer, url, { connections: { github } })
    expect(answer).toContain('/user')
    expect(answer).toContain('[redacted by holdfast]')
    expect(answer).not.toContain(secret)
    expect(upstream.seen[0]?.headers['authorization']).toBe(`token ${secret}`)
  })

  it('answers a failure of the upstream as an answer', async () => {
    await using setting = await withUpstream()
    const github = setting.issuer.addConnection(setting.connection)
    const answer = await call(
      setting.issuer,
      setting.url,
      { connections: { github } },
      '/status/404',
    )
    expect(answer).toContain('\\"status\\":404')
  })

  it('refuses a handle that the token does not name, as production does', async () => {
    await using setting = await withUpstream()
    const { issuer, upstream, url } = setting
    issuer.addConnection(setting.connection)
    const unknown = `ddls:conn:${'9'.repeat(26)}-test`
    const answer = await call(issuer, url, { connections: { github: unknown } })
    expect(answer).toContain('CONNECTION_NOT_FOUND')
    expect(upstream.seen).toEqual([])
  })

  it('names the page on which a person makes a connection that the token lacks', async () => {
    await using setting = await withUpstream()
    const { issuer, upstream, url } = setting
    const other = issuer.addConnection(setting.connection)
    const answer = await call(issuer, url, { connections: { other } })
    expect(answer).toMatch(`Connect it here, then call the tool again: ${issuer.issuer}/connect?`)
    expect(answer).toMatch('connection=github')
    expect(upstream.seen).toEqual([])
  })

  it('names that page to a client that can open pages, once', async () => {
    await using issuer = await createTestIssuer()
    const { url } = await issuer.serve(api)
    const asked: unknown[] = []
    await using client = await connectClient(url, await issuer.issueToken({ scopes: ['api'] }), {
      versionNegotiation: { mode: 'auto' },
      capabilities: { elicitation: { url: {} } },
    })
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params)
      return { action: 'accept' }
    })
    const result = await client.callTool({ name: 'call_api', arguments: { path: '/user' } })
    expect(result).toMatchObject({ isError: true })
    expect(asked).toMatchObject([
      { mode: 'url', url: expect.stringContaining(`${issuer.issuer}/connect?`) },
    ])
  })

  it('keeps to a policy', async () => {
    await using setting = await withUpstream()
    const { issuer, upstream, url, connection } = setting
    const policy = { methods: ['GET' as const], paths: ['/user'], resources: ['*'] }
    const github = issuer.addConnection({ ...connection, policy })
    expect(await call(issuer, url, { connections: { github } }, '/admin')).toContain('BAD_REQUEST')
    expect(upstream.seen).toEqual([])
  })

  it('does not trust a certificate that nobody vouches for', async () => {
    await using setting = await withUpstream()
    const { caPem: _trusted, ...connection } = setting.connection
    const github = setting.issuer.addConnection(connection)
    const answer = await call(setting.issuer, setting.url, { connections: { github } })
    expect(answer).toContain('DOWNSTREAM_TLS_ERROR')
    expect(setting.upstream.seen).toEqual([])
  })
})
