import { type IncomingHttpHeaders, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTicket } from '../src/connect/tickets.ts'
import { formOf } from './support/browser.ts'
import { password, startTestServer, type TestServer } from './support/server.ts'

const issuer = 'https://auth.example'
const email = 'ann@example.org'
let server: TestServer
let userId: string

beforeAll(async () => {
  server = await startTestServer({ config: { issuer } })
  userId = (await server.addUser(email)).id
})
afterAll(() => server.stop())

/** What comes in from the proxy that ends TLS. */
function send(
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof send>>>()
  request(
    {
      host: '127.0.0.1',
      port: server.ctx.config.port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        host: 'auth.example',
        accept: 'text/html',
        ...(body !== undefined && { origin: issuer, 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
    },
    async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve({ status: response.statusCode, headers: response.headers, text })
    },
  )
    .on('error', reject)
    .end(body)
  return promise
}

describe('the page of a connect ticket under https', () => {
  test('is not opened to whoever gave its owner a cookie from another host of the domain', async () => {
    const actor = { sub: userId, clientId: 'cli', requestId: 'test' }
    const { id } = await createTicket(server.ctx, actor, { provider: 'github' })
    const path = `/connect/${id}`
    const tossed = `holdfast_connect_page=${'x'.repeat(43)}`
    const page = await send(path, { cookie: tossed })
    const { fields } = formOf({ ...page, url: `${issuer}${path}`, status: 401 } as never, '')
    const [own = '', ...others] = page.headers['set-cookie'] ?? []
    expect(others).toEqual([])
    expect(own).toMatch(/^__Host-holdfast_connect_page=[\w-]{43}; path=\/;/)
    expect(own.toLowerCase()).toMatch(/^(?!.*domain=).*secure.*httponly/)
    const browser = own.split(';')[0]!
    const submit = (cookie: string) =>
      send(
        path,
        { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        new URLSearchParams({ ...fields, email, password }).toString(),
      )
    for (const cookie of ['none=1', tossed, `holdfast_connect_page=${browser.split('=')[1]}`]) {
      expect((await submit(cookie)).status).toBe(403)
    }
    const signedIn = await submit(`${tossed}; ${browser}`)
    expect(signedIn.status, signedIn.text).toBe(303)
    const session = (signedIn.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]!)
    expect(session.every((cookie) => cookie.startsWith('__Host-holdfast_session'))).toBe(true)
    const admitted = [browser, ...session].join('; ')
    expect((await send(path, { cookie: admitted })).status).toBe(200)
    expect((await send(path, { cookie: [tossed, browser].join('; ') })).status).toBe(401)
    expect(server.log()).not.toContain(id)
  })
})
