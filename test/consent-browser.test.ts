/** Sign-in, consent and hand-off in a real browser, with the product's own headers in force. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startWebApp, type WebApp } from './chromium/app.ts'
import {
  type Chromium,
  enterAccount,
  hasChromium,
  shoot,
  startChromium,
  watchViolations,
} from './chromium/chromium.ts'
import { tokenRequest } from './helpers/agent.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'

const verifier = 'a-verifier-of-enough-characters-for-every-server-0123456789'

describe.skipIf(!hasChromium)('in Chromium', { timeout: 60_000 }, () => {
  let job: MainJob
  let chromium: Chromium
  let context: BrowserContext
  let page: Page
  let app: WebApp
  let violations: string[]

  beforeAll(async () => {
    job = await doMainJob()
    app = await startWebApp()
    chromium = await startChromium()
  }, 120_000)

  afterAll(async () => {
    await chromium?.close()
    app?.close()
    await job?.close()
  })

  beforeEach(async () => {
    violations = []
    app.asked.length = 0
    context = await chromium.browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 320, height: 640 },
    })
    page = await context.newPage()
    watchViolations(page, violations)
  })

  afterEach(async () => {
    await context.close()
    expect(violations).toEqual([])
  })

  const authorizationUrl = async (): Promise<string> => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: job.agentClientId, redirect_uri: app.redirectUri },
      ...{ resource: job.resource, scope: 'tools:call', state: 'a-state', prompt: 'consent' },
      code_challenge: Buffer.from(digest).toString('base64url'),
      code_challenge_method: 'S256',
    })
    return `${job.stack.issuer}/oauth2/auth?${query}`
  }

  /** Runs without the page's own scripts: it is the debugger that asks. */
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

  const signIn = async (): Promise<void> => {
    await page.goto(await authorizationUrl())
    await enterAccount(page, job.account)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
  }

  test('a person signs in with Enter, allows, and arrives back in the app with a code', async () => {
    await page.goto(await authorizationUrl())
    await shoot(page, 'sign-in')
    expect(await overflow()).toBeLessThanOrEqual(0)
    await signIn()
    await shoot(page, 'consent')
    expect(await overflow()).toBeLessThanOrEqual(0)
    const text = await page.locator('main').innerText()
    for (const named of ['Demo agent', 'Demo MCP server', '127.0.0.1', 'Use its tools']) {
      expect(text).toContain(named)
    }
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Back in the app').waitFor()
    const callback = new URL(page.url())
    expect(`${callback.origin}${callback.pathname}`).toBe(app.redirectUri)
    expect(callback.searchParams.get('state')).toBe('a-state')
    expect(callback.searchParams.get('iss')).toBe(job.stack.issuer)
    const { generateDpopKey } = await import('@holdfast/protocol/token')
    const answer = await tokenRequest(
      job.stack.issuer,
      {
        ...{ grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '' },
        ...{ client_id: job.agentClientId, redirect_uri: app.redirectUri, code_verifier: verifier },
      },
      { key: await generateDpopKey() },
    )
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  })

  test('Deny brings the app an error and no code', async () => {
    await signIn()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('Back in the app').waitFor()
    const { searchParams } = new URL(page.url())
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.has('code')).toBe(false)
  })

  test('a wrong password is told in words, and nothing is sent to the app', async () => {
    await page.goto(await authorizationUrl())
    await enterAccount(page, { ...job.account, password: 'a wrong password' })
    await page.getByRole('alert').waitFor()
    await shoot(page, 'wrong-password')
    expect(await overflow()).toBeLessThanOrEqual(0)
    expect(app.asked).toEqual([])
  })

  test('the first submit button of every form is the primary one', async () => {
    await page.goto(await authorizationUrl())
    const first = (): Promise<string> =>
      page.locator('form:has(.primary) button[type=submit]').first().innerText()
    expect(await first()).toBe('Sign in')
    await signIn()
    expect(await first()).toBe('Allow')
    const invitation = await job.ada.run<{ url: string }>([
      'users',
      'add',
      `${Date.now()}@example.com`,
    ])
    await page.goto(invitation.url)
    await shoot(page, 'new-password')
    expect(await first()).toBe('Create account')
    expect(await overflow()).toBeLessThanOrEqual(0)
  })

  test('the primary button stands to the right of the other, and both are big enough to touch', async () => {
    await page.setViewportSize({ width: 800, height: 700 })
    await page.goto(await authorizationUrl())
    await shoot(page, 'sign-in-wide')
    const primary = await page.getByRole('button', { name: 'Sign in' }).boundingBox()
    const other = await page.getByRole('button', { name: 'Cancel' }).boundingBox()
    expect(primary!.x).toBeGreaterThan(other!.x + other!.width)
    expect(Math.min(primary!.height, other!.height)).toBeGreaterThanOrEqual(44)
    await signIn()
    await shoot(page, 'consent-wide')
  })

  test('no other page can put the sign-in into a frame', async () => {
    const target = await authorizationUrl()
    const frame = createServer((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<h1>Win a prize</h1><iframe src="${target.replaceAll('&', '&amp;')}"></iframe>`)
    })
    await new Promise<void>((resolve) => frame.listen(0, '127.0.0.1', resolve))
    try {
      await page.goto(`http://127.0.0.1:${(frame.address() as AddressInfo).port}/`)
      await expect.poll(() => violations.some((text) => /frame/i.test(text))).toBe(true)
      const inside = page.frames().find((one) => one !== page.mainFrame())
      const body = await inside?.locator('body').innerText()
      expect(body ?? '').not.toContain('Password')
    } finally {
      frame.close()
    }
    // Here the violation is what we wanted.
    violations.length = 0
  })

  test('a script that got into a page would not run', async () => {
    const scripted = await chromium.browser.newContext()
    try {
      const tab = await scripted.newPage()
      await tab.goto(await authorizationUrl())
      const ran = await tab.evaluate(async () => {
        const blocked = new Promise<string>((resolve) => {
          document.addEventListener('securitypolicyviolation', (event) =>
            resolve(event.effectiveDirective),
          )
        })
        const script = document.createElement('script')
        script.textContent = 'document.title = "owned"'
        document.body.append(script)
        return { title: document.title, blocked: await blocked }
      })
      expect(ran.title).not.toBe('owned')
      expect(ran.blocked).toMatch(/^script-src/)
    } finally {
      await scripted.close()
    }
  })
})
