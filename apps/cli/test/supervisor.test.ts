import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { AttackResult } from '@holdfast/protocol/enclave'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { CliError } from '../src/errors.ts'
import { failuresAfter, restartDelayMs, stableAfterMs } from '../src/supervisor/backoff.ts'
import type { ChildEvent } from '../src/supervisor/child.ts'
import type { Launchable } from '../src/supervisor/launch-spec.ts'
import { LogFile } from '../src/supervisor/log-file.ts'
import { crashLine, logLine } from '../src/supervisor/log-line.ts'
import { Supervisor, type SupervisorOptions } from '../src/supervisor/supervisor.ts'
import { tempDir } from './temp-dir.ts'

const fixture = path.join(import.meta.dirname, 'fixtures', 'child.mjs')

interface Fixtures extends Partial<SupervisorOptions> {
  readonly dataDir?: string
  readonly env?: Record<string, string>
  /** Mode of each process; default `good`. */
  readonly modes?: Partial<Record<Launchable, () => string>>
  readonly level?: string
  readonly outside?: () => readonly AttackResult[]
}

function supervise(fixtures: Fixtures = {}): Supervisor {
  const { dataDir = tempDir(), env, modes, level = 'filtered', outside, ...rest } = fixtures
  const third = (what: Launchable): string =>
    what === 'probe' ? JSON.stringify(outside?.() ?? []) : level
  const supervisor = new Supervisor({
    config: loadConfig({ dataDir }, env ?? {}).config,
    role: 'all',
    root: '/nowhere',
    delayMs: () => 5,
    commandFor: (what) => ({
      command: process.execPath,
      args: [fixture, what, modes?.[what]?.() ?? 'good', third(what)],
    }),
    ...rest,
  })
  onTestFinished(() => supervisor.stop())
  return supervisor
}

const states = (supervisor: Supervisor): Record<string, string> =>
  Object.fromEntries(supervisor.report.processes.map(({ name, state }) => [name, state]))

const readable = (attack: string): AttackResult => ({
  id: attack,
  attack: `reading by ${attack}`,
  from: 'outside',
  outcome: 'succeeded',
  caps: 'process',
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const allGood = { 'egress-relay': 'ready', enclave: 'ready', 'authorization-server': 'ready' }

describe('start', () => {
  it('creates the data folder, brings up all three processes and reports them', async () => {
    const supervisor = supervise()
    await supervisor.start()
    expect(states(supervisor)).toEqual(allGood)
    const { layout } = supervisor
    const mode = (file: string): number => statSync(file).mode & 0o7777
    expect(mode(layout.controlDir)).toBe(0o700)
    expect(mode(layout.enclaveDir)).toBe(0o700)
    expect(mode(layout.dispatchDir)).toBe(0o2750)
    expect(mode(layout.egressDir)).toBe(0o2750)
    for (const key of [layout.controlKey, layout.rootKey]) {
      expect(statSync(key).size).toBe(32)
      expect(mode(key)).toBe(0o600)
    }
    expect(mode(layout.stateFile)).toBe(0o644)
    const written = JSON.parse(readFileSync(layout.stateFile, 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(supervisor.report)))
    expect(written).toMatchObject({ keys: { sealing: 'k1' }, isolation: { level: 'filtered' } })
  })

  it('hands the enclave its level, 32 key bytes and its state file', async () => {
    const supervisor = supervise()
    await supervisor.start()
    expect(readFileSync(supervisor.layout.enclaveState, 'utf8')).toBe(
      'head={"level":"filtered","outside":[]} keyBytes=32',
    )
  })

  it('keeps keys on the second start', async () => {
    const dataDir = tempDir()
    const first = supervise({ dataDir })
    await first.start()
    const before = readFileSync(first.layout.rootKey)
    await first.stop()
    const second = supervise({ dataDir })
    await second.start()
    expect(readFileSync(second.layout.rootKey)).toEqual(before)
  })

  it('refuses to replace a lost key whose data still exists', async () => {
    const dataDir = tempDir()
    mkdirSync(path.join(dataDir, 'enclave'))
    writeFileSync(path.join(dataDir, 'enclave', 'state'), 'sealed keyring')
    await expect(supervise({ dataDir }).start()).rejects.toThrow(
      /root\.key is missing, but .*state/,
    )
    expect(existsSync(path.join(dataDir, 'enclave', 'root.key'))).toBe(false)
  })

  it('refuses a damaged key', async () => {
    const dataDir = tempDir()
    mkdirSync(path.join(dataDir, 'control'))
    writeFileSync(path.join(dataDir, 'control', 'control.key'), 'short')
    await expect(supervise({ dataDir }).start()).rejects.toThrow('has 5 bytes, a key has 32')
  })

  it('removes the sockets that a killed run left behind', async () => {
    const supervisor = supervise()
    mkdirSync(supervisor.layout.dispatchDir, { recursive: true })
    symlinkSync('/nowhere', supervisor.layout.enclaveSocket)
    await supervisor.start()
    expect(existsSync(supervisor.layout.enclaveSocket)).toBe(false)
  })

  it('refuses a data folder whose socket paths the kernel would cut', async () => {
    const dataDir = path.join(tempDir(), 'x'.repeat(100))
    await expect(supervise({ dataDir }).start()).rejects.toThrow('too long for Unix sockets')
  })

  it.skipIf(!existsSync('/proc/self'))('refuses a data folder that cannot be made', async () => {
    await expect(supervise({ dataDir: '/proc/none' }).start()).rejects.toThrow(
      'cannot use /proc/none',
    )
  })

  it('hands set-up links on and never writes them to a log', async () => {
    const events: ChildEvent[] = []
    const supervisor = supervise({ onEvent: (_name, event) => void events.push(event) })
    await supervisor.start()
    await vi.waitFor(() => expect(events.map(({ event }) => event)).toContain('setup_link'))
    for (const name of Object.keys(allGood)) {
      const log = readFileSync(path.join(supervisor.layout.logDir, `${name}.log`), 'utf8')
      expect(log).toContain('"ready"')
      expect(log).not.toContain('canary')
    }
  })

  it('starts only the process of its role', async () => {
    const supervisor = supervise({ role: 'enclave' })
    await supervisor.start()
    expect(states(supervisor)).toEqual({ enclave: 'ready' })
    expect(existsSync(supervisor.layout.controlDir)).toBe(false)
  })
})

describe('isolation floor', () => {
  it('keeps the key from an enclave below it', async () => {
    const supervisor = supervise({ level: 'process' })
    await supervisor.start()
    expect(states(supervisor)['enclave']).toBe('refused')
    expect(supervisor.report.isolation).toMatchObject({ level: 'process', floor: 'filtered' })
    expect(readFileSync(supervisor.layout.enclaveState, 'utf8')).toBe('')
  })

  it('is named as the reason without waiting for the outside probe', async () => {
    const supervisor = supervise({ level: 'process', modes: { probe: () => 'refuse' } })
    await supervisor.start()
    expect(supervisor.report.isolation?.reasons).toEqual(['made up'])
  })

  it('counts an attack that succeeds from outside', async () => {
    const supervisor = supervise({ level: 'networkless', outside: () => [readable('mem')] })
    await supervisor.start()
    expect(states(supervisor)['enclave']).toBe('refused')
    expect(supervisor.report.isolation).toMatchObject({ level: 'process' })
    expect(supervisor.report.isolation?.reasons.at(-1)).toContain('reading by mem')
  })

  it('claims no more than "process" when the outside probe does not finish', async () => {
    const supervisor = supervise({ level: 'networkless', modes: { probe: () => 'refuse' } })
    await supervisor.start()
    expect(supervisor.report.isolation?.level).toBe('process')
    expect(states(supervisor)['enclave']).toBe('refused')
  })

  it('can be lowered on purpose', async () => {
    const supervisor = supervise({
      level: 'process',
      env: { HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process' },
    })
    await supervisor.start()
    expect(states(supervisor)).toEqual(allGood)
  })

  it('ends a running enclave when a later probe succeeds, and leaves the server up', async () => {
    let hostile: readonly AttackResult[] = []
    const supervisor = supervise({ outside: () => hostile, reprobeEveryMs: 50 })
    await supervisor.start()
    hostile = [readable('ptrace')]
    await vi.waitFor(() => expect(states(supervisor)['enclave']).toBe('refused'), 10_000)
    expect(states(supervisor)['authorization-server']).toBe('ready')
  })
})

describe('crashes', () => {
  it('restart the process and leave the others alone', async () => {
    const supervisor = supervise()
    await supervisor.start()
    const pidOf = (name: string): number | null | undefined =>
      supervisor.report.processes.find((one) => one.name === name)?.pid
    const before = { enclave: pidOf('enclave'), server: pidOf('authorization-server') }
    process.kill(Number(before.enclave), 'SIGKILL')
    await vi.waitFor(() => {
      expect(states(supervisor)).toEqual(allGood)
      expect(pidOf('enclave')).not.toBe(before.enclave)
    }, 10_000)
    expect(pidOf('authorization-server')).toBe(before.server)
    expect(supervisor.report.processes[1]).toMatchObject({
      restarts: 1,
      lastExit: { signal: 'SIGKILL' },
    })
  })

  it('in a row wait longer each time, and the last words are kept', async () => {
    const failures: number[] = []
    let mode = 'crash'
    const supervisor = supervise({
      modes: { 'authorization-server': () => mode },
      delayMs: (count) => {
        failures.push(count)
        if (count === 3) mode = 'good'
        return 5
      },
    })
    await supervisor.start()
    await vi.waitFor(() => expect(failures).toEqual([1, 2, 3]), 10_000)
    await vi.waitFor(() => expect(states(supervisor)).toEqual(allGood), 10_000)
    const log = readFileSync(
      path.join(supervisor.layout.logDir, 'authorization-server.log'),
      'utf8',
    )
    expect(log).toContain('last words')
  })

  it('are paused for 0.5 s, 1 s, 2 s … and never more than 30 s', () => {
    expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([500, 1000, 2000, 4000])
    expect(restartDelayMs(7)).toBe(30_000)
    expect(restartDelayMs(50)).toBe(30_000)
  })

  it('after a stable run start the series anew', () => {
    expect(failuresAfter(6, 1000)).toBe(7)
    expect(failuresAfter(6, stableAfterMs)).toBe(1)
  })

  it('by refusal (78) are not tried again, and the reason is known', async () => {
    const supervisor = supervise({ modes: { 'egress-relay': () => 'refuse' } })
    await supervisor.start()
    expect(states(supervisor)['egress-relay']).toBe('refused')
    expect(supervisor.report.processes[0]?.restarts).toBe(0)
    expect(supervisor.lastWords('egress-relay')).toBe('port is wrong')
  })
})

it('a root key that vanished keeps the enclave out and nothing else', async () => {
  const supervisor = supervise()
  await supervisor.start()
  rmSync(supervisor.layout.rootKey)
  process.kill(Number(supervisor.report.processes[1]?.pid), 'SIGKILL')
  await vi.waitFor(() => {
    expect(supervisor.report.processes[1]?.restarts).toBeGreaterThan(1)
  }, 20_000)
  expect(states(supervisor)).toMatchObject({ 'authorization-server': 'ready' })
  const log = readFileSync(path.join(supervisor.layout.logDir, 'enclave.log'), 'utf8')
  expect(log).toContain('ENOENT')
})

describe('one instance', () => {
  it('per data folder: the second names the pid of the first', async () => {
    const dataDir = tempDir()
    await supervise({ dataDir }).start()
    const error = await supervise({ dataDir })
      .start()
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    expect(error).toBeInstanceOf(CliError)
    expect(error).toMatchObject({ exitCode: 6, code: 'ALREADY_RUNNING' })
    expect((error as CliError).message).toContain(`pid ${process.pid}`)
  })

  it('does not count one that is dead', async () => {
    const dataDir = tempDir()
    const supervisor = supervise({ dataDir })
    mkdirSync(path.join(dataDir, 'run'))
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'exit')
    writeFileSync(supervisor.layout.lockFile, JSON.stringify({ pid: gone.pid, startedAt: '1' }))
    await supervisor.start()
    expect(states(supervisor)).toEqual(allGood)
  })

  it.runIf(process.platform === 'linux')('does not count a reused pid', async () => {
    const dataDir = tempDir()
    const supervisor = supervise({ dataDir })
    mkdirSync(path.join(dataDir, 'run'))
    writeFileSync(supervisor.layout.lockFile, JSON.stringify({ pid: 1, startedAt: 'long ago' }))
    await supervisor.start()
    expect(states(supervisor)).toEqual(allGood)
  })
})

describe('stop', () => {
  it('ends every process, also one that ignores the end of its stdin and SIGTERM', async () => {
    const supervisor = supervise({ modes: { 'egress-relay': () => 'stubborn' } })
    await supervisor.start()
    const pids = supervisor.report.processes.map(({ pid }) => Number(pid))
    await supervisor.stop()
    expect(pids.filter(isAlive)).toEqual([])
    expect(supervisor.report.processes.map(({ state }) => state)).toEqual(Array(3).fill('stopped'))
    expect(existsSync(supervisor.layout.lockFile)).toBe(false)
    expect(existsSync(supervisor.layout.stateFile)).toBe(false)
  })

  it('happens to the children when the supervisor is killed', async () => {
    const host = spawn(
      process.execPath,
      [
        '--conditions=@holdfast/source',
        path.join(import.meta.dirname, 'fixtures', 'supervise.ts'),
        tempDir(),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [line] = await once(host.stdout.setEncoding('utf8'), 'data')
    const pids = JSON.parse(String(line)) as number[]
    expect(pids).toHaveLength(3)
    host.kill('SIGKILL')
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), 10_000)
  })
})

it('every line of every log is JSON with a time and a level', async () => {
  const supervisor = supervise()
  await supervisor.start()
  for (const name of readdirSync(supervisor.layout.logDir)) {
    const lines = readFileSync(path.join(supervisor.layout.logDir, name), 'utf8').trim().split('\n')
    for (const line of lines) {
      expect(JSON.parse(line), name).toMatchObject({
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        level: expect.stringMatching(/^(info|warn|error)$/) as string,
      })
    }
  }
})

it('a line of a child keeps the time and level that it has, and gets what it lacks', () => {
  const now = Date.parse('2026-01-02T03:04:05Z')
  const stamp = { time: '2026-01-02T03:04:05.000Z', level: 'info' }
  const own = '{"time":"2025-01-01T00:00:00.000Z","level":"warn","message":"x"}'
  expect(logLine(own, now)).toBe(own)
  expect(logLine('{"level":"info","time":"t","message":"x"}', now)).toContain('"time":"t"')
  expect(JSON.parse(logLine('{"event":"ready"}', now))).toEqual({ ...stamp, event: 'ready' })
  expect(JSON.parse(logLine('{"event":"config_refused"}', now))).toMatchObject({ level: 'error' })
  expect(JSON.parse(logLine('words', now))).toEqual({ ...stamp, message: 'words' })
  expect(JSON.parse(crashLine('at x', now))).toMatchObject({ level: 'error', message: 'at x' })
})

it('a log file is rotated by its size', () => {
  const file = path.join(tempDir(), 'a.log')
  const log = new LogFile(file, 20)
  log.write('0123456789\n')
  log.write('abcdefghij\n')
  log.write('ABCDEFGHIJ\n')
  log.close()
  log.write('after its end\n')
  expect(readFileSync(file, 'utf8')).toBe('ABCDEFGHIJ\n')
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('abcdefghij\n')
})
