/** What becomes of the process, and of those who wait for it, when the disk fails or hangs. */
import { execFileSync, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import fs, { mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer } from './support/server.ts'

const main = resolve(import.meta.dirname, '../src/main.ts')
const badDisk = resolve(import.meta.dirname, 'fixtures/bad-disk.ts')

type Line = Record<string, unknown>

/** Starts the process as the supervisor does, on a disk that goes bad when it is told. */
async function startOnBadDisk(disk: 'fails' | 'hangs', config: Line = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bad-disk-'))
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', '--no-warnings', '--import', badDisk, main],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...(disk === 'hangs' && { BAD_DISK: pipe }) },
    },
  )
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true })
  })
  child.stdin.write(
    `${JSON.stringify({
      issuer: 'http://localhost:0',
      port: 0,
      dataDir: folder,
      enclaveSocket: join(folder, 'enclave.sock'),
      ...config,
    })}\n`,
  )
  const lines: Line[] = []
  const said = new EventEmitter()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line
    lines.push(line)
    if (typeof line['event'] === 'string') said.emit(line['event'], line)
  })
  const [ready] = (await once(said, 'ready')) as [Line]
  const issuer = String(ready['issuer'])
  return {
    lines,
    exited,
    async goBad() {
      const isBad = once(said, 'bad')
      child.kill('SIGUSR2')
      await isBad
    },
    /** A request that is recorded before it is answered, the first of its kind. */
    refusal: (parameters: Record<string, string> = {}) =>
      fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(parameters) }),
    keys: () => fetch(`${issuer}/.well-known/jwks.json`),
  }
}

const expectLastWords = (lines: readonly Line[], message: string): void => {
  const fatal = lines.filter(({ level }) => level === 'fatal')
  expect(fatal).toMatchObject([
    {
      err: { message: expect.stringContaining(message) },
      message: expect.stringContaining('check the disk that holds the data folder'),
    },
  ])
}

test('a flush that fails ends the process at once, with nothing answered that rests on it', async () => {
  const { refusal, goBad, exited, lines } = await startOnBadDisk('fails')
  expect((await refusal({ client_id: 'nobody' })).status).toBe(401)
  await goBad()
  await expect(refusal()).rejects.toThrow('fetch failed')
  expect(await exited).toEqual([1, null])
  expectLastWords(lines, 'did not take')
})

test('a flush that hangs ends the process although its thread cannot end, and those who wait get an error', async () => {
  const { refusal, keys, goBad, exited, lines } = await startOnBadDisk('hangs', {
    flushLimitMs: 1000,
  })
  expect((await refusal({ client_id: 'nobody' })).status).toBe(401)
  await goBad()
  const waiting = await Promise.allSettled([refusal(), refusal(), keys()])
  expect(waiting[0]?.status).toBe('rejected')
  expect(await exited).toEqual([null, 'SIGKILL'])
  await expect(keys()).rejects.toThrow('fetch failed')
  expectLastWords(lines, 'has not taken')
})

test('a disk that failed leaves nothing listening, even before the process has ended', async () => {
  const { fdatasync } = fs
  const replaceFlush = (flush: typeof fdatasync): void => {
    fs.fdatasync = flush
    syncBuiltinESMExports()
  }
  let isBad = false
  const flaky = (fd: number, done: fs.NoParamCallback): void =>
    isBad ? void setImmediate(done, new Error('EIO')) : fdatasync(fd, done)
  replaceFlush(Object.assign(flaky, { __promisify__: fdatasync.__promisify__ }))
  onTestFinished(() => replaceFlush(fdatasync))
  const server = await startTestServer()
  onTestFinished(() => server.stop())
  const idle = connect(server.ctx.config.port, '127.0.0.1')
  await once(idle, 'connect')
  const left = once(idle, 'close')
  isBad = true
  await expect(fetch(`${server.issuer}/oauth2/token`, { method: 'POST' })).rejects.toThrow(
    'fetch failed',
  )
  await left
  await expect(once(connect(server.ctx.config.port, '127.0.0.1'), 'connect')).rejects.toMatchObject(
    { code: 'ECONNREFUSED' },
  )
})
