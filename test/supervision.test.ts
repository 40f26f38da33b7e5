/** The supervisor: a part that dies comes back, nothing hangs meanwhile, and nothing is left behind. */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, type Answer, outcomeOf, signInAgent } from './helpers/agent.ts'
import { doMainJob, type MainJob } from './helpers/main-job.ts'
import { executableOf, hasProc, isAlive, processesOf, workerOf } from './helpers/processes.ts'

const isRoot = process.geteuid?.() === 0
const parts = ['egress-relay', 'enclave', 'authorization-server']

let job: MainJob
let direct: Agent

beforeAll(async () => {
  job = await doMainJob()
  direct = await signInAgent({
    issuer: job.stack.issuer,
    clientId: 'holdfast-cli',
    redirectUri: 'http://127.0.0.1/callback',
    resource: `${job.stack.issuer}/dispatch`,
    scope: 'dispatch',
    authorize: job.ada.authorize,
  })
}, 120_000)

afterAll(() => job.close())

const call = (timeoutMs = 5000): Promise<Answer> =>
  direct.dispatch(job.handle, { method: 'GET', path: '/user', timeout_ms: timeoutMs })

const works = (): Promise<void> =>
  expect.poll(async () => outcomeOf(await call()), { timeout: 60_000, interval: 250 }).toBe('ok')

const ready = async (): Promise<boolean> => {
  const { processes } = await job.stack.report()
  return processes.every((one) => (one as { state?: string }).state === 'ready')
}
const allReady = (): Promise<void> => expect.poll(ready, { timeout: 60_000 }).toBe(true)

async function kill(name: string): Promise<number> {
  const worker = await workerOf(job.stack, name)
  process.kill(worker, 'SIGKILL')
  await expect.poll(() => isAlive(worker), { timeout: 5000, interval: 5 }).toBe(false)
  return worker
}

describe.skipIf(!hasProc)('while it runs', () => {
  test('every process executes the Node that the project brings along', async () => {
    const processes = await processesOf(job.stack)
    expect(new Set(processes.map(({ name }) => name))).toEqual(new Set(['supervisor', ...parts]))
    const pinned = realpathSync(process.execPath)
    const workers = await Promise.all(parts.map((name) => workerOf(job.stack, name)))
    const { pid } = await job.stack.report()
    expect(executableOf(pid)).toBe(pinned)
    const hidden = isRoot ? [] : [undefined]
    for (const worker of workers) expect([pinned, ...hidden]).toContain(executableOf(worker))
    // Above a worker only its launcher, or what holds its namespaces open.
    for (const { pid: one } of processes) {
      expect([pinned, '/usr/bin/unshare', ...hidden]).toContain(executableOf(one))
    }
    const { node } = (await job.stack.report()) as unknown as { node: string }
    expect(node).toBe(process.version)
  })

  test('no process has a secret in its arguments or a setting in its environment', async () => {
    const { paths } = (await job.stack.report()) as unknown as { paths: Record<string, string> }
    const keys = [paths['rootKey'], paths['controlKey']].map((file) => readFileSync(file ?? ''))
    const { pid: supervisor } = await job.stack.report()
    for (const { name, pid } of await processesOf(job.stack)) {
      const argv = readFileSync(`/proc/${pid}/cmdline`)
      for (const key of keys) {
        for (const form of ['hex', 'base64', 'base64url'] as const) {
          expect(argv.includes(key.toString(form)), `${name} argv`).toBe(false)
        }
      }
      if (!isRoot || pid === supervisor) continue
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8'), name).not.toContain('HOLDFAST_')
    }
  })

  test('keys are 0600, folders closed, and each belongs to the one who needs it', async () => {
    const { dataDir } = job.stack
    const uids: Record<string, number> = {}
    for (const name of parts) {
      const status = readFileSync(`/proc/${await workerOf(job.stack, name)}/status`, 'utf8')
      uids[name] = Number(/^Uid:\s+(\d+)/mu.exec(status)?.[1])
    }
    const me = process.geteuid?.() ?? 0
    const found = Object.fromEntries(
      ['control/control.key', 'control/holdfast.db', 'enclave/root.key', 'enclave/state'].map(
        (file) => {
          const { mode, uid } = statSync(join(dataDir, file))
          return [file, { mode: (mode & 0o7777).toString(8), uid }]
        },
      ),
    )
    const control = { mode: '600', uid: uids['authorization-server'] }
    const enclave = { mode: '600', uid: me }
    expect(found).toEqual({
      'control/control.key': control,
      'control/holdfast.db': control,
      'enclave/root.key': enclave,
      'enclave/state': enclave,
    })
    const modes = ['control', 'enclave', 'logs', 'run/dispatch', 'run/egress'].map((folder) => {
      const { mode } = statSync(join(dataDir, folder))
      return `${folder} ${(mode & 0o7777).toString(8)}`
    })
    expect(modes).toEqual([
      ...['control 700', 'enclave 700', 'logs 700'],
      ...['run/dispatch 2750', 'run/egress 2750'],
    ])
    expect(statSync(join(dataDir, 'run/dispatch')).uid).toBe(uids['enclave'])
    expect(statSync(join(dataDir, 'run/egress')).uid).toBe(uids['egress-relay'])
    if (isRoot) expect(new Set([...Object.values(uids), me]).size).toBe(4)
  })
})

describe.skipIf(!hasProc)('a part that is killed', { timeout: 120_000 }, () => {
  test('the enclave: calls say ENCLAVE_UNAVAILABLE and do not hang; then all is as before', async () => {
    const seen = job.upstream.seen.length
    const running = direct.dispatch(job.handle, { method: 'GET', path: '/user', timeout_ms: 5000 })
    const before = await kill('enclave')
    expect(outcomeOf(await call())).toBe('ENCLAVE_UNAVAILABLE')
    expect(outcomeOf(await running)).toBeOneOf(['ok', 'ENCLAVE_UNAVAILABLE'])
    const { text, isError } = await job.session.callTool('whoami')
    expect(isError ? text : 'ENCLAVE_UNAVAILABLE').toContain('ENCLAVE_UNAVAILABLE')
    await works()
    await allReady()
    expect(await workerOf(job.stack, 'enclave')).not.toBe(before)
    expect(job.upstream.seen.length).toBeGreaterThan(seen)
    expect((await job.session.callTool('whoami')).isError).toBe(false)
  })

  test('the relay: calls say DOWNSTREAM_UNREACHABLE; then all is as before', async () => {
    const before = await kill('egress-relay')
    expect(outcomeOf(await call())).toBe('DOWNSTREAM_UNREACHABLE')
    await works()
    await allReady()
    expect(await workerOf(job.stack, 'egress-relay')).not.toBe(before)
  })

  test('the authorization server: its tokens, sessions and keys survive', async () => {
    const keysBefore = await (await fetch(`${job.stack.issuer}/.well-known/jwks.json`)).json()
    const before = await kill('authorization-server')
    await expect
      .poll(async () => call().then(outcomeOf, () => 'no answer'), { timeout: 60_000 })
      .toBe('ok')
    expect(await workerOf(job.stack, 'authorization-server')).not.toBe(before)
    const keysAfter = await (await fetch(`${job.stack.issuer}/.well-known/jwks.json`)).json()
    expect(keysAfter).toEqual(keysBefore)
    expect((await job.session.callTool('whoami')).isError).toBe(false)
    expect((await direct.refresh()).status).toBe(200)
    await allReady()
  })

  test('the report counts the restarts and says how each part ended', async () => {
    const { processes } = await job.stack.report()
    expect(processes).toEqual(
      parts.map((name) => expect.objectContaining({ name, restarts: 1, state: 'ready' }) as object),
    )
  })
})

describe.skipIf(!hasProc)('Ctrl-C and another start', { timeout: 120_000 }, () => {
  test('Ctrl-C ends every process, takes the sockets away and exits with 0', async () => {
    const pids = (await processesOf(job.stack)).map(({ pid }) => pid)
    expect(await job.stack.end('SIGINT')).toBe(0)
    await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([])
    const run = join(job.stack.dataDir, 'run')
    const sockets = readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) =>
      lstatSync(join(run, name)).isSocket(),
    )
    expect(sockets).toEqual([])
    expect(existsSync(join(run, 'supervisor.json'))).toBe(false)
    expect(existsSync(join(run, 'supervisor.lock'))).toBe(false)
    expect(existsSync(join(run, 'setup-link'))).toBe(false)
  })

  test('a start on the same data keeps everything and prints no set-up link', async () => {
    const up = await job.stack.startAgain()
    expect(up['setup_link'] ?? null).toBeNull()
    const setup = await job.stack.cli(['setup'])
    expect([setup.code, setup.stderr]).toEqual([6, expect.stringContaining('an administrator')])
    await works()
    expect((await job.session.callTool('whoami')).isError).toBe(false)
    expect((await direct.refresh()).status).toBe(200)
    const audit = await job.ada.attempt(['audit', 'verify'])
    expect(audit.code, audit.stdout).toBe(0)
  })

  test('kill -9 of the supervisor ends its parts, and the next start takes over', async () => {
    const pids = (await processesOf(job.stack)).map(({ pid }) => pid)
    await job.stack.end('SIGKILL')
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
    await job.stack.startAgain()
    await works()
    expect(dirname((await job.stack.report()).paths.database)).toBe(
      join(job.stack.dataDir, 'control'),
    )
  })
})
