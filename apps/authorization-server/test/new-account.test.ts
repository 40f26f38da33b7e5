import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, formOf } from './support/browser.ts'
import { password, startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
let nowShiftMs = 0
beforeEach(async () => {
  nowShiftMs = 0
  server = await startTestServer({ clock: () => Date.now() + nowShiftMs })
})
afterEach(() => server.stop())

const setUp = async (link = server.setupLink ?? '') => {
  const browser = new Browser(server.issuer)
  const page = await browser.open(link)
  return { browser, page }
}
const filled = { email: 'root@example.org', password, repeat: password }

describe('set-up link', () => {
  test('makes the first administrator, once', async () => {
    const { browser, page } = await setUp()
    expect(page.text).toContain('<h1>Set up Holdfast</h1>')
    const done = await browser.submit(formOf(page, '/setup'), filled)
    expect(done.status).toBe(200)
    expect(await server.ctx.storage.users.findByEmail('root@example.org')).toMatchObject({
      role: 'admin',
      status: 'active',
    })
    const again = await browser.submit(formOf(page, '/setup'), {
      email: 'two@example.org',
      password,
      repeat: password,
    })
    expect(again.status).toBe(410)
    expect(again.text).toContain('no longer works')
    expect((await browser.open(server.setupLink ?? '')).status).toBe(410)
    expect(await server.ctx.storage.users.findByEmail('two@example.org')).toBeUndefined()
  })

  test('has one winner among many at once', async () => {
    const { browser, page } = await setUp()
    const form = formOf(page, '/setup')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        browser.submit(form, { ...filled, email: `root${i}@example.org` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await server.ctx.storage.users.list()).toHaveLength(1)
  })

  test('is not used up by looking at it, nor by a weak password', async () => {
    await setUp()
    const { browser, page } = await setUp()
    const weak = await browser.submit(formOf(page, '/setup'), {
      ...filled,
      password: 'short',
      repeat: 'short',
    })
    expect(weak.status).toBe(400)
    expect(weak.text).toContain('at least 12 characters')
    expect(weak.text).not.toContain('value="short"')
    expect((await browser.submit(formOf(weak, '/setup'), filled)).status).toBe(200)
  })

  test('asks for the password twice and keeps the rest of the form when they differ', async () => {
    const { browser, page } = await setUp()
    expect(page.text).toContain('name="repeat"')
    const differ = await browser.submit(formOf(page, '/setup'), {
      ...filled,
      repeat: `${password}!`,
    })
    expect(differ.status).toBe(400)
    expect(differ.text).toContain('not the same')
    expect(differ.text).toContain('value="root@example.org"')
    expect(differ.text).not.toContain(password)
    expect(await server.ctx.storage.users.list()).toHaveLength(0)
    const again = await browser.submit(formOf(differ, '/setup'), filled)
    expect(again.status).toBe(200)
    expect(again.text).toContain(`holdfast login --issuer ${server.issuer}`)
  })

  test('is what a sign-in asks for while there is no account', async () => {
    const url = new URL(`${server.issuer}/oauth2/auth`)
    url.search = new URLSearchParams({
      client_id: 'holdfast-cli',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:1/callback',
      resource: `${server.issuer}/v1`,
      code_challenge: 'A'.repeat(43),
      code_challenge_method: 'S256',
    }).toString()
    const page = await new Browser(server.issuer).open(url.href)
    expect([page.status, page.text]).toEqual([409, expect.stringContaining('holdfast setup')])
    expect(page.text).not.toContain('type="password"')
    const { browser, page: form } = await setUp()
    await browser.submit(formOf(form, '/setup'), filled)
    const signIn = await new Browser(server.issuer).open(url.href)
    expect([signIn.status, signIn.text]).toEqual([200, expect.stringContaining('type="password"')])
  })

  test('expires and says how to get another', async () => {
    nowShiftMs = 31 * 60_000
    const { page } = await setUp()
    expect(page.status).toBe(410)
    expect(page.text).toContain('every start of the server prints a new link')
  })

  test('is replaced by a restart, and absent once there is an administrator', async () => {
    const old = server.setupLink ?? ''
    const { createSetupLink } = await import('../src/interaction/setup.ts')
    const fresh = await createSetupLink(server.ctx)
    expect(fresh).not.toBe(old)
    expect((await setUp(old)).page.status).toBe(410)
    const { browser, page } = await setUp(fresh)
    await browser.submit(formOf(page, '/setup'), filled)
    expect(await createSetupLink(server.ctx)).toBeUndefined()
  })

  test('needs its key: no visitor becomes owner', async () => {
    for (const path of [
      '/setup',
      '/setup?key=',
      `/setup?key=${'A'.repeat(43)}`,
      '/setup?key=a&key=b',
    ]) {
      const page = await new Browser(server.issuer).open(path)
      expect(page.status).toBe(410)
      expect(page.text).not.toContain('<form')
    }
    const posted = await new Browser(server.issuer).submit(
      { action: '/setup', fields: { key: 'guess' } },
      filled,
    )
    expect(posted.status).toBe(410)
  })

  test('refuses a form of another site', async () => {
    const { browser, page } = await setUp()
    const attack = await browser.submit(formOf(page, '/setup'), filled, {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    })
    expect(attack.status).toBe(403)
    expect(await server.ctx.storage.users.list()).toHaveLength(0)
  })
})

describe('invitation', () => {
  const invite = async (email?: string) => {
    const { key } = await server.ctx.storage.invitations.create({
      purpose: 'invite',
      role: 'member',
      email,
      expiresAtMs: Date.now() + 60_000,
    })
    return `/invite?key=${key}`
  }

  test('sets a password for the invited address and no other', async () => {
    const browser = new Browser(server.issuer)
    const page = await browser.open(await invite('bob@example.org'))
    expect(page.text).toContain('readonly')
    const done = await browser.submit(formOf(page, '/invite'), {
      email: 'eve@example.org',
      password,
      repeat: password,
    })
    expect(done.status).toBe(200)
    expect(await server.ctx.storage.users.findByEmail('eve@example.org')).toBeUndefined()
    expect(await server.ctx.storage.users.findByEmail('bob@example.org')).toMatchObject({
      role: 'member',
    })
  })

  test('ends with the account of the administrator who made it', async () => {
    const eve = await server.addUser('eve@example.org', 'admin')
    const { key } = await server.ctx.storage.invitations.create({
      purpose: 'invite',
      role: 'admin',
      createdBy: eve.id,
      expiresAtMs: Date.now() + 60_000,
    })
    const browser = new Browser(server.issuer)
    const page = await browser.open(`/invite?key=${key}`)
    expect(page.status).toBe(200)
    await server.ctx.revocation.revokeUser(eve.id)
    const back = await browser.submit(formOf(page, '/invite'), {
      email: 'eve-again@example.org',
      password,
      repeat: password,
    })
    expect(back.status).toBe(410)
    expect(await server.ctx.storage.users.findByEmail('eve-again@example.org')).toBeUndefined()
  })

  test('is of no use as a set-up link', async () => {
    const link = (await invite()).replace('/invite', '/setup')
    expect((await new Browser(server.issuer).open(link)).status).toBe(410)
  })
})
