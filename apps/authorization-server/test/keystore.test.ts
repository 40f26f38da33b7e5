import type * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openKeystore } from '../src/keystore.ts'
import { addClient, addResource, headerOf, obtainTokens, refresh } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const resource = 'https://notes.example/mcp'
let server: TestServer
let client: oauth.Client
let shiftMs = 0

beforeAll(async () => {
  server = await startTestServer({ clock: () => Date.now() + shiftMs })
  await server.addUser(email)
  client = await addClient(server)
  await addResource(server, { resource })
})
afterAll(() => server.stop())

const publishedKids = async (): Promise<unknown[]> => {
  const response = await fetch(`${server.issuer}/.well-known/jwks.json`)
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
  for (const key of keys) expect(key).not.toHaveProperty('d')
  return keys.map(({ kid }) => kid)
}

describe('signing keys', () => {
  test('rotate while tokens live: the next key was published before, the old one stays', async () => {
    const before = await obtainTokens(server, { client, email, resource })
    const oldKid = headerOf(before.access_token)['kid']
    const published = await publishedKids()
    const { signing_kid: newKid, next_kid: nextKid } = await server.ctx.keystore.rotate()
    expect(published).toContain(newKid)
    expect(await publishedKids()).toEqual([newKid, nextKid, oldKid])

    await expect(server.ctx.verifyToken(before.access_token, {})).resolves.toBeDefined()
    const refreshed = await refresh(server, client, before.refresh_token)
    expect(refreshed.status).toBe(200)
    const { access_token: token } = (await refreshed.json()) as { access_token: string }
    expect(headerOf(token)['kid']).toBe(newKid)
    const after = await obtainTokens(server, { client, email, resource })
    expect(headerOf(after.access_token)['kid']).toBe(newKid)
  })

  test('keep the old one until no token of it can be valid, however often they are looked after', async () => {
    const { access_token: token } = await obtainTokens(server, { client, email, resource })
    const oldKid = headerOf(token)['kid']
    await server.ctx.keystore.rotate()
    const { accessTokenTtlSeconds } = server.ctx.config
    for (const seconds of [0, accessTokenTtlSeconds / 2, accessTokenTtlSeconds - 5]) {
      shiftMs = seconds * 1000
      await server.ctx.keystore.maintain()
      expect(await publishedKids()).toContain(oldKid)
      await expect(server.ctx.verifyToken(token, {})).resolves.toBeDefined()
    }
    // Verifiers whose clock is behind take the token longer than we do.
    shiftMs = (accessTokenTtlSeconds + 290) * 1000
    await server.ctx.keystore.maintain()
    expect(await publishedKids()).toContain(oldKid)
    shiftMs = 0
  })

  test('let an authorization that began before a rotation end after it', async () => {
    const { Browser, formOf, handOffTarget } = await import('./support/browser.ts')
    const { authorizationUrl, signIn } = await import('./support/flow.ts')
    const browser = new Browser(server.issuer)
    const { url } = await authorizationUrl(server, { client, resource })
    const consent = await signIn(browser, await browser.open(url), email)
    await server.ctx.keystore.rotate()
    const done = await browser.submit(formOf(consent, '/consent'))
    expect(handOffTarget(done).searchParams.get('code')).toBeTruthy()
  })

  test('are forgotten once no token of theirs can be valid, and replaced by age', async () => {
    const { retired_kid: retired = '' } = await server.ctx.keystore.rotate()
    shiftMs = 20 * 60_000
    await server.ctx.keystore.maintain()
    expect(await publishedKids()).not.toContain(retired)
    expect(server.ctx.keystore.find(retired)).toBeUndefined()

    const current = server.ctx.keystore.keys()[0]?.kid
    shiftMs = 31 * 86_400_000
    expect((await server.ctx.keystore.maintain())?.retired_kid).toBe(current)
    shiftMs = 0
  })

  test('stay the same over a restart, and do not lie in the database in clear', async () => {
    const kids = server.ctx.keystore.keys().map(({ kid }) => kid)
    const again = await openKeystore({
      storage: server.ctx.storage,
      clock: Date.now,
      algorithm: 'ES256',
      maxAgeSeconds: 0,
      overlapSeconds: 300,
    })
    expect(again.keys().map(({ kid }) => kid)).toEqual(kids)
    const files = ['holdfast.db', 'holdfast.db-wal'].map((name) => join(server.dataDir, name))
    const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(file))))
    for (const { privateKey } of server.ctx.keystore.keys()) {
      const { d = '' } = privateKey.export({ format: 'jwk' })
      expect(d).toHaveLength(43)
      expect(bytes.includes(d)).toBe(false)
      expect(bytes.includes(Buffer.from(d, 'base64url'))).toBe(false)
    }
  })

  test('take concurrent rotations one after the other', async () => {
    await Promise.all(Array.from({ length: 5 }, () => server.ctx.keystore.rotate()))
    const states = server.ctx.keystore.keys().map(({ state }) => state)
    expect(states.slice(0, 2)).toEqual(['active', 'next'])
    expect(states.filter((state) => state === 'active')).toHaveLength(1)
  })
})
