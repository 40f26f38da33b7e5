import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser, formOf, handOffTarget, type PageVisit } from './support/browser.ts'
import { addClient, addResource, authorizationUrl, signIn } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
  await addResource(server, { resource: 'https://notes.example/mcp' })
})
afterAll(() => server.stop())

test.for([
  ['invalid_request', { code_challenge_method: 'plain' }],
  ['invalid_target', { resource: 'https://unknown.example/' }],
  ['login_required', { prompt: 'none' }],
] as const)('gotcha 20: %s redirects carry iss', async ([error, parameters]) => {
  const client = await addClient(server)
  const { url } = await authorizationUrl(server, { client, parameters })
  const { searchParams } = handOffTarget(await new Browser(server.issuer).open(url))
  expect(searchParams.get('error')).toBe(error)
  expect(searchParams.getAll('iss')).toEqual([server.issuer])
})

test('gotcha 20: a sign-in that was cancelled and a consent that was denied carry iss', async () => {
  const client = await addClient(server)
  const { url } = await authorizationUrl(server, { client })
  const browser = new Browser(server.issuer)
  const abort = (page: PageVisit, form: string): Promise<PageVisit> => {
    const { action, fields } = formOf(page, form)
    return browser.submit({ action: action.replace(form, '/abort'), fields })
  }
  const cancelled = handOffTarget(await abort(await browser.open(url), '/login'))
  const consent = await signIn(browser, await browser.open(url), email)
  const denied = handOffTarget(await abort(consent, '/consent'))
  for (const { searchParams } of [cancelled, denied]) {
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.getAll('iss')).toEqual([server.issuer])
  }
})
