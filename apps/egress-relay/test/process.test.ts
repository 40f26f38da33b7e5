import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VERSION } from '../src/version.ts'
import { ask, readAll, testListener, tunnel } from './support.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Child {
  readonly process: ChildProcess
  readonly lines: Record<string, unknown>[]
  readonly exited: Promise<unknown>
  readonly stderr: () => string
}

let folder: string
let socket: string
let children: Child[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-process-'))
  socket = join(folder, 'relay.sock')
  children = []
})

afterEach(async () => {
  for (const child of children) {
    child.process.kill('SIGKILL')
    await child.exited
  }
  await rm(folder, { recursive: true })
})

function start(firstLine?: string): Child {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', MAIN], {
    stdio: 'pipe',
    env: {},
  })
  const lines: Record<string, unknown>[] = []
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  createInterface({ input: child.stdout }).on('line', (line) =>
    lines.push(JSON.parse(line) as Record<string, unknown>),
  )
  if (firstLine !== undefined) child.stdin.write(`${firstLine}\n`)
  const exited = once(child, 'close').then(([code]) => code as unknown)
  const started = { process: child, lines, exited, stderr: () => stderr }
  children.push(started)
  return started
}

async function ready(config: Record<string, unknown>): Promise<Child> {
  const child = start(JSON.stringify({ socket, ...config }))
  await expect.poll(() => child.lines[0], { timeout: 10_000 }).toMatchObject({ event: 'ready' })
  return child
}

describe('the relay as a process', () => {
  test('says ready, carries bytes, logs what it did and stops at the end of its stdin', async () => {
    await using listener = await testListener()
    const child = await ready({ allowPrivate: ['localhost'] })
    expect(child.lines).toEqual([
      { event: 'ready', process: 'egress-relay', version: VERSION, socket },
    ])

    const client = await tunnel({ socket }, `localhost:${listener.port}`)
    client.end('plaintext-canary')
    expect(await readAll(client)).toBe('plaintext-canary')
    expect(await ask({ socket }, 'CONNECT evil.example:443\n')).toBe('ERR DENIED_BY_POLICY\n')
    child.process.stdin?.end()
    expect(await child.exited).toBe(0)

    expect(child.lines.slice(1)).toEqual([
      expect.objectContaining({
        level: 'info',
        target: `localhost:${listener.port}`,
        outcome: 'closed',
        bytesUp: 16,
        bytesDown: 16,
        durationMs: expect.any(Number) as number,
      }),
      expect.objectContaining({
        level: 'warn',
        target: 'evil.example:443',
        outcome: 'DENIED_BY_POLICY',
      }),
    ])
    expect(JSON.stringify(child.lines)).not.toContain('canary')
    expect(child.stderr()).toBe('')
  })

  test('cuts connections that do not end by themselves when it stops', async () => {
    await using listener = await testListener()
    const child = await ready({ allowPrivate: ['localhost'] })
    const client = await tunnel({ socket }, `localhost:${listener.port}`)
    child.process.stdin?.end()
    client.once('end', () => client.end())
    await readAll(client)
    expect(await child.exited).toBe(0)
  })

  test('leaves Ctrl-C to its supervisor', async () => {
    const child = await ready({})
    child.process.kill('SIGINT')
    expect(await ask({ socket }, 'CONNECT a.example:443\n')).toBe('ERR DENIED_BY_POLICY\n')
    child.process.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })

  test('takes the place of a socket that a crash left behind', async () => {
    const first = await ready({})
    first.process.kill('SIGKILL')
    await first.exited
    await ready({ allow: ['a.example'] })
    expect(await ask({ socket }, 'CONNECT b.example:443\n')).toBe('ERR DENIED_BY_POLICY\n')
  })

  test.each([
    ['not json', 'the configuration is not JSON'],
    ['[]', 'the configuration is not an object'],
    ['{}', 'socket must be an absolute path'],
    ['{"socket":"relative.sock"}', 'socket must be an absolute path'],
    ['{"socket":"/x","allow":"*"}', 'allow must be a list of strings'],
    ['{"socket":"/x","allow":[1]}', 'allow must be a list of strings'],
    ['{"socket":"/x","allowAll":true}', 'unknown setting: allowAll'],
    ['{"socket":"/x","allow":["https://a.example"]}', 'not an egress rule: https://a.example'],
    ['{"socket":"/x","allowPrivate":["*"]}', 'allowPrivate takes no wildcard: *'],
    ['{"socket":"/x","dnsServers":["dns.example"]}', /^dnsServers must hold addresses/],
    ['{"socket":"/x","limits":[]}', 'limits must be an object'],
    ['{"socket":"/x","limits":{"maxConnections":0}}', 'maxConnections must be a positive integer'],
    ['{"socket":"/x","limits":{"idleTimeoutMs":1e12}}', 'idleTimeoutMs must be a positive integer'],
    ['{"socket":"/x","limits":{"toString":1}}', 'unknown limit: toString'],
  ])('refuses the configuration %s with exit code 78', async (line, message) => {
    const child = start(line)
    expect(await child.exited).toBe(78)
    expect(child.lines).toEqual([
      {
        event: 'config_refused',
        process: 'egress-relay',
        message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
      },
    ])
  })

  test('refuses to start without a configuration', async () => {
    const child = start()
    child.process.stdin?.end()
    expect(await child.exited).toBe(78)
  })

  test('never removes something that is not a socket', async () => {
    const occupied = join(folder, 'file')
    await writeFile(occupied, 'precious')
    const child = start(JSON.stringify({ socket: occupied }))
    expect(await child.exited).toBe(1)
    expect(await readFile(occupied, 'utf8')).toBe('precious')
  })

  test('the version it reports is that of its package', async () => {
    const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
    expect(JSON.parse(manifest)).toMatchObject({ version: VERSION })
  })

  test('imports nothing but Node and the address guard, and that nothing but Node', async () => {
    const folders = [
      ['../src/', /^(node:|\.\/|@holdfast\/egress-guard$)/],
      ['../../../packages/egress-guard/src/', /^(node:|\.\/)/],
    ] as const
    for (const [folder, allowed] of folders) {
      const source = new URL(folder, import.meta.url)
      for (const file of await readdir(source)) {
        const text = await readFile(new URL(file, source), 'utf8')
        for (const [, specifier] of text.matchAll(/from '([^']+)'/g)) {
          expect(specifier, file).toMatch(allowed)
        }
      }
    }
  })
})
