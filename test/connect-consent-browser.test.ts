/** What a consent does for whoever has no account at the provider that the app's server needs. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  startTokenProvider,
  type TokenProvider,
} from '../apps/authorization-server/test/helpers/token-provider.ts'
import { type AcmeStack, pasteKey, startAcmeStack } from './chromium/acme.ts'
import { startWebApp, type WebApp } from './chromium/app.ts'
import {
  type Chromium,
  enterAccount,
  hasChromium,
  shoot,
  startChromium,
  watchViolations,
} from './chromium/chromium.ts'

interface Entry {
  readonly handle: string
  readonly status: string
}

describe.skipIf(!hasChromium)('a consent that lacks the account', { timeout: 60_000 }, () => {
  let provider: TokenProvider
  let world: AcmeStack
  let chromium: Chromium
  let app: WebApp
  let consentUrl: string
  let context: BrowserContext
  let page: Page
  let violations: string[]

  beforeAll(async () => {
    provider = await startTokenProvider()
    world = await startAcmeStack(provider)
    chromium = await startChromium()
    app = await startWebApp()
    consentUrl = await consentFor('acme')
  }, 120_000)

  afterAll(async () => {
    await chromium?.close()
    app?.close()
    await world?.[Symbol.asyncDispose]()
    await provider?.[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    violations = []
    context = await chromium.browser.newContext({ viewport: { width: 320, height: 640 } })
    page = await context.newPage()
    watchViolations(page, violations)
  })

  // Whoever connected an account before does not lack it.
  beforeEach(async () => {
    for (const { handle, status } of await world.ada.run<Entry[]>(['connections', 'list'])) {
      if (status !== 'revoked') await world.ada.run(['connections', 'revoke', handle])
    }
  })

  afterEach(() => context.close())

  /** Where an app asks for access to a server that needs an account at this provider. */
  async function consentFor(name: string): Promise<string> {
    const resource = `https://${name}.example/mcp`
    await world.ada.run([
      ...['resources', 'add', resource, '--name', 'Notes'],
      ...['--scope', 'notes:read=Read your notes', '--connection', `${name}=Reads your account`],
    ])
    const client = await world.ada.run<{ client_id: string }>([
      ...['clients', 'register', '--name', 'Notes agent', '--redirect-uri', app.redirectUri],
    ])
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: client.client_id, redirect_uri: app.redirectUri },
      ...{ resource, scope: 'notes:read', state: 's', code_challenge_method: 'S256' },
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    })
    return `${world.stack.issuer}/oauth2/auth?${query}`
  }

  const openConsent = async (one: Page, url = consentUrl): Promise<void> => {
    await one.goto(url)
    await enterAccount(one, world.account)
    await one.getByRole('heading', { name: 'Allow Notes agent' }).waitFor()
  }

  test('leads there and back, and goes on with the new account', async () => {
    await openConsent(page)
    await shoot(page, 'consent-lacks')
    const consent = page.url()
    expect(await page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Connect acme' }).click()
    await page.getByRole('heading', { name: 'Connect Acme' }).waitFor()
    await page.getByText('Notes agent').waitFor()
    await shoot(page, 'connect-for-consent')
    await pasteKey(page, world.secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    await shoot(page, 'connected-for-consent')
    await page.getByRole('link', { name: 'Go on and decide about the app' }).click()
    await page.waitForURL(consent)
    expect(await page.getByLabel('Reads your account').innerText()).toContain('octo')
    await shoot(page, 'consent-again')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Back in the app').waitFor()
    expect(new URL(page.url()).searchParams.has('code')).toBe(true)
    expect(violations).toEqual([])
  })

  test('comes back from a sign-in at the provider, without a script on any page', async () => {
    await world.ada.run(
      [
        ...['oauth-apps', 'add', 'local-accounts', '--client-id', provider.client.id],
        ...['--base-url', provider.url, '--authorization-endpoint', `${provider.url}/auth`],
        ...['--token-endpoint', `${provider.url}/token`, '--scopes', 'openid,offline_access'],
        ...['--provider-issuer', provider.url, '--parameter', 'prompt=consent'],
        '--client-secret-stdin',
      ],
      `${provider.client.secret}\n`,
    )
    const plain = await chromium.browser.newContext({
      javaScriptEnabled: false,
      ignoreHTTPSErrors: true,
    })
    // Whom the provider knows in this browser.
    await plain.addCookies([{ name: 'account', value: 'ada', url: provider.url }])
    const bare = await plain.newPage()
    watchViolations(bare, violations)
    await openConsent(bare, await consentFor('local-accounts'))
    const consent = bare.url()
    await bare.getByRole('button', { name: 'Connect local-accounts' }).click()
    await bare.getByRole('button', { name: 'Continue to local-accounts' }).click()
    await bare.getByLabel('Reads your account').waitFor()
    expect(bare.url()).toBe(consent)
    await bare.getByRole('button', { name: 'Allow' }).click()
    await bare.getByText('Back in the app').waitFor()
    expect(new URL(bare.url()).searchParams.has('code')).toBe(true)
    expect(violations).toEqual([])
    await plain.close()
  })

  test('works without scripts as well: both pages name the command', async () => {
    const plain = await chromium.browser.newContext({ javaScriptEnabled: false })
    const bare = await plain.newPage()
    await openConsent(bare)
    expect(await bare.locator('main').innerText()).toContain('holdfast connections add acme')
    await bare.getByRole('button', { name: 'Connect acme' }).click()
    await bare.getByRole('heading', { name: 'Connect Acme' }).waitFor()
    const [, command = ''] = /<noscript>.*<code>holdfast ([^<]*)/s.exec(await bare.content()) ?? []
    expect(command).toMatch(/^connections add acme --ticket \S{32} --allow read$/)
    await world.ada.run([...command.split(' '), '--secret-stdin'], `${world.secret}\n`)
    await bare.reload()
    await bare.getByRole('link', { name: 'Go on and decide about the app' }).click()
    expect(await bare.getByLabel('Reads your account').innerText()).toContain('octo')
    await bare.getByRole('button', { name: 'Allow' }).click()
    await bare.getByText('Back in the app').waitFor()
    await plain.close()
  })
})
