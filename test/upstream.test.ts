import { connect } from 'node:tls'
import { once } from 'node:events'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCanary } from './helpers/canary.ts'
import { createAuthority } from './helpers/tls.ts'
import { startUpstream, type Upstream } from './helpers/upstream.ts'
import { echoForms } from './helpers/upstream-routes.ts'

const apiKey = makeCanary()
let upstream: Upstream
let agent: Agent

beforeAll(async () => {
  upstream = await startUpstream({ apiKey, header: 'X-Api-Key', template: 'Token {key}' })
  agent = new Agent({ connect: { ca: upstream.caPem } })
})

afterAll(async () => {
  await agent.close()
  await upstream.close()
})

async function call(
  path: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
) {
  const { method = 'GET', body = null, headers = {} } = options
  const response = await request(`${upstream.url}${path}`, {
    dispatcher: agent,
    method,
    body,
    headers: { 'x-api-key': `Token ${apiKey}`, ...headers },
  })
  return { ...response, text: await response.body.text() }
}

test('its certificate is verified against its own authority and no other', async () => {
  const options = { host: '127.0.0.1', port: upstream.port, servername: 'localhost' }
  const trusting = connect({ ...options, ca: upstream.caPem })
  await once(trusting, 'secureConnect')
  expect(trusting.authorized).toBe(true)
  trusting.destroy()
  const [error] = (await once(connect({ ...options, ca: createAuthority().caPem }), 'error')) as [
    Error,
  ]
  expect(error).toMatchObject({
    code: expect.stringMatching(/SIGNATURE|ISSUER|SELF_SIGNED/) as string,
  })
  const [wrongName] = (await once(
    connect({ ...options, servername: 'evil.example', ca: upstream.caPem }),
    'error',
  )) as [Error]
  expect(wrongName).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('demands the key and remembers who came without it', async () => {
  const before = upstream.seen.length
  expect(await call('/user')).toMatchObject({ statusCode: 200 })
  const wrong = await call('/user', { headers: { 'x-api-key': 'wrong' } })
  expect(wrong).toMatchObject({ statusCode: 401 })
  expect(upstream.seen.slice(before).map(({ authorized }) => authorized)).toEqual([true, false])
  expect(upstream.seen[before]?.headers['x-api-key']).toBe(`Token ${apiKey}`)
})

test('answers with a profile, the body it got, text, a scalar, nothing and bytes', async () => {
  expect(JSON.parse((await call('/user')).text)).toMatchObject({ login: 'octo' })
  expect((await call('/echo', { method: 'POST', body: '{"a":[1]}' })).text).toBe('{"a":[1]}')
  expect(Buffer.from(upstream.seen.at(-1)?.body ?? []).toString()).toBe('{"a":[1]}')
  expect((await call('/text')).headers['content-type']).toMatch(/^text\/plain/)
  expect((await call('/scalar')).text).toBe('42')
  expect(await call('/empty')).toMatchObject({ statusCode: 204, text: '' })
  expect((await call('/bytes/200000')).text).toHaveLength(200_000)
  expect((await call('/slow?ms=1')).text).toBe('{"slow":true}')
  expect((await call('/events?count=2&ms=1')).text.match(/data:/g)).toHaveLength(2)
})

test('answers with any status, redirects and cookies', async () => {
  for (const status of [201, 304, 404, 429, 503]) {
    expect((await call(`/status/${status}`)).statusCode).toBe(status)
  }
  const redirected = await call('/redirect?to=https://evil.example/')
  expect(redirected).toMatchObject({ statusCode: 302 })
  expect(redirected.headers.location).toBe('https://evil.example/')
  expect((await call('/set-cookie')).headers['set-cookie']).toHaveLength(2)
  expect((await call('/nowhere')).statusCode).toBe(404)
})

test('its evil endpoint gives the key away in every spelling', async () => {
  const { headers, text, statusText } = await call('/echo-headers')
  for (const [form, spelled] of Object.entries(echoForms(apiKey))) {
    expect(text, form).toContain(spelled)
    expect(headers[`x-echo-key-${form}`], form).toBeDefined()
  }
  expect(headers['x-echo-key-base64']).toBe(Buffer.from(apiKey).toString('base64'))
  expect(headers['x-echo-header-hex']).toContain(Buffer.from(`Token ${apiKey}`).toString('hex'))
  expect(statusText).toContain(apiKey)
})
