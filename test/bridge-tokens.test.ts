/** What a bridge keeps, when it asks a person, and how it ends. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasProc } from './helpers/processes.ts'
import { type Person, setUpPerson } from './helpers/person.ts'
import { type Stack, startStack } from './helpers/stack.ts'
import {
  bridgeFolder,
  connectV1,
  connectV2,
  expire,
  initialize,
  startBridge,
  storeOf,
  textOf,
  watchBridge,
} from './mcp/bridge.ts'
import { type McpPort, startFilesServer } from './mcp/files-server.ts'

const account = { name: 'Ada', email: 'ada@example.com', password: 'a rather long test password' }

let stack: Stack
let person: Person
let files: McpPort

beforeAll(async () => {
  stack = await startStack({
    settings: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process', HOLDFAST_DPOP_NONCE: 'everywhere' },
  })
  person = await setUpPerson(stack, account)
  files = await startFilesServer({ stack, person, dpopRequired: true, flags: ['--dpop-nonce'] })
}, 120_000)

afterAll(async () => {
  files?.close()
  await stack?.stop()
})

/** What may appear nowhere but in the store. */
function secretsOf(folder: string): string[] {
  const { grants, dpopKey } = storeOf(folder)
  const tokens = Object.values(grants).flatMap(({ accessToken, refreshToken }) => [
    accessToken,
    ...(refreshToken === undefined ? [] : [refreshToken]),
  ])
  return [...tokens, String(dpopKey?.['d'])]
}

describe('tokens', () => {
  it('are refreshed when they have run out, without a person', async () => {
    const folder = bridgeFolder()
    const tokenOf = () => storeOf(folder).grants[files.url]?.accessToken
    const { client, signIns } = await connectV1(person, { url: files.url, folder })
    const before = tokenOf()
    expire(folder)
    expect(textOf(await client.callTool({ name: 'read_file' }))).toMatch(/^read by/)
    expect(tokenOf()).not.toBe(before)
    expect(signIns()).toHaveLength(1)
  })

  it('are refreshed once by two bridges that share a store', async () => {
    const bridge = { url: files.url, folder: bridgeFolder() }
    const bridges = [await connectV1(person, bridge), await connectV2(person, bridge)] as const
    for (let round = 0; round < 3; round += 1) {
      expire(bridge.folder)
      const called = await Promise.all(
        bridges.flatMap(({ client }) =>
          [1, 2, 3].map(() => client.callTool({ name: 'read_file', arguments: {} })),
        ),
      )
      expect(called.map(textOf)).toEqual(Array(6).fill(expect.stringMatching(/^read by/)))
    }
    expect(bridges.flatMap(({ signIns }) => signIns())).toHaveLength(1)
  })

  it('that lack a scope of --scope lead to a new sign-in, once, which keeps what they had', async () => {
    const folder = bridgeFolder()
    const signIns: (string | null)[] = []
    for (const args of [[], ['--scope', 'files:delete'], ['--scope', 'files:delete']]) {
      const bridge = await connectV1(person, { url: files.url, folder, args })
      await bridge.client.listTools()
      signIns.push(...bridge.signIns().map((page) => page.searchParams.get('scope')))
    }
    expect(signIns).toEqual(['files:read offline_access', 'files:read offline_access files:delete'])
  })

  it('of a first sign-in are asked of one person once, by two bridges at once', async () => {
    const bridge = { url: files.url, folder: bridgeFolder() }
    const bridges = await Promise.all([connectV1(person, bridge), connectV1(person, bridge)])
    expect(bridges.flatMap(({ signIns }) => signIns())).toHaveLength(1)
  })

  it('are never in the arguments, on stdout or on stderr', async () => {
    const folder = bridgeFolder()
    const bridge = startBridge({ url: files.url, folder, args: ['--json'] })
    const { child } = bridge
    watchBridge(child.stderr, person)
    child.stdin?.write(`${JSON.stringify(initialize)}\n`)
    await expect.poll(() => bridge.stdout, { timeout: 20_000 }).toContain('\n')
    expire(folder)
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' })}\n`)
    await expect.poll(() => bridge.stdout, { timeout: 20_000 }).toContain('"id":2')
    const { stdout, stderr } = bridge
    const argv = hasProc ? readFileSync(`/proc/${child.pid}/cmdline`, 'utf8') : ''
    for (const secret of secretsOf(folder)) {
      for (const text of [stdout, stderr, argv]) expect(text).not.toContain(secret)
    }
    for (const line of stdout.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    }
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
    child.stdin?.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

async function deviceClient(): Promise<string> {
  const made = await person.run<{ client_id: string }>([
    ...['clients', 'register', '--name', 'Bridge', '--device'],
  ])
  return made.client_id
}

describe('a bridge', () => {
  it.each([
    ['Ctrl-C', false, (child: ChildProcess) => void child.kill('SIGINT')],
    ['the end of stdin', false, (child: ChildProcess) => void child.stdin?.end()],
    ['SIGTERM', true, (child: ChildProcess) => void child.kill('SIGTERM')],
  ])(
    'ends with 0 and no word of failure by %s while a person signs in',
    async (_name, byCode, end) => {
      const args = byCode ? ['--device', '--client-id', await deviceClient()] : []
      const way = { url: files.url, folder: bridgeFolder(), args }
      let arrived = 0
      const count = ({ method }: IncomingMessage): void =>
        void (arrived += Number(method === 'POST'))
      files.listener.on('request', count)
      onTestFinished(() => void files.listener.off('request', count))
      const bridges = [startBridge(way), startBridge(way)]
      for (const { child } of bridges) child.stdin?.write(`${JSON.stringify(initialize)}\n`)
      await expect.poll(() => arrived, { timeout: 20_000 }).toBe(2)
      await expect
        .poll(() => bridges.map(({ stderr }) => stderr).join(''), { timeout: 20_000 })
        .toContain('\n')
      // The one that waits for its turn ends first.
      for (const bridge of bridges.toSorted((a, b) => a.stderr.length - b.stderr.length)) {
        const closed = once(bridge.child, 'close')
        end(bridge.child)
        expect(await closed).toEqual([0, null])
        expect(bridge.stdout).toBe('')
      }
      expect(bridges.map(({ stderr }) => stderr.trim()).toSorted()).toEqual([
        '',
        expect.stringMatching(/^holdfast bridge: open .*$/),
      ])
    },
  )

  it.each([
    [['--header', 'Authorization: Bearer x'], 'the bridge signs in'],
    [['--header', 'mcp-session-id: x'], 'cannot set mcp-session-id'],
    [['--header', 'X-A: b\nX-C: d'], 'is not `Name: value`'],
  ])('refuses %j with 2 and says nothing on stdout', async (args, message) => {
    const bridge = startBridge({ url: files.url, folder: bridgeFolder(), args })
    expect(await once(bridge.child, 'close')).toEqual([2, null])
    expect(bridge.stderr).toContain(message)
    expect(bridge.stdout).toBe('')
  })

  it('refuses plain http to another machine, also with --allow-http', async () => {
    const bridge = startBridge({
      ...{ url: 'http://mcp.example/mcp', folder: bridgeFolder() },
      args: ['--allow-http', '--json'],
    })
    expect(await once(bridge.child, 'close')).toEqual([2, null])
    expect(bridge.stdout).toBe('')
  })
})
