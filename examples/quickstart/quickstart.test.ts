import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalIssuer, startLocalIssuer } from './local-issuer.ts'

const resource = 'http://localhost:8000/mcp'
const handle = 'ddls:conn:01JQ00000000000000000000AA-github'
let issuer: LocalIssuer
let folder: string
let child: ChildProcessByStdio<null, Readable, null>
let url: string
let key: DpopKey

beforeAll(async () => {
  issuer = await startLocalIssuer()
  key = await generateDpopKey()
  folder = await mkdtemp(join(tmpdir(), 'quickstart-'))
  await writeFile(join(folder, 'secret'), 'not-a-real-secret\n', { mode: 0o600 })
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  child = spawn(
    process.execPath,
    [
      '--conditions=@holdfast/source',
      '--no-warnings',
      main,
      '--port',
      '0',
      '--issuer',
      issuer.issuer,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        MCP_RESOURCE: resource,
        MCP_CLIENT_ID: 'quickstart',
        MCP_CLIENT_SECRET_FILE: join(folder, 'secret'),
      },
    },
  )
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  url = (JSON.parse(line) as { url: string }).url
})
afterAll(async () => {
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  await issuer[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const userToken = (scope: string): Promise<string> =>
  issuer.signToken({
    aud: resource,
    sub: 'usr_1',
    client_id: 'agent',
    scope,
    cnf: { jkt: key.jkt },
    'ddls:connections': { github: handle },
  })

/** An official MCP client that proves its key with every request. */
async function connect(accessToken: string): Promise<Client> {
  const client = new Client({ name: 'check', version: '1.0.0' })
  const provingFetch: typeof fetch = async (target, init = {}) => {
    const method = init.method ?? 'GET'
    const proof = await createDpopProof({ key, method, url: resource, accessToken })
    const headers = new Headers(init.headers)
    headers.set('authorization', `DPoP ${accessToken}`)
    headers.set('dpop', proof)
    return fetch(target, { ...init, headers })
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: provingFetch }))
  return client
}

describe('the quickstart server', () => {
  test('tells a stranger where to get a token and what to ask for', async () => {
    const response = await fetch(url, { method: 'POST' })
    expect(response.status).toBe(401)
    const challenge = response.headers.get('www-authenticate') ?? ''
    expect(challenge).toContain('scope="tools:call"')
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ''
    const path = new URL(metadata).pathname
    const document: unknown = await (await fetch(new URL(path, url))).json()
    expect(document).toMatchObject({
      resource,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['tools:call', 'files:delete'],
    })
  })

  test('answers whoami by a dispatch under its own token, not under the caller’s', async () => {
    const token = await userToken('tools:call')
    const client = await connect(token)
    const result = await client.callTool({ name: 'whoami', arguments: {} })
    expect(result.content).toEqual([
      {
        type: 'text',
        text: JSON.stringify({ subject: 'usr_1', status: 200, user: { login: 'octocat' } }),
      },
    ])
    await client.close()
    const [call] = issuer.seen
    expect(call?.body).toMatchObject({ connection_handle: handle, request: { path: '/user' } })
    expect(call?.authorization).toBe(`DPoP exchanged-for-${issuer.issuer}/dispatch`)
    expect(call?.hasProof).toBe(true)
  })

  test('deletes a file only with the extra scope', async () => {
    const call = { name: 'delete-file', arguments: { id: 'f1' } }
    const poor = await connect(await userToken('tools:call'))
    const refused = await poor.callTool(call)
    expect(refused).toMatchObject({
      isError: true,
      content: [
        {
          text: `Tool "delete-file" requires scopes: ['files:delete']. Missing: ['files:delete']`,
        },
      ],
    })
    await poor.close()
    const rich = await connect(await userToken('tools:call files:delete'))
    const done = await rich.callTool(call)
    expect(done).toMatchObject({ isError: false, content: [{ text: 'upstream said 200' }] })
    await rich.close()
  })

  test('refuses a stolen token without its key', async () => {
    const headers = { authorization: `Bearer ${await userToken('tools:call')}` }
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(401)
  })
})
