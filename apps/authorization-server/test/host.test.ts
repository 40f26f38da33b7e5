import { type IncomingHttpHeaders, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHostCheck } from '../src/http/host-pin.ts'
import { addClient, addResource, authorizationUrl } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A request with headers that `fetch` would not send. */
const raw = (
  path: string,
  headers: Record<string, string>,
  port = server.ctx.config.port,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    call.on('error', reject)
    call.end()
  })

const metadataPath = '/.well-known/oauth-authorization-server'

describe('host pinning', () => {
  test.each([
    ['a foreign host', metadataPath, 'evil.example'],
    ['the right host with another port', metadataPath, 'localhost:1'],
    ['a host that only begins like ours', '/dispatch', 'localhost.evil.example'],
    ['an address instead of the name', '/v1/status', '127.0.0.1'],
    ['a foreign host at an unknown path', '/nothing', 'evil.example'],
  ])('answers 421 to %s', async (_name, path, host) => {
    const answer = await raw(path, { host })
    expect(answer.status).toBe(421)
    expect(answer.text).not.toContain('evil')
  })

  test('refuses an absolute request target of another host', async () => {
    const { host } = new URL(server.issuer)
    const answer = await raw(`http://evil.example${metadataPath}`, { host })
    expect(answer.status).toBe(421)
  })

  test('derives every URL from the issuer, whatever a proxy header says', async () => {
    const { host } = new URL(server.issuer)
    const answer = await raw(metadataPath, {
      host,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
    })
    expect(answer.status).toBe(200)
    for (const [name, value] of Object.entries(JSON.parse(answer.text) as object)) {
      if (/_endpoint$|_uri$/.test(name)) expect(String(value)).toMatch(server.issuer)
    }
  })

  test('writes the issuer into metadata also behind a proxy that ends TLS', async () => {
    const issuer = 'https://auth.example.org'
    const behind = await startTestServer({ config: { issuer } })
    try {
      const { port } = behind.ctx.config
      const answer = await raw(metadataPath, { host: 'AUTH.example.org' }, port)
      const metadata = JSON.parse(answer.text) as Record<string, unknown>
      expect(metadata['issuer']).toBe(issuer)
      expect(metadata['token_endpoint']).toBe(`${issuer}/oauth2/token`)
      expect(answer.headers['strict-transport-security']).toContain('max-age')

      await addResource(behind)
      const { url } = await authorizationUrl(behind, { client: await addClient(behind) })
      const begun = await raw(url.replace(issuer, ''), { host: 'auth.example.org' }, port)
      expect(begun.status).toBe(303)
      const cookies = begun.headers['set-cookie'] ?? []
      expect(cookies.length).toBeGreaterThan(0)
      for (const cookie of cookies) expect(cookie).toMatch(/; secure/i)
    } finally {
      await behind.stop()
    }
  })

  test('knows the default port of an issuer without one', () => {
    const check = createHostCheck('https://auth.example.org')
    const ask = (host: string): boolean =>
      check({ headers: { host }, rawHeaders: ['Host', host], url: '/' } as never)
    expect(ask('auth.example.org')).toBe(true)
    expect(ask('AUTH.example.org:443')).toBe(true)
    expect(ask('auth.example.org:80')).toBe(false)
    expect(ask('auth.example.org.')).toBe(false)
  })

  test('refuses two Host lines', () => {
    const check = createHostCheck('https://auth.example.org')
    const rawHeaders = ['Host', 'auth.example.org', 'Host', 'evil.example']
    expect(check({ headers: { host: 'auth.example.org' }, rawHeaders, url: '/' } as never)).toBe(
      false,
    )
  })
})

describe('every answer', () => {
  test('carries a request id and the security headers', async () => {
    for (const path of ['/', metadataPath, '/nothing', '/setup?key=x', '/oauth2/auth']) {
      const { headers } = await fetch(server.issuer + path)
      expect(headers.get('x-request-id')).toMatch(/^req_/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
    }
  })

  test('is JSON for programs and a page for people when there is nothing', async () => {
    const program = await fetch(`${server.issuer}/nothing`, {
      headers: { accept: 'application/json' },
    })
    expect(program.status).toBe(404)
    expect(await program.json()).toMatchObject({ error: 'not_found' })
    const person = await fetch(`${server.issuer}/nothing`, { headers: { accept: 'text/html' } })
    expect(person.status).toBe(404)
    expect(await person.text()).toContain('<h1>There is nothing here</h1>')
  })
})

describe('malformed requests', () => {
  test.each([
    '/%E0%A4%A',
    '/interaction/%E0%A4%A',
    '/v1/connections/%E0%A4%A',
    '/oauth2/auth?%E0%A4%A=%E0%A4%A',
    '/oauth2/auth?scope=a&scope=b&resource=x&resource=y&client_id=a&client_id=b',
    '/setup?key[a]=1',
    `/oauth2/auth?scope=${'a'.repeat(8000)}`,
    '//evil.example/%2e%2e',
  ])('never are our failure: %s', async (path) => {
    const answer = await raw(path, { host: new URL(server.issuer).host })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})

describe('request bodies', () => {
  test('have a limit, also when they do not tell their length', async () => {
    const big = 'a'.repeat(40_000)
    const told = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=${big}`,
    })
    expect(told.status).toBe(413)
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`grant_type=${big}`))
        controller.close()
      },
    })
    const untold = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(untold.status).toBe(413)
  })

  test('may be missing: then the request is invalid, not the server', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(`${server.issuer}/oauth2/token`, { method: 'POST', headers })
    expect(response.status).toBe(400)
  })

  test('must be forms', async () => {
    const response = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"grant_type":"client_credentials"}',
    })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })
})
