import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkReplayStore } from '../src/replay.ts'
import { type CuttableProxy, startCuttableProxy } from './stores/cuttable-proxy.ts'
import { drivers } from './stores/drivers.ts'
import { servers, type TestServer } from './stores/servers.ts'
import type { OpenStore, StoreDriver } from './stores/store-driver.ts'

const missing = {
  redis: 'no HOLDFAST_TEST_REDIS_URL, and no redis-server or valkey-server on PATH',
  postgres: 'no HOLDFAST_TEST_POSTGRES_URL, and no PostgreSQL programs',
} as const

const later = (): number => Date.now() + 60_000

for (const driver of drivers) {
  const start = servers[driver.server]
  if (start === undefined && process.env['HOLDFAST_TEST_SERVERS'] === 'required') {
    throw new Error(missing[driver.server])
  }
  if (start === undefined) {
    test.skip(
      `the store by ${driver.name}: ${missing[driver.server]} (npm run test:stores brings one)`,
    )
  } else {
    describe(`the store by ${driver.name}, at a real server,`, () => {
      describeStore(driver, start)
    })
  }
}

function describeStore(driver: StoreDriver, start: () => Promise<TestServer>): void {
  let server: TestServer
  let proxy: CuttableProxy
  beforeAll(async () => {
    server = await start()
    proxy = await startCuttableProxy(server.address)
    const { prepare, close } = await driver.open(proxy.port, server.login, {})
    await prepare()
    await close()
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  async function open(options: Parameters<StoreDriver['open']>[2] = {}): Promise<OpenStore> {
    const opened = await driver.open(proxy.port, server.login, options)
    onTestFinished(async () => void (await opened.close()))
    return opened
  }

  test('keeps every rule of stores', async () => {
    await checkReplayStore(async () => (await open({ timeoutMs: 20_000 })).store)
  })

  test('takes one proof once, of a hundred uses at once by two processes', async () => {
    const worker = fileURLToPath(new URL('replay-server-worker.ts', import.meta.url))
    const args = [worker, driver.name, String(proxy.port)]
    const startWorker = async () => {
      const child = spawn(
        process.execPath,
        ['--conditions=@holdfast/source', '--no-warnings', ...args],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      child.stdin.write(`${JSON.stringify(server.login)}\n`)
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      await lines.next()
      return { child, lines }
    }
    const workers = await Promise.all([startWorker(), startWorker()])
    const id = randomUUID()
    for (const { child } of workers) child.stdin.write(`${id}\n`)
    const won = await Promise.all(
      workers.map(async ({ child, lines }) => {
        const { value } = await lines.next()
        if (child.exitCode === null) await once(child, 'exit')
        return Number(value)
      }),
    )
    expect(won.reduce((sum, one) => sum + one, 0)).toBe(1)
  })

  test('forgets a proof when it has ended, and not before', async () => {
    if (driver.server === 'redis') await forgetsByTheServersClock(await open())
    else await forgetsByOurClock(open)
  })

  test('refuses with a typed error while the server is away, and goes on when it is back', async () => {
    const { store } = await open()
    const [before, during, after] = [randomUUID(), randomUUID(), randomUUID()]
    expect(await store.use(before, later())).toBe(true)
    proxy.cut()
    onTestFinished(() => proxy.restore())
    await expect(store.use(during, later())).rejects.toMatchObject({
      name: 'TokenError',
      code: 'temporarily_unavailable',
      status: 503,
    })
    proxy.restore()
    await expect
      .poll(async () => Promise.resolve(store.use(after, later())).catch(() => 'away'), {
        timeout: 20_000,
      })
      .not.toBe('away')
    expect(await store.use(before, later())).toBe(false)
    expect(await store.use(randomUUID(), later())).toBe(true)
  }, 60_000)

  test('refuses with a typed error when the server is silent, without waiting for it', async () => {
    const { store } = await open({ timeoutMs: 100 })
    await expect
      .poll(async () => Promise.resolve(store.use(randomUUID(), later())).catch(() => 'slow'))
      .toBe(true)
    proxy.silence()
    onTestFinished(() => proxy.restore())
    await expect(store.use(randomUUID(), later())).rejects.toMatchObject({
      name: 'TokenError',
      code: 'temporarily_unavailable',
    })
  })
}

async function forgetsByTheServersClock({ store, raw }: OpenStore): Promise<void> {
  const id = randomUUID()
  const key = `holdfast:proof:${JSON.stringify(id)}`
  expect(await store.use(id, later())).toBe(true)
  const lifetimeMs = Number(await raw(['PTTL', key]))
  expect(lifetimeMs).toBeGreaterThan(60_000)
  expect(lifetimeMs).toBeLessThanOrEqual(120_000)
  // The same expiry, brought forward: an entry that the server has dropped is a new one.
  await raw(['PEXPIRE', key, '1'])
  await expect.poll(() => store.use(id, later())).toBe(true)
  expect(await store.use(id, later())).toBe(false)
}

async function forgetsByOurClock(
  open: (options: { readonly now: () => number }) => Promise<OpenStore>,
): Promise<void> {
  let now = Date.now()
  const { store, raw } = await open({ now: () => now })
  const id = randomUUID()
  const endsAt = now + 60_000
  expect(await store.use(id, endsAt)).toBe(true)
  // A minute of grace for clocks of other processes that run behind.
  now = endsAt + 59_000
  await store.use(randomUUID(), now + 60_000)
  expect(await store.use(id, now + 60_000)).toBe(false)
  now = endsAt + 60_000 + 31_000
  await store.use(randomUUID(), now + 60_000)
  const sql = `SELECT count(*) AS size FROM holdfast_used_proofs WHERE id = '${JSON.stringify(id)}'`
  expect(Number(((await raw([sql])) as { size: string }).size)).toBe(0)
}
