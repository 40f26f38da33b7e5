import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  type ClaimShape,
  type ExternalIssuer,
  startExternalIssuer,
} from '@holdfast/test/external-issuer'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const resource = 'https://mcp.example/mcp'
const shapes: ReadonlyArray<[ClaimShape, readonly string[]]> = [
  ['auth0', ['scope', 'permissions']],
  ['okta', ['scp']],
  ['keycloak', ['realm_access.roles']],
  ['entra', ['scp', 'roles']],
]

describe.each(shapes)('with tokens like those of %s', (shape, scopeClaims) => {
  let issuer: ExternalIssuer
  let child: ChildProcessByStdio<null, Readable, null>
  let url: string

  beforeAll(async () => {
    issuer = await startExternalIssuer(shape)
    child = spawn(
      process.execPath,
      [
        '--conditions=@holdfast/source',
        '--no-warnings',
        fileURLToPath(new URL('main.ts', import.meta.url)),
        ...['--port', '0', '--resource', resource],
        ...['--issuer', issuer.issuer, '--jwks', issuer.jwksUri],
        ...scopeClaims.flatMap((claim) => ['--scope-claim', claim]),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    url = (JSON.parse(line) as { url: string }).url
  })
  afterAll(async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await issuer[Symbol.asyncDispose]()
  })

  const connect = async (token: string): Promise<Client> => {
    const client = new Client({ name: 'check', version: '1.0.0' })
    const headers = { authorization: `Bearer ${token}` }
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
    )
    return client
  }
  const call = async (client: Client, name: string, args = {}): Promise<string> => {
    const { content } = await client.callTool({ name, arguments: args })
    return (content as Array<{ text: string }>)[0]?.text ?? ''
  }

  test('everybody may ask who they are, and each tool needs its own scope', async () => {
    const client = await connect(await issuer.token(resource, 'tools:call files:delete'))
    expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({
      subject: 'person-1',
      client: 'robot',
      scopes: expect.arrayContaining(['tools:call', 'files:delete']) as unknown,
    })
    expect(await call(client, 'delete_file', { id: 'notes' })).toBe('person-1 deleted notes')
    expect(await call(client, 'read_file', { id: 'readme' })).toBe(
      `Tool "read_file" requires scopes: ['files:read']. Missing: ['files:read']`,
    )
    await client.close()
  })

  test('a token for another server is refused', async () => {
    const token = await issuer.token('https://other.example/mcp', 'tools:call')
    await expect(connect(token)).rejects.toThrow()
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(url, { method: 'POST', headers })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      error_description: 'the token is meant for another audience',
    })
  })

  test('strangers learn the issuer as its tokens spell it', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp'
    const document: unknown = await (await fetch(new URL(path, url))).json()
    expect(document).toMatchObject({
      resource,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['tools:call', 'files:read', 'files:delete'],
    })
  })
})
