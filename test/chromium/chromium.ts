/** A real browser, where this machine has one. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Account } from '../helpers/person.ts'

const executablePath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))

/** False where there is none to start. */
export const hasChromium = executablePath !== undefined

/** Where screenshots go, for people to look at; none without it. */
const screenshots = process.env['SCREENSHOTS_DIR']

/** The browser, with a home folder of its own that goes with it. */
export interface Chromium {
  readonly browser: Browser
  close(): Promise<void>
}

/** Starts it. */
export async function startChromium(): Promise<Chromium> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-chromium-'))
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
    env: { ...process.env, HOME: home },
  })
  return {
    browser,
    close: async () => {
      await browser.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Notes what the policy of a page refused, and what its scripts threw. */
export function watchViolations(page: Page, violations: string[]): void {
  page.on('console', (message) => {
    if (/content security policy|refused to|trusted/i.test(message.text()))
      violations.push(message.text())
  })
  page.on('pageerror', (error) => violations.push(error.message))
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText.includes('BLOCKED')) violations.push(request.url())
  })
}

/** Signs somebody in on the page that asks for it. */
export async function enterAccount(
  page: Page,
  { email, password }: Pick<Account, 'email' | 'password'>,
): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
}

/** Takes a picture of a whole page, if somebody wants to look at it. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined)
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
}
