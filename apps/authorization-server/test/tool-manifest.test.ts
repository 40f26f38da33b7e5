import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { registerResource } from '../src/registration/resources.ts'
import { Browser } from './support/browser.ts'
import { addClient, authorizationUrl, signIn } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
let server: TestServer
let nth = 0
let resource: string
let own: { id: string; secret: string }

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
})
afterAll(() => server.stop())
beforeEach(async () => {
  nth += 1
  const made = await registerResource(
    server.ctx,
    {
      resource: `https://tools-${nth}.example/mcp`,
      display_name: 'Tools',
      scopes: [
        { name: 'tools:call', description: 'Use the tools' },
        { name: 'files:delete', description: 'Delete files', optional: true },
      ],
      connections: [
        { name: 'drive', provider: 'drive', description: 'Your files', optional: true },
      ],
    },
    'usr_admin',
  )
  resource = made.resource.resource
  own = made.client
})

const basic = ({ id, secret }: { id: string; secret: string }): string =>
  `Basic ${btoa(`${id}:${secret}`)}`

const put = (manifest: unknown, authorization = basic(own), uri = resource): Promise<Response> =>
  fetch(`${server.issuer}/v1/resources/${encodeURIComponent(uri)}/manifest`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(manifest),
  })

const tool = (more: object = {}): object => ({
  name: 'delete-file',
  description: 'Deletes one file for good',
  scopes: ['files:delete'],
  connections: ['drive'],
  operations: [{ method: 'DELETE', path: '/files/{id}', words: 'Deletes the file' }],
  ...more,
})

describe('a tool manifest', () => {
  test('is taken from the resource’s own client and shown under its scopes', async () => {
    const whoami = tool({
      name: 'whoami',
      description: 'Tells who you are',
      scopes: [],
      operations: [],
    })
    const answer = await put({ tools: [tool(), whoami] })
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    const client = await addClient(server)
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client, resource })
    const page = await signIn(browser, await browser.open(url), email)
    const text = page.text.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(
      /files:delete.*Opens these tools \(1\).*delete-file.*through drive.*Deletes the file.*DELETE \/files\/\{id\}/,
    )
    expect(text).toMatch(/Tools of this server \(1\).*whoami<\/code> Tells who you are/)
  })

  test('replaces the one before, and an equal one changes nothing', async () => {
    await put({ tools: [tool()] })
    await put({ tools: [tool()] })
    await put({ tools: [] })
    expect(await server.ctx.storage.toolManifests.find(resource)).toEqual({ tools: [] })
    const records = await server.ctx.storage.audit.read({ limit: 1000 })
    const changes = records.filter(
      (record) => record.type === 'resource.tools_changed' && record.resource === resource,
    )
    expect(changes).toHaveLength(2)
  })

  test('is not taken from anybody else', async () => {
    const other = own
    const manifest = { tools: [tool()] }
    expect((await put(manifest, 'Bearer x')).status).toBe(401)
    expect((await put(manifest, basic({ ...own, secret: 'wrong' }))).status).toBe(401)
    const second = await registerResource(
      server.ctx,
      {
        resource: `https://other-${nth}.example/mcp`,
        display_name: 'Other',
        scopes: [{ name: 'a', description: 'A' }],
      },
      'usr_admin',
    )
    expect((await put(manifest, basic(second.client))).status).toBe(404)
    expect((await put(manifest, basic(other), second.resource.resource)).status).toBe(404)
    const agent = await addClient(server)
    expect((await put(manifest, basic({ id: agent.client_id, secret: '' }))).status).toBe(401)
    expect(await server.ctx.storage.toolManifests.find(resource)).toEqual({ tools: [] })
  })

  test('cannot name scopes or connections that were not registered', async () => {
    const response = await put({ tools: [tool({ scopes: ['admin'], connections: ['bank'] })] })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      errors: [{ pointer: '/tools/0/scopes' }, { pointer: '/tools/0/connections' }],
    })
  })

  const hostile: ReadonlyArray<[string, object]> = [
    ['text that reverses what is around it', { description: 'Reads\u202egnihton' }],
    ['a line break', { description: 'Reads\nAllow everything' }],
    ['endless text', { description: 'x'.repeat(501) }],
    ['a field nobody knows', { html: '<b>' }],
    ['a path with blanks', { operations: [{ method: 'GET', path: '/a b' }] }],
    ['a name with markup', { name: '<b>' }],
  ]
  test.each(hostile)('with %s is refused', async (_name, more) => {
    expect((await put({ tools: [tool(more)] })).status).toBe(400)
  })

  test('with markup in a description is shown as text', async () => {
    await put({ tools: [tool({ description: '<script>alert(1)</script>' })] })
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client: await addClient(server), resource })
    const page = await signIn(browser, await browser.open(url), email)
    expect(page.text).not.toContain('<script')
    expect(page.text).toContain('&lt;script&gt;alert(1)')
  })

  test('goes with its resource', async () => {
    await put({ tools: [tool()] })
    await server.ctx.storage.resources.remove(resource)
    expect(await server.ctx.storage.toolManifests.find(resource)).toEqual({ tools: [] })
    await expect(server.ctx.storage.toolManifests.put(resource, { tools: [] })).rejects.toThrow(
      'no such resource',
    )
  })
})
