/** Connecting an account on the hosted page, in a real browser, with the product's own headers in force. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sealingKeySignedBytes } from '@holdfast/protocol'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AcmeStack, pasteKey, startAcmeStack } from './chromium/acme.ts'
import {
  type Chromium,
  enterAccount,
  hasChromium,
  shoot,
  startChromium,
  watchViolations,
} from './chromium/chromium.ts'
import { findInBytes, findInFolder, findInProcess, needlesOf } from './helpers/canary.ts'

interface Ticket {
  readonly id: string
  readonly connect_url: string
}

describe.skipIf(!hasChromium)('the connect page', { timeout: 60_000 }, () => {
  let world: AcmeStack
  let chromium: Chromium
  let context: BrowserContext
  let page: Page
  let violations: string[]
  let sent: string[]

  beforeAll(async () => {
    world = await startAcmeStack()
    chromium = await startChromium()
  }, 120_000)

  afterAll(async () => {
    await chromium?.close()
    await world?.[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    violations = []
    sent = []
    context = await chromium.browser.newContext({ viewport: { width: 320, height: 640 } })
    page = await context.newPage()
    watchViolations(page, violations)
    page.on('request', (request) => {
      const body = request.postData() ?? ''
      sent.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${body}`)
    })
  })

  afterEach(() => context.close())

  const makeTicket = (...args: readonly string[]): Promise<Ticket> =>
    world.ada.run<Ticket>(['connections', 'link', '--no-wait', '--no-browser', ...args])

  /** Signs in as well, where the page asks for it: once in a browser. */
  const open = async ({ connect_url }: Ticket): Promise<void> => {
    await page.goto(connect_url)
    if ((await page.getByLabel('E-mail address').count()) > 0)
      await enterAccount(page, world.account)
    await page.getByRole('heading', { name: /Acme|Connected/ }).waitFor()
  }

  const sealButton = () => page.getByRole('button', { name: 'Seal and connect' })

  const paste = (value: string): Promise<void> => pasteKey(page, value)

  test('a pasted key is sealed here, its account shown, and calls work; the key is nowhere else', async () => {
    const ticket = await makeTicket('acme')
    await open(ticket)
    await page.getByText('sealed in this browser to the enclave').waitFor()
    await shoot(page, 'connect')
    const width = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(width).toBeLessThanOrEqual(0)
    await page.getByLabel('Access token').fill(world.secret)
    await sealButton().click()
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    await shoot(page, 'connected')
    const receipt = await page.locator('#progress').innerText()
    const handle = /ddls:conn:\S+-acme/.exec(receipt)?.[0] ?? ''
    expect(receipt).toMatch(/([0-9a-f]{4} ){7}[0-9a-f]{4}/)

    expect(await world.ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
      body: { login: 'octo' },
    })
    expect(violations).toEqual([])

    const needles = needlesOf(world.secret)
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
    expect(findInFolder(world.stack.folder, needles)).toEqual([])
    if (process.getuid?.() === 0) {
      const { processes, pid } = await world.stack.report()
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
    await shoot(page, 'wrong-key')
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
    await page.getByLabel('Access token').fill(world.secret)
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
    await paste(world.secret)
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
      response.end(`<iframe src="${world.stack.issuer}/connect/${ticket.id}"></iframe>`)
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
      await fetch(`${world.stack.issuer}/.well-known/holdfast-sealing-keys.json`)
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
      await page.getByLabel('Access token').fill(world.secret)
      await page.getByLabel('Access token').press('Enter')
      await page.unroute('**/holdfast-sealing-keys.json')
    }
    expect(sent.some((text) => /POST \S+\/(reserve|credential)/.test(text))).toBe(false)
  })

  test('a used link, reloaded, shows what came of it; a renewal keeps the handle', async () => {
    const ticket = await makeTicket('acme', '--label', 'Work')
    await open(ticket)
    await paste(world.secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    await page.reload()
    await page.getByText('Work is connected').waitFor()
    const handle = await handleOf(page)
    const renewal = await makeTicket('--renew', handle)
    await open(renewal)
    await page.getByRole('heading', { name: 'Renew Acme' }).waitFor()
    await paste('refused_always')
    await page.getByText('The connection has the key again that it had').waitFor()
    expect(await world.ada.run(['connections', 'show', handle])).toMatchObject({ account: 'octo' })
    expect(await world.ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
    })
    await paste(world.secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
    expect(await handleOf(page)).toBe(handle)
    expect(await world.ada.run(['connections', 'test', handle, '--path', '/user'])).toMatchObject({
      status: 200,
    })
    expect(await world.ada.run(['connections', 'show', handle])).toMatchObject({
      record_version: 4,
    })
    expect(violations).toEqual([])
  })

  test('without scripts the page names the command and holds no field that could be sent', async () => {
    const { connect_url } = await makeTicket('acme')
    const plain = await chromium.browser.newContext({ javaScriptEnabled: false })
    const bare = await plain.newPage()
    await bare.goto(connect_url)
    await enterAccount(bare, world.account)
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
