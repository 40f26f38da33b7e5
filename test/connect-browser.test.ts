/** Connecting an account on the hosted page, in a real browser, with the product's own headers in force. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sealingKeySignedBytes } from '@holdfast/protocol'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  startTokenProvider,
  type TokenProvider,
} from '../apps/authorization-server/test/helpers/token-provider.ts'
import {
  findInBytes,
  findInFolder,
  findInProcess,
  makeCanary,
  needlesOf,
} from './helpers/canary.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'
import { startUpstream, type Upstream } from './helpers/upstream.ts'

const executablePath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))
/** Where screenshots go, for people to look at; none without it. */
const screenshots = process.env['SCREENSHOTS_DIR']
const account = { name: 'Ada', email: 'ada@example.com', password: 'correct-horse-battery-42' }

const acme = (url: string): string => `
name: acme
title: Acme
category: work
docs: https://acme.example/docs
verified: unverified
checked: 2026-11-23
base_url: ${url}
kinds:
  - id: token
    title: Access token
    credential: { kind: bearer }
    fields:
      token:
        title: Access token
        where: { url: 'https://acme.example/keys', words: 'Settings, then Keys.' }
        patterns: ['canary/[A-Za-z0-9+/]{32}"[a-z0-9]+', 'refused_[a-z]+']
        wrong: [{ patterns: ['pub_[a-z]+'], words: This is the public key. }]
identity: { path: /user, account: [/login] }
`

interface Entry {
  readonly handle: string
  readonly status: string
}

interface Ticket {
  readonly id: string
  readonly connect_url: string
}

describe.skipIf(executablePath === undefined)('the connect page', { timeout: 60_000 }, () => {
  const secret = makeCanary()
  let upstream: Upstream
  let provider: TokenProvider
  let stack: Stack
  let ada: Person
  let browser: Browser
  let folder: string
  let context: BrowserContext
  let page: Page
  let violations: string[]
  let sent: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-connect-'))
    upstream = await startUpstream({ apiKey: secret })
    await writeFile(join(folder, 'acme.yaml'), acme(upstream.url))
    provider = await startTokenProvider()
    stack = await startStack({
      allowPrivate: [`localhost:${upstream.port}`, provider.authority],
      extraCaPem: `${upstream.caPem}\n${provider.caPem}`,
      settings: { HOLDFAST_PROVIDERS_DIR: folder },
    })
    ada = await setUpPerson(stack, account)
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
        ...['--disable-background-networking', '--disable-component-update'],
      ],
      env: { ...process.env, HOME: folder },
    })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
    await upstream?.close()
    await provider?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    violations = []
    sent = []
    context = await browser.newContext({ viewport: { width: 320, height: 640 } })
    page = await context.newPage()
    watch(page)
  })

  afterEach(() => context.close())

  function watch(one: Page): void {
    one.on('console', (message) => {
      if (/content security policy|refused to|trusted/i.test(message.text()))
        violations.push(message.text())
    })
    one.on('pageerror', (error) => violations.push(error.message))
    one.on('request', (request) => {
      const body = request.postData() ?? ''
      sent.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${body}`)
    })
  }

  const shoot = async (name: string): Promise<void> => {
    if (screenshots !== undefined)
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
  }

  const makeTicket = (...args: readonly string[]): Promise<Ticket> =>
    ada.run<Ticket>(['connections', 'link', '--no-wait', '--no-browser', ...args])

  /** Signs in as well, where the page asks for it: once in a browser. */
  const open = async ({ connect_url }: Ticket): Promise<void> => {
    await page.goto(connect_url)
    if ((await page.getByLabel('E-mail address').count()) > 0) {
      await page.getByLabel('E-mail address').fill(account.email)
      await page.getByLabel('Password').fill(account.password)
      await page.keyboard.press('Enter')
    }
    await page.getByRole('heading', { name: /Acme|Connected/ }).waitFor()
  }

  const sealButton = () => page.getByRole('button', { name: 'Seal and connect' })

  const paste = async (value: string): Promise<void> => {
    await page.getByText('sealed in this browser to the enclave').waitFor()
    await page.getByLabel('Access token').fill(value)
    await sealButton().click()
  }

  test('a pasted key is sealed here, its account shown, and calls work; the key is nowhere else', async () => {
    const ticket = await makeTicket('acme')
    await open(ticket)
    await page.getByText('sealed in this browser to the enclave').waitFor()
    await shoot('connect')
    const width = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(width).toBeLessThanOrEqual(0)
    await page.getByLabel('Access token').fill(secret)
    await sealButton().click()
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    await shoot('connected')
    const receipt = await page.locator('#progress').innerText()
    const handle = /ddls:conn:\S+-acme/.exec(receipt)?.[0] ?? ''
    expect(receipt).toMatch(/([0-9a-f]{4} ){7}[0-9a-f]{4}/)

    expect(await ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
      body: { login: 'octo' },
    })
    expect(violations).toEqual([])

    const needles = needlesOf(secret)
    const dom = await page.evaluate(() => {
      const values = [...document.querySelectorAll('input,textarea')].map(
        (input) => (input as HTMLInputElement).value,
      )
      return JSON.stringify([
        document.documentElement.outerHTML,
        ...[values, { ...localStorage }, { ...sessionStorage }, document.cookie, location.href],
      ])
    })
    const stored = JSON.stringify(await context.storageState({ indexedDB: true }))
    const seen = [dom, stored, ...sent].map((text) =>
      findInBytes('browser', Buffer.from(text), needles),
    )
    expect(sent.some((text) => text.includes('/credential'))).toBe(true)
    expect(seen.flat()).toEqual([])
    expect(findInFolder(stack.folder, needles)).toEqual([])
    if (process.getuid?.() === 0) {
      const { processes, pid } = await stack.report()
      for (const one of processes.filter(({ name }) => name !== 'enclave')) {
        expect(findInProcess(one.name, one.pid ?? 0, needles)).toEqual([])
      }
      expect(findInProcess('supervisor', pid, needles)).toEqual([])
    }
  })

  const stepsSent = (): readonly string[] =>
    sent.filter((text) => text.startsWith('POST') && /reserve|credential/.test(text))
  const insist = () => page.getByLabel('I am sure that this is the right key')

  test.each([
    ['pub_abcdef', 'This is the public key.'],
    [`ghp_${'a1B2'.repeat(9)}`, 'This looks like GitHub'],
    ['something-else-altogether', 'does not look like what Acme hands out'],
  ])('%s is not sent at the first click, and the right key is described', async (key, words) => {
    await open(await makeTicket('acme'))
    await paste(key)
    await page.getByText(words).waitFor()
    await page.getByText('starts with canary/ and has at least').waitFor()
    await page.getByText('Nothing was sent: look').waitFor()
    await sealButton().click()
    await page.getByLabel('Access token').press('Enter')
    await shoot('wrong-key')
    expect(stepsSent()).toEqual([])
    expect(violations).toEqual([])
  })

  test('a tick sends a key that looks wrong, and counts for that key alone', async () => {
    await open(await makeTicket('acme'))
    await paste('pub_abcdef')
    await insist().check()
    await page.getByLabel('Access token').fill('pub_another')
    expect(await insist().isChecked()).toBe(false)
    await sealButton().click()
    await page.getByText('Nothing was sent: look').waitFor()
    expect(stepsSent()).toEqual([])
    await insist().check()
    await sealButton().click()
    await page.getByText('The provider does not take this key').waitFor()
    expect(stepsSent()).toHaveLength(2)
    expect(await insist().isVisible()).toBe(false)
    await paste('pub_abcdef')
    await page.getByText('Nothing was sent: look').waitFor()
    expect(stepsSent()).toHaveLength(2)
    await page.getByLabel('Access token').fill(secret)
    expect(await insist().isVisible()).toBe(false)
    await sealButton().click()
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
  })

  test('a key that the provider refuses may be replaced on the same page', async () => {
    const ticket = await makeTicket('acme')
    await open(ticket)
    await paste('refused_always')
    await page.getByText('The provider does not take this key').waitFor()
    expect(await page.getByLabel('Access token').inputValue()).toBe('')
    await paste(secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
  })

  test('scripts that somebody plants do not run, a form cannot be sent, and no page frames it', async () => {
    const ticket = await makeTicket('acme')
    await open(ticket)
    const before = violations.length
    const ran = await page.evaluate(async () => {
      const attempts = [
        () => (document.createElement('script').textContent = 'globalThis.planted = 1'),
        () => (document.createElement('script').src = '/assets/other.js'),
        () => (document.body.innerHTML += '<img src=x onerror="globalThis.planted = 1">'),
        // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call, no-new-func
        () => new Function('globalThis.planted = 1')(),
      ]
      // What the debugger runs by itself is free of the policy; what a timer runs is not.
      const refused = await new Promise((resolve) =>
        setTimeout(() => {
          const names = attempts.map((attempt) => {
            try {
              attempt()
              return 'done'
            } catch (error) {
              return (error as Error).name
            }
          })
          resolve(names)
        }),
      )
      const inline = document.createElement('script')
      inline.append('globalThis.planted = 1')
      document.head.append(inline)
      const form = document.createElement('form')
      form.action = '/connect/stolen'
      document.body.append(form)
      form.submit()
      return { refused, planted: Reflect.get(globalThis, 'planted') === 1 }
    })
    expect(ran.planted).toBe(false)
    expect(ran.refused).toEqual(['TypeError', 'TypeError', 'TypeError', 'EvalError'])
    await expect.poll(() => violations.length).toBeGreaterThan(before)
    expect(sent.some((text) => text.includes('stolen') || text.includes('other.js'))).toBe(false)

    const framing = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end(`<iframe src="${stack.issuer}/connect/${ticket.id}"></iframe>`)
    })
    await new Promise<void>((resolve) => framing.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = framing.address() as AddressInfo
      await page.goto(`http://localhost:${port}/`)
      const frame = page.frames()[1]
      await frame?.waitForLoadState()
      expect(await frame?.content()).not.toContain('Connect Acme')
    } finally {
      framing.close()
    }
  })

  test('a key set of another enclave, or with a forged key, is refused before anything is sealed', async () => {
    const real = await (
      await fetch(`${stack.issuer}/.well-known/holdfast-sealing-keys.json`)
    ).json()
    const { keys } = real as { keys: { public_key: string }[] }
    const own = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
    const forged = { ...(real as object), keys: keys.map((key) => ({ ...key, public_key: own })) }
    const foreign = await signedByAnother()
    for (const [set, words] of [
      [forged, 'not signed by the enclave identity'],
      [foreign, 'identity is not the one pinned'],
    ] as const) {
      await page.route('**/holdfast-sealing-keys.json', (route) => route.fulfill({ json: set }))
      // The link of the command line names the enclave that it trusts.
      const { connect_url } = await makeTicket('acme')
      await open({ id: '', connect_url })
      await page.getByText(words).waitFor()
      expect(await sealButton().isDisabled()).toBe(true)
      await page.getByLabel('Access token').fill(secret)
      await page.getByLabel('Access token').press('Enter')
      await page.unroute('**/holdfast-sealing-keys.json')
    }
    expect(sent.some((text) => /POST \S+\/(reserve|credential)/.test(text))).toBe(false)
  })

  test('a used link, reloaded, shows what came of it; a renewal keeps the handle', async () => {
    const ticket = await makeTicket('acme', '--label', 'Work')
    await open(ticket)
    await paste(secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    await page.reload()
    await page.getByText('Work is connected').waitFor()
    const handle = await handleOf(page)
    const renewal = await makeTicket('--renew', handle)
    await open(renewal)
    await page.getByRole('heading', { name: 'Renew Acme' }).waitFor()
    await paste('refused_always')
    await page.getByText('The connection has the key again that it had').waitFor()
    expect(await ada.run(['connections', 'show', handle])).toMatchObject({ account: 'octo' })
    expect(await ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
    })
    await paste(secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    expect(await handleOf(page)).toBe(handle)
    expect(await ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
    })
    expect(await ada.run(['connections', 'show', handle])).toMatchObject({ record_version: 4 })
    expect(violations).toEqual([])
  })

  describe('a consent that lacks the account', () => {
    let consentUrl: string
    let app: Server
    beforeAll(async () => {
      app = createServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Back in the app</h1>')
      })
      await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
      consentUrl = await consentFor('acme')
    })

    /** Where an app asks for access to a server that needs an account at this provider. */
    async function consentFor(name: string): Promise<string> {
      const redirect = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`
      const resource = `https://${name}.example/mcp`
      await ada.run([
        ...['resources', 'add', resource, '--name', 'Notes'],
        ...['--scope', 'notes:read=Read your notes', '--connection', `${name}=Reads your account`],
      ])
      const client = await ada.run<{ client_id: string }>([
        ...['clients', 'register', '--name', 'Notes agent', '--redirect-uri', redirect],
      ])
      const query = new URLSearchParams({
        ...{ response_type: 'code', client_id: client.client_id, redirect_uri: redirect },
        ...{ resource, scope: 'notes:read', state: 's', code_challenge_method: 'S256' },
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      })
      return `${stack.issuer}/oauth2/auth?${query}`
    }

    afterAll(() => {
      app.close()
    })
    // Whoever connected an account before does not lack it.
    beforeEach(async () => {
      for (const { handle, status } of await ada.run<Entry[]>(['connections', 'list'])) {
        if (status !== 'revoked') await ada.run(['connections', 'revoke', handle])
      }
    })

    const openConsent = async (one: Page, url = consentUrl): Promise<void> => {
      await one.goto(url)
      await one.getByLabel('E-mail address').fill(account.email)
      await one.getByLabel('Password').fill(account.password)
      await one.keyboard.press('Enter')
      await one.getByRole('heading', { name: 'Allow Notes agent' }).waitFor()
    }

    test('leads there and back, and goes on with the new account', async () => {
      await openConsent(page)
      await shoot('consent-lacks')
      const consent = page.url()
      expect(await page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
      await page.getByRole('button', { name: 'Connect acme' }).click()
      await page.getByRole('heading', { name: 'Connect Acme' }).waitFor()
      await page.getByText('Notes agent').waitFor()
      await shoot('connect-for-consent')
      await paste(secret)
      await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
      await shoot('connected-for-consent')
      await page.getByRole('link', { name: 'Go on and decide about the app' }).click()
      await page.waitForURL(consent)
      expect(await page.getByLabel('Reads your account').innerText()).toContain('octo')
      await shoot('consent-again')
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByText('Back in the app').waitFor()
      expect(new URL(page.url()).searchParams.has('code')).toBe(true)
      expect(violations).toEqual([])
    })

    test('comes back from a sign-in at the provider, without a script on any page', async () => {
      await ada.run(
        [
          ...['oauth-apps', 'add', 'local-accounts', '--client-id', provider.client.id],
          ...['--base-url', provider.url, '--authorization-endpoint', `${provider.url}/auth`],
          ...['--token-endpoint', `${provider.url}/token`, '--scopes', 'openid,offline_access'],
          ...['--provider-issuer', provider.url, '--parameter', 'prompt=consent'],
          '--client-secret-stdin',
        ],
        `${provider.client.secret}\n`,
      )
      const plain = await browser.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true })
      // Whom the provider knows in this browser.
      await plain.addCookies([{ name: 'account', value: 'ada', url: provider.url }])
      const bare = await plain.newPage()
      watch(bare)
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
      const plain = await browser.newContext({ javaScriptEnabled: false })
      const bare = await plain.newPage()
      await openConsent(bare)
      expect(await bare.locator('main').innerText()).toContain('holdfast connections add acme')
      await bare.getByRole('button', { name: 'Connect acme' }).click()
      await bare.getByRole('heading', { name: 'Connect Acme' }).waitFor()
      const [, command = ''] =
        /<noscript>.*<code>holdfast ([^<]*)/s.exec(await bare.content()) ?? []
      expect(command).toMatch(/^connections add acme --ticket \S{32} --allow read$/)
      await ada.run([...command.split(' '), '--secret-stdin'], `${secret}\n`)
      await bare.reload()
      await bare.getByRole('link', { name: 'Go on and decide about the app' }).click()
      expect(await bare.getByLabel('Reads your account').innerText()).toContain('octo')
      await bare.getByRole('button', { name: 'Allow' }).click()
      await bare.getByText('Back in the app').waitFor()
      await plain.close()
    })
  })

  test('without scripts the page names the command and holds no field that could be sent', async () => {
    const { connect_url } = await makeTicket('acme')
    const plain = await browser.newContext({ javaScriptEnabled: false })
    const bare = await plain.newPage()
    await bare.goto(connect_url)
    await bare.getByLabel('E-mail address').fill(account.email)
    await bare.getByLabel('Password').fill(account.password)
    await bare.keyboard.press('Enter')
    await bare.waitForURL(connect_url)
    await bare.locator('#connect').waitFor({ state: 'attached' })
    const html = await bare.content()
    expect(/<noscript>.*holdfast connections add acme.*<\/noscript>/s.test(html)).toBe(true)
    expect(await bare.getByLabel('Access token').isVisible()).toBe(false)
    await plain.close()
  })
})

const handleOf = async (page: Page): Promise<string> =>
  /ddls:conn:[0-9A-Z]{26}-acme/.exec(
    (await page.locator('main').innerText()).replaceAll(/\s/g, ''),
  )?.[0] ?? ''

/** A key set that is right in itself, of an enclave that nobody here knows. */
async function signedByAnother(): Promise<object> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const identity = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey))
  const nowSeconds = Math.floor(Date.now() / 1000)
  const key = {
    kid: 'seal_of_another',
    alg: 'x25519-sealed-box',
    public_key: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
    not_before: nowSeconds - 60,
    expires_at: nowSeconds + 3600,
  } as const
  const signed = await crypto.subtle.sign(
    'Ed25519',
    pair.privateKey,
    new Uint8Array(sealingKeySignedBytes(key)),
  )
  return {
    v: 1,
    identity: identity.toString('base64url'),
    keys: [{ ...key, signature: Buffer.from(signed).toString('base64url') }],
    succession: [],
  }
}
