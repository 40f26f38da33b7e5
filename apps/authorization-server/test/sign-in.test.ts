import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressGroup } from '../src/http/address-group.ts'
import { HttpProblem } from '../src/http/problem.ts'
import { createPasswordCheck, hashPassword, passwordProblem } from '../src/interaction/passwords.ts'
import { createSignInLimits } from '../src/interaction/sign-in-limits.ts'
import { Browser, formOf } from './support/browser.ts'
import { addClient, addResource, authorizationUrl, signIn } from './support/flow.ts'
import { password, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client

beforeAll(async () => {
  server = await startTestServer()
  await server.addUser(email)
  client = await addClient(server)
  await addResource(server, { resource })
})
afterAll(() => server.stop())

const openLogin = async () => {
  const browser = new Browser(server.issuer)
  const { url } = await authorizationUrl(server, { client, resource })
  const page = await browser.open(url)
  return { browser, page, form: formOf(page, '/login') }
}

const root = { email: 'root@example.org', password, repeat: password }

const openSetUp = async () => {
  const browser = new Browser(server.issuer)
  return { browser, page: await browser.open(server.setupLink ?? '') }
}

/**
 * Has passwords checked without a pause, as many at once as there is room for: a place that becomes free is
 * taken again before anything else is worked on.
 */
async function fillQueue(): Promise<{ stop(): Promise<void> }> {
  const check = await createPasswordCheck()
  const over = new AbortController()
  const keepers: Promise<void>[] = []
  const keep = async (first: Promise<boolean>): Promise<void> => {
    await first
    while (!over.signal.aborted) await check(undefined, 'wrong password')
  }
  const isRefused = async (attempt: Promise<unknown>): Promise<boolean> =>
    Promise.race([
      attempt.then(
        () => false,
        (error: unknown) => error instanceof HttpProblem && error.status === 503,
      ),
      new Promise<boolean>((resolve) => setImmediate(resolve, false)),
    ])
  for (;;) {
    const attempt = check(undefined, 'wrong password')
    if (await isRefused(attempt)) break
    keepers.push(keep(attempt))
    if (keepers.length === 100) throw new Error('a hundred found room')
  }
  return {
    async stop() {
      over.abort()
      await Promise.all(keepers)
    },
  }
}

/** The page without what differs by design. */
const comparable = (text: string): string =>
  text.replaceAll(/value="[^"]*"|\/interaction\/[\w-]+/g, '')

describe('sign-in', () => {
  test('answers an unknown user, a wrong password and a disabled user alike', async () => {
    const { id } = await server.addUser('gone@example.org')
    await server.ctx.revocation.revokeUser(id)
    const answers = []
    for (const [name, secret] of [
      ['nobody@example.org', password],
      [email, 'not the right password'],
      ['gone@example.org', password],
    ] as const) {
      const { browser, form } = await openLogin()
      answers.push(await browser.submit(form, { email: name, password: secret }))
    }
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(new Set(answers.map(({ text }) => comparable(text))).size).toBe(1)
    expect(answers[0]?.text).toContain('The e-mail address or the password is wrong.')
  })

  test('does the same work for a user that does not exist', async () => {
    const check = await createPasswordCheck()
    const stored = await hashPassword(password)
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    const median = async (hash: string | undefined): Promise<number> => {
      const times: number[] = []
      for (let i = 0; i < 5; i += 1) {
        const begin = process.cpuUsage()
        await check(hash, 'wrong password')
        const { user, system } = process.cpuUsage(begin)
        times.push(user + system)
      }
      return times.toSorted((a, b) => a - b)[2] ?? 0
    }
    // One of them without a hash to compare with would cost a hundredth, not a part.
    expect((await median(undefined)) / (await median(stored))).toBeGreaterThan(0.2)
    expect(await check(undefined, password)).toBe(false)
    expect(await check(stored, password)).toBe(true)
  })

  test('leaves threads to the disk, for which every answer waits, however many passwords are tried', async () => {
    const check = await createPasswordCheck()
    let done = 0
    const tries = Array.from({ length: 60 }, async () => {
      await check(undefined, 'wrong password')
      done += 1
    })
    // Goes to the same threads as a flush.
    await stat(tmpdir())
    expect(done).toBeLessThan(30)
    await Promise.all(tries)
  })

  test('bounds how many passwords wait to be checked, and tells those beyond to come again', async () => {
    const mallory = 'mallory@example.org'
    await server.addUser(mallory)
    const forms = await Promise.all([email, 'nobody@example.org', mallory].map(() => openLogin()))
    const { browser, page: setUp } = await openSetUp()
    const keepers = await fillQueue()
    try {
      const answers = []
      for (const [i, name] of [email, 'nobody@example.org', mallory].entries()) {
        const { browser: own, form } = forms[i]!
        answers.push(await own.submit(form, { email: name, password }))
      }
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
      for (const { headers } of answers) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      }
      // The id of the request differs.
      const words = answers.map(({ text }) => text.replaceAll(/<code>[^<]*<\/code>/g, ''))
      expect(new Set(words).size).toBe(1)
      expect(words[0]).toContain('This server is busy')
      const made = await browser.submit(formOf(setUp, '/setup'), root)
      expect(made.status).toBe(503)
      // More of them than guesses are allowed: what was not looked at is none.
      for (let i = 0; i < 12; i += 1) {
        const { browser: own, form } = forms[2]!
        const answer = await own.submit(form, { email: mallory, password: 'not the right one' })
        expect(answer.status).toBe(503)
      }
    } finally {
      await keepers.stop()
    }
    const { browser: own, form } = forms[2]!
    expect((await own.submit(form, { email: mallory, password })).text).toContain('Signed in as')
    expect((await browser.submit(formOf(setUp, '/setup'), root)).status).toBe(200)
  })

  test('finds the account whatever the case of the address', async () => {
    const { browser, form } = await openLogin()
    const page = await browser.submit(form, { email: ' ANN@Example.org ', password })
    expect(page.text).toContain(`Signed in as ${email}`)
  })

  test('changes the session identifier, so that a planted one is worthless', async () => {
    const { browser, page } = await openLogin()
    await signIn(browser, page, email)
    const before = browser.cookie('holdfast_session')
    expect(before).toBeTruthy()
    const parameters = { prompt: 'login' }
    const { url } = await authorizationUrl(server, { client, resource, parameters })
    await signIn(browser, await browser.open(url), email)
    expect(browser.cookie('holdfast_session')).not.toBe(before)
  })

  test('sets cookies that scripts and other sites cannot use', async () => {
    const { url } = await authorizationUrl(server, { client, resource })
    const response = await fetch(url, { redirect: 'manual' })
    const cookies = response.headers.getSetCookie()
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) expect(cookie.toLowerCase()).toMatch(/samesite=lax.*httponly/)
  })

  test('lets nobody guess: after ten failures even the right password waits', async () => {
    const victim = 'guessed@example.org'
    await server.addUser(victim)
    for (let i = 0; i < 10; i += 1) {
      const { browser, form } = await openLogin()
      const answer = await browser.submit(form, { email: victim, password: `wrong guess ${i}` })
      expect(answer.status).toBe(401)
    }
    const { browser, form } = await openLogin()
    const answer = await browser.submit(form, { email: victim.toUpperCase(), password })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.text).toContain('Too many attempts')
    const other = await openLogin()
    const fine = await other.browser.submit(other.form, { email, password })
    expect(fine.text).toContain(`Signed in as ${email}`)
  })

  test('counts parallel guesses before it looks at them', async () => {
    const limits = createSignInLimits(server.ctx.storage, { perAccountAndAddress: 3 })
    const waits = await Promise.all(
      Array.from({ length: 20 }, () => limits.attempt('a@example.org', '192.0.2.1')),
    )
    expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
    expect(await limits.attempt('a@example.org', '192.0.2.2')).toBe(0)
    await limits.succeeded('a@example.org', '192.0.2.1')
    expect(await limits.attempt('a@example.org', '192.0.2.1')).toBe(0)
  })

  test('takes an IPv6 network for one address', () => {
    expect(addressGroup('2001:db8:1:2:3:4:5:6')).toBe(addressGroup('2001:db8:1:2::9'))
    expect(addressGroup('2001:db8::1')).toBe('2001:db8:0:0::/64')
    expect(addressGroup('2001:db8:1:3::9')).not.toBe(addressGroup('2001:db8:1:2::9'))
    expect(addressGroup('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
    expect(addressGroup('192.0.2.1')).toBe('192.0.2.1')
  })

  test('remembers the guesses over a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-guesses-'))
    const guess = async (): Promise<number> => {
      const one = await startTestServer({ dataDir })
      try {
        const limits = createSignInLimits(one.ctx.storage, { perAccountAndAddress: 2 })
        return await limits.attempt('b@example.org', '192.0.2.3')
      } finally {
        await one.close(500)
      }
    }
    expect(await guess()).toBe(0)
    expect(await guess()).toBe(0)
    expect(await guess()).toBeGreaterThan(0)
    await rm(dataDir, { recursive: true })
  })

  test('does not let strangers with many addresses lock an owner out where they signed in lately', async () => {
    const limits = createSignInLimits(server.ctx.storage, {
      perAccount: 5,
      perAccountAndAddress: 3,
    })
    const [owner, at] = ['c@example.org', '192.0.2.40'] as const
    await limits.succeeded(owner, at)
    for (let n = 0; n < 9; n += 1) await limits.attempt(owner, `198.51.100.${n}`)
    expect(await limits.attempt(owner, '198.51.100.99')).toBeGreaterThan(0)
    expect(await limits.attempt(owner, at)).toBe(0)
    // Nor does the owner's neighbour get more guesses there than before, or at other accounts.
    const more = [await limits.attempt(owner, at), await limits.attempt(owner, at)]
    expect(more).toEqual([0, 0])
    expect(await limits.attempt(owner, at)).toBeGreaterThan(0)
    for (let n = 0; n < 6; n += 1) await limits.attempt('d@example.org', `198.51.100.${n}`)
    expect(await limits.attempt('d@example.org', at)).toBeGreaterThan(0)
  })

  test('limits one address that tries many accounts', async () => {
    const limits = createSignInLimits(server.ctx.storage, { perAddress: 5 })
    const waits = []
    for (let i = 0; i < 6; i += 1)
      waits.push(await limits.attempt(`u${i}@example.org`, '192.0.2.9'))
    expect(waits.filter((wait) => wait > 0)).toHaveLength(1)
  })
})

describe('new passwords', () => {
  test.each([
    ['short', 'short'],
    ['as long as a book', 'a b c '.repeat(100)],
    ['among the first guesses', 'Password1234'],
    ['the address itself', 'annabel@example.org'],
    ['one letter', 'aaaaaaaaaaaaaa'],
    ['digits in a row', '1234567890123'],
  ])('are refused when they are %s', (_name, candidate) => {
    expect(passwordProblem(candidate, 'annabel@example.org')).toBeTypeOf('string')
  })

  test('are accepted when they are a few words or from a generator', () => {
    for (const fine of ['four words in a row', 'x7#Kq9!mZ2$w', '六个汉字不够十二个字才行啊']) {
      expect(passwordProblem(fine, email)).toBeUndefined()
    }
  })
})
