/** Connecting an account on the hosted page, in a real browser, with the product's own headers in force. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  findInBytes,
  findInFolder,
  findInProcess,
  makeCanary,
  needlesOf,
} from './helpers/canary.ts'
import { createPerson, type Person } from './helpers/person.ts'
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
        wrong: [{ patterns: ['pub_[a-z]+'], words: This is the public key. }]
identity: { path: /user, account: [/login] }
`

interface Ticket {
  readonly id: string
  readonly connect_url: string
}

describe.skipIf(executablePath === undefined)('the connect page', { timeout: 60_000 }, () => {
  const secret = makeCanary()
  let upstream: Upstream
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
    stack = await startStack({
      allowPrivate: [`localhost:${upstream.port}`],
      extraCaPem: upstream.caPem,
      settings: { HOLDFAST_PROVIDERS_DIR: folder },
    })
    ada = createPerson(stack, account)
    await ada.run(['setup', '--email', account.email, '--password-stdin'], `${account.password}\n`)
    await ada.login()
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

  const open = async ({ connect_url }: Ticket): Promise<void> => {
    await page.goto(connect_url)
    await page.getByLabel('E-mail address').fill(account.email)
    await page.getByLabel('Password').fill(account.password)
    await page.keyboard.press('Enter')
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

  test('a known wrong key is explained and nothing is sent; a key of another provider is named', async () => {
    await open(await makeTicket('acme'))
    await paste('pub_abcdef')
    await page.getByText('This is the public key.').waitFor()
    await page.getByLabel('Access token').fill(`ghp_${'a1B2'.repeat(9)}`)
    await page.getByText('This looks like GitHub').waitFor()
    await sealButton().click()
    expect(
      sent.filter((text) => text.startsWith('POST') && /reserve|credential/.test(text)),
    ).toEqual([])
  })

  test('a key that the provider refuses may be replaced on the same page', async () => {
    const ticket = await makeTicket('acme')
    await open(ticket)
    await paste('not-the-key-of-anybody')
    await page.getByText('The provider does not take this key').waitFor()
    expect(await page.getByLabel('Access token').inputValue()).toBe('')
    await paste(secret)
    await page.getByRole('heading', { name: 'Connected as octo' }).waitFor()
  })
})
