import { generateKeyPairSync } from 'node:crypto'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  serviceAccount,
  startTokenProvider,
  type TokenProvider,
} from '../apps/authorization-server/test/helpers/token-provider.ts'
import { createBrowser } from './helpers/browser.ts'
import { findInFolder, needlesOf } from './helpers/canary.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'correct-horse-battery-42' }

let provider: TokenProvider
let stack: Stack
let ada: Person

beforeAll(async () => {
  provider = await startTokenProvider()
  stack = await startStack({
    allowPrivate: [provider.authority],
    extraCaPem: provider.caPem,
  })
  ada = await setUpPerson(stack, account)
})
afterAll(async () => {
  await stack.stop()
  await provider[Symbol.asyncDispose]()
})

/** Runs a command that waits for a browser, and is that browser. */
async function inBrowser(args: readonly string[]): Promise<Record<string, unknown>> {
  const child = stack.startCli(['--profile', 'ada', '--json', ...args, '--no-browser'])
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const output: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line)
    const [link] = /https?:\/\/\S+\/oauth\/connect\S+/.exec(line) ?? []
    if (link !== undefined) await connectAccount(link)
  }
  expect(await exited, said.join('\n')).toBe(0)
  return JSON.parse(output.join('')) as Record<string, unknown>
}

async function connectAccount(link: string): Promise<void> {
  const browser = createBrowser({ origin: stack.issuer })
  let page = await browser.open(link)
  page = await browser.submit(
    page.form('password'),
    { email: account.email, password: account.password },
    'Sign in',
  )
  const back = await provider.approve(page.leaving!.href)
  page = await browser.open(back)
  expect(page.text).toContain('Connected')
  await browser.close()
}

test('an operator adds an OAuth app, a person connects, calls, reconnects and revokes by command line', async () => {
  const app = await ada.run<{ handle: string; redirect_uri: string }>(
    [
      ...['oauth-apps', 'add', 'local-accounts', '--client-id', provider.client.id],
      ...['--base-url', provider.url, '--authorization-endpoint', `${provider.url}/auth`],
      ...['--token-endpoint', `${provider.url}/token`, '--scopes', 'openid,offline_access'],
      ...['--revocation-endpoint', `${provider.url}/token/revocation`],
      ...['--provider-issuer', provider.url, '--parameter', 'prompt=consent'],
      '--client-secret-stdin',
    ],
    `${provider.client.secret}\n`,
  )
  expect(app.redirect_uri).toBe(`${stack.issuer}/oauth/callback`)
  expect(await ada.run(['oauth-apps', 'list'])).toMatchObject([
    { handle: app.handle, client: { client_id: provider.client.id } },
  ])

  const policy = ['--methods', 'GET', '--paths', '/api/me', '--resources', 'direct']
  const connected = await inBrowser(['connections', 'add-oauth', app.handle, ...policy])
  expect(connected).toMatchObject({ status: 'active', kind: 'oauth2', oauth_app: app.handle })
  const handle = String(connected['handle'])
  const tested = await ada.run(['connections', 'test', handle])
  expect(tested).toMatchObject({ status: 200, body: { account: 'octo' } })

  const again = await inBrowser(['connections', 'reconnect', handle])
  expect(again).toMatchObject({ handle, status: 'active' })
  expect(again['authorized_at']).not.toBe(connected['authorized_at'])

  expect(await ada.run(['connections', 'revoke', handle])).toMatchObject({ status: 'revoked' })
  await expect.poll(() => provider.ended.length, { timeout: 20_000 }).toBe(1)
  expect(await ada.run(['oauth-apps', 'revoke', app.handle])).toMatchObject({ status: 'revoked' })

  const needles = [...provider.secrets].filter(({ length }) => length >= 16).flatMap(needlesOf)
  expect(needles.length).toBeGreaterThan(50)
  expect(findInFolder(stack.folder, needles)).toEqual([])
})

test('a service account is connected by its key; the first call gets the first token', async () => {
  const { handle } = await ada.run<{ handle: string }>(
    [
      ...['connections', 'add', 'local-robot', '--base-url', provider.url, '--secret-stdin'],
      ...['--injection', JSON.stringify(serviceAccount(provider))],
      ...['--methods', 'GET', '--paths', '/api/me', '--resources', 'direct'],
    ],
    provider.privateKeyPem,
  )
  const tested = await ada.run(['connections', 'test', handle, '--path', '/api/me'])
  expect(tested).toMatchObject({ status: 200, body: { account: 'octo' } })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wrong = await ada.attempt(
    [
      ...['connections', 'add', 'local-robot', '--base-url', provider.url, '--secret-stdin'],
      ...['--injection', JSON.stringify(serviceAccount(provider))],
    ],
    privateKey.export({ type: 'pkcs8', format: 'pem' }),
  )
  expect(wrong.code).not.toBe(0)
  expect(wrong.stdout).toContain('private key is not an RSA key')
})
