import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = resolve(import.meta.dirname, '../src/main.ts')
let dataDir: string
let child: ChildProcess | undefined

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-main-'))
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await rm(dataDir, { recursive: true, force: true })
})

type Line = Record<string, unknown>

/** Starts the process as the supervisor does and collects its stdout. */
function start(config: unknown): {
  child: ChildProcess
  lines: Line[]
  until: (event: string) => Promise<Line>
} {
  const started = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', '--no-warnings', main],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {},
    },
  )
  child = started
  started.stdin?.write(`${typeof config === 'string' ? config : JSON.stringify(config)}\n`)
  const lines: Line[] = []
  const waiting: { event: string; resolve: (line: Line) => void }[] = []
  createInterface({ input: started.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line
    lines.push(line)
    for (const { event, resolve } of waiting) if (line['event'] === event) resolve(line)
  })
  const until = (event: string): Promise<Line> =>
    new Promise((resolve) => {
      const found = lines.find((line) => line['event'] === event)
      if (found) resolve(found)
      else waiting.push({ event, resolve })
    })
  return { child: started, lines, until }
}

const config = () => ({
  issuer: 'http://localhost:0',
  port: 0,
  dataDir,
  enclaveSocket: join(dataDir, 'enclave.sock'),
})

test('speaks only JSON lines, says when it serves, and stops cleanly at the end of stdin', async () => {
  const { child, lines, until } = start(config())
  const ready = await until('ready')
  expect(ready).toMatchObject({ process: 'authorization-server', version: '0.1.0' })
  expect(lines.find(({ event }) => event === 'setup_link')?.['url']).toContain('/setup?key=')
  const response = await fetch(`${String(ready['issuer'])}/.well-known/oauth-authorization-server`)
  expect(response.status).toBe(200)
  expect((await stat(join(dataDir, 'control.key'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(dataDir, 'holdfast.db'))).mode & 0o777).toBe(0o600)
  child.stdin?.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.each<readonly [string, unknown]>([
  ['no JSON', 'hello'],
  [
    'an issuer with a path',
    { issuer: 'http://localhost:4444/x', dataDir: '/tmp', enclaveSocket: '/x' },
  ],
  [
    'an unknown field',
    { issuer: 'http://localhost:1', dataDir: '/tmp', enclaveSocket: '/x', colour: 1 },
  ],
  ...[{}, { trustProxy: true }, { trustedProxies: ['10.0.0.1'] }].map(
    (proxies): [string, unknown] => [
      `certificates in a header of anybody (${JSON.stringify(proxies)})`,
      {
        ...{ issuer: 'http://localhost:1', dataDir: '/tmp', enclaveSocket: '/x' },
        ...{ mtls: { certificateHeader: 'x-client-cert' }, ...proxies },
      },
    ],
  ),
])('refuses %s with exit code 78', async (_name, bad) => {
  const { child, until } = start(bad)
  const refused = await until('refused')
  expect(String(refused['reason'])).toMatch(/configuration|issuer|colour|stdin|trustedProxies/)
  const [code] =
    child.exitCode === null ? ((await once(child, 'exit')) as [number]) : [child.exitCode]
  expect(code).toBe(78)
})
