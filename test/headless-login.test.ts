/** Signing in on a machine without a browser, against a whole Holdfast. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { createClient, memoryTokenStore } from '@holdfast/client'
import { createDpopProof, importDpopKey } from '@holdfast/protocol/token'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, createBrowser } from './helpers/browser.ts'
import { type Stack, startStack } from './helpers/stack.ts'

const email = 'ada@example.com'
const password = 'violet-otter-plays-cello-42'
let stack: Stack
let browser: Browser

beforeAll(async () => {
  stack = await startStack({ settings: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process' } })
  const made = await stack.cli(['setup', '--email', email, '--password-stdin'], `${password}\n`)
  expect(made.code, made.stderr).toBe(0)
  browser = createBrowser({ origin: stack.issuer })
}, 120_000)

afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** Resolves with what the command says once it says something that fits. */
function told(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = pattern.exec(said)
      if (found !== null) resolve(found)
    })
    child.once('exit', () => reject(new Error(`it ended with: ${said}`)))
  })
}

test('login --device: the code is entered in a browser that never reaches the machine', async () => {
  const child = stack.startCli(['login', '--device', '--json', '--profile', 'device'])
  const output = text(child.stdout!)
  const [, uri = '', code = ''] = await told(child, /(http\S+\/device)\n.*code (\S{4}-\S{4})/)
  let page = await browser.open(uri)
  page = await browser.submit(page.form('user_code'), { user_code: code }, 'Continue')
  page = await browser.submit(page.form('user_code'), {}, 'Yes, it shows this code')
  page = await browser.submit(page.form('password'), { email, password }, 'Sign in')
  page = await browser.submit(page.form('Allow'), {}, 'Allow')
  expect(page.text).toContain('signed in')
  const [exitCode] = (await once(child, 'exit')) as [number]
  expect(exitCode).toBe(0)
  expect(JSON.parse(await output)).toMatchObject({ issuer: stack.issuer })
  const users = await stack.cli(['users', 'list', '--json', '--profile', 'device'])
  expect(users.code, users.stderr).toBe(0)
})

test('login --no-browser: the address on which the browser ended is pasted', async () => {
  const child = stack.startCli(['login', '--no-browser', '--json', '--profile', 'pasted'])
  const output = text(child.stdout!)
  const [url] = await told(child, /http:\/\/\S+\/oauth2\/auth\S+/)
  let page = await browser.open(url)
  if (page.forms.some(({ fields }) => fields.includes('password'))) {
    page = await browser.submit(page.form('password'), { email, password }, 'Sign in')
  }
  if (page.leaving === undefined) page = await browser.submit(page.form('Allow'), {}, 'Allow')
  const refused = told(child, /not the address to which the sign-in led/)
  child.stdin?.write('https://elsewhere.example/callback?code=1\n')
  await refused
  child.stdin?.write(`${page.leaving?.href}\n`)
  const [exitCode] = (await once(child, 'exit')) as [number]
  expect(exitCode).toBe(0)
  expect(JSON.parse(await output)).toMatchObject({ issuer: stack.issuer })
})

/** Signs in by the SDK in this process; `answers` gets what the server said to each of its questions. */
function signInByDevice(
  onCode: (uri: string, code: string) => Promise<void>,
  options: { readonly askedBefore?: (question: number) => boolean } = {},
): { readonly done: Promise<unknown>; readonly answers: string[] } {
  const answers: string[] = []
  const tokenStore = memoryTokenStore()
  let questions = 0
  const client = createClient({
    issuer: stack.issuer,
    tokenStore,
    fetch: async (url, init) => {
      const form = init.body instanceof URLSearchParams ? init.body : undefined
      if (form?.get('grant_type')?.endsWith(':device_code') !== true) return fetch(url, init)
      // Another process of the same profile asks just before.
      if (options.askedBefore?.(questions++) === true) {
        const key = await importDpopKey((await tokenStore.load())?.dpopKey ?? {})
        const headers = { dpop: await createDpopProof({ key, method: 'POST', url }) }
        await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) })
      }
      const response = await fetch(url, init)
      const { error } = (await response.clone().json()) as { error?: string }
      answers.push(error ?? 'tokens')
      return response
    },
  })
  const done = client.loginWithDevice({
    onPrompt: ({ userCode, verificationUri }) => onCode(verificationUri, userCode),
  })
  return { done, answers }
}

async function consentPage(
  uri: string,
  code: string,
): Promise<Awaited<ReturnType<Browser['open']>>> {
  let page = await browser.open(uri)
  page = await browser.submit(page.form('user_code'), { user_code: code }, 'Continue')
  page = await browser.submit(page.form('user_code'), {}, 'Yes, it shows this code')
  if (page.forms.some(({ fields }) => fields.includes('password'))) {
    page = await browser.submit(page.form('password'), { email, password }, 'Sign in')
  }
  return page
}

test('a device whose person declines is told so', async () => {
  const { done, answers } = signInByDevice(async (uri, code) => {
    const page = await consentPage(uri, code)
    await browser.submit(page.form('Allow'), {}, 'Deny')
  })
  await expect(done).rejects.toMatchObject({ code: 'FORBIDDEN', problem: 'access_denied' })
  expect(answers).toEqual(['access_denied'])
})

test('a device that is told to slow down keeps to the new pace, as the server measures it', async () => {
  let page: Awaited<ReturnType<typeof consentPage>> | undefined
  const { done, answers } = signInByDevice(
    async (uri, code) => {
      page = await consentPage(uri, code)
    },
    { askedBefore: (question) => question === 0 },
  )
  await expect.poll(() => answers, { timeout: 60_000 }).toEqual(['slow_down'])
  await browser.submit(page!.form('Allow'), {}, 'Allow')
  await done
  expect(answers).toEqual(['slow_down', 'tokens'])
}, 90_000)
