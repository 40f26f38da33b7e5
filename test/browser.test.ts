import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createBrowser, type Browser } from './helpers/browser.ts'

const CLIENT = 'http://127.0.0.1:1/callback'
const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
  []
let server: Server
let origin: string
let browser: Browser

const pages: Record<string, (response: ServerResponse) => void> = {
  '/start': (response) => {
    response
      .writeHead(303, { location: '/form', 'set-cookie': 'session=1; Path=/; HttpOnly' })
      .end()
  },
  '/form': (response) => {
    response.end(`<title>Sign in</title><body><h1>Hello</h1>
      <form method="post" action="/switch"><button>Use another account</button></form>
      <form method="post" action="/login">
        <input type="hidden" name="csrf" value="a&amp;b" />
        <input name="email" required /> <input name="password" type="password" required />
        <input type="checkbox" name="scope" value="read" /> <input type="checkbox" name="scope" value="write" checked />
        <select name="connection" required><option value="">Choose</option><option value="h1">One</option></select>
        <textarea name="note">as is</textarea>
        <button formaction="/abort" formnovalidate>Cancel</button>
        <button class="primary" name="go" value="1">Sign in</button>
      </form></body>`)
  },
  '/login': (response) =>
    void response.writeHead(302, { location: `${CLIENT}?code=abc&state=1` }).end(),
  '/hand-off': (response) => {
    response.end(
      `<meta http-equiv="refresh" content="0;url=${CLIENT}?code=x&amp;iss=y" /><p>Returning</p>`,
    )
  },
  '/loop': (response) => void response.writeHead(302, { location: '/loop' }).end(),
  '/keep': (response) => void response.writeHead(307, { location: '/kept' }).end(),
  '/to-own-callback': (response) => void response.writeHead(302, { location: '/own?code=1' }).end(),
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.once('end', () => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      const page = pages[url.split('?')[0] ?? '']
      if (page === undefined) response.end('<p>done</p>')
      else page(response)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => server.close())

beforeEach(() => {
  browser = createBrowser({ origin })
  seen.length = 0
  return () => browser.close()
})

test('keeps cookies and follows redirects of its origin', async () => {
  const page = await browser.open('/start')
  expect(page).toMatchObject({ status: 200, title: 'Sign in', leaving: undefined })
  expect(page.text).toContain('Hello')
  expect(seen.at(-1)).toMatchObject({ url: '/form', headers: { cookie: 'session=1' } })
  expect(browser.page).toBe(page)
})

test('sends what a person filled in, with what the form held, and stops at the client', async () => {
  const page = await browser.open('/form')
  const answer = await browser.submit(
    page.form('password'),
    { email: 'a@b.example', password: 'p w', scope: ['read'], connection: 'h1' },
    'Sign in',
  )
  expect(Object.fromEntries(new URLSearchParams(seen.at(-1)?.body))).toEqual({
    csrf: 'a&b',
    email: 'a@b.example',
    password: 'p w',
    scope: 'read',
    connection: 'h1',
    note: 'as is',
    go: '1',
  })
  expect(seen.at(-1)?.headers).toMatchObject({ origin, 'sec-fetch-site': 'same-origin' })
  expect(answer.leaving?.searchParams.get('code')).toBe('abc')
  expect(seen).toHaveLength(2)
})

test('without a button presses the first, as the Enter key does', async () => {
  const page = await browser.open('/form')
  expect(page.form('password').buttons).toEqual(['Cancel', 'Sign in'])
  await browser.submit(page.form('password'))
  expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/abort' })
})

test('refuses what a person could not do', async () => {
  const form = (await browser.open('/form')).form('password')
  const filled = { email: 'a', password: 'b', connection: 'h1' }
  const send =
    (values: Record<string, string | string[]>, button = 'Sign in') =>
    () =>
      browser.submit(form, { ...filled, ...values }, button)
  await expect(send({ csrf: 'forged' })).rejects.toThrow('nobody can change')
  await expect(send({ admin: 'yes' })).rejects.toThrow('no field admin')
  await expect(send({ connection: 'h2' })).rejects.toThrow('does not offer')
  await expect(send({ scope: ['read', 'admin'] })).rejects.toThrow('does not offer')
  await expect(send({ email: '' })).rejects.toThrow('email is required')
  await expect(send({ connection: '' })).rejects.toThrow('connection is required')
  await expect(send({}, 'Delete')).rejects.toThrow('no button Delete')
  expect(seen).toHaveLength(1)
})

test('reads where a hand-off page leads', async () => {
  const { leaving, text } = await browser.open('/hand-off')
  expect(leaving?.href).toBe(`${CLIENT}?code=x&iss=y`)
  expect(text).toBe('Returning')
})

test('stops at a redirect URI on its own origin when told to', async () => {
  const stopping = createBrowser({ origin, stopAt: `${origin}/own` })
  expect((await stopping.open('/to-own-callback')).leaving?.search).toBe('?code=1')
  await stopping.close()
  expect((await browser.open('/to-own-callback')).leaving).toBeUndefined()
})

test('gives up on a redirect loop and never leaves its origin', async () => {
  await expect(browser.open('/loop')).rejects.toThrow('more than 20 redirects')
  await expect(browser.open('https://evil.example/')).rejects.toThrow('not the origin')
  expect(() => createBrowser({ origin }).page).toThrow('nothing was opened')
})
