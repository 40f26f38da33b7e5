/** P10: the isolation of the running product is what attacks on it could not break. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isolationReportSchema } from '@holdfast/protocol/enclave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from './helpers/stack.ts'

const root = resolve(import.meta.dirname, '..')
const isRoot = process.geteuid?.() === 0
const isLinux = process.platform === 'linux'
const ordinaryUser = isRoot ? { uid: 1500, gid: 1500 } : undefined
// Below a folder that only root may enter, another user cannot start anything.
const ordinaryUserCanRun =
  ordinaryUser === undefined ||
  spawnSync(process.execPath, ['--version'], ordinaryUser).status === 0

const hasUserNamespaces =
  spawnSync('unshare', ['--user', '--mount', 'true'], { ...ordinaryUser }).status === 0

const reportSchema = isolationReportSchema.pick({ level: true, attacks: true, reasons: true })

async function isolationOf(stack: Stack) {
  const { isolation } = await stack.report()
  const report = reportSchema.parse(isolation)
  const succeeded = (from: 'inside' | 'outside'): string[] => [
    ...new Set(
      report.attacks
        .filter((attack) => attack.from === from && attack.outcome !== 'denied')
        .map(({ id }) => id),
    ),
  ]
  return { ...report, inside: succeeded('inside'), outside: succeeded('outside') }
}

/** The worker below a launcher that holds a pid namespace open. */
function workerPid(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? pid : workerPid(Number(children.split(' ')[0]))
}

async function pidOf(stack: Stack, name: string): Promise<number> {
  const { processes } = await stack.report()
  return workerPid(processes.find((process) => process.name === name)?.pid ?? 0)
}

describe.skipIf(!isLinux || !isRoot)('Holdfast started by root', { timeout: 120_000 }, () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  }, 120_000)
  afterAll(() => stack.stop())

  it('is networkless: nothing that the enclave or the control plane tried succeeded', async () => {
    const { level, attacks, reasons, inside, outside } = await isolationOf(stack)
    expect({ level, reasons, inside, outside }).toEqual({
      level: 'networkless',
      reasons: [],
      inside: [],
      outside: [],
    })
    // The report is worth what was tried.
    expect(attacks.filter(({ from }) => from === 'inside').length).toBeGreaterThan(50)
    expect(attacks.filter(({ from }) => from === 'outside').length).toBeGreaterThan(12)
  })

  it('runs three users, none of them root and none able to gain anything', async () => {
    const names = ['authorization-server', 'enclave', 'egress-relay']
    const statuses = await Promise.all(
      names.map(async (name) => readFileSync(`/proc/${await pidOf(stack, name)}/status`, 'utf8')),
    )
    const field = (name: string): string[] =>
      statuses.map((status) => new RegExp(`^${name}:\\s+(\\S+)`, 'mu').exec(status)?.[1] ?? '')
    expect(new Set(field('Uid')).size).toBe(3)
    expect(field('Uid')).not.toContain('0')
    expect(field('CapEff')).toEqual(Array(3).fill('0000000000000000'))
    expect(field('NoNewPrivs')).toEqual(['1', '1', '1'])
    expect(field('Seccomp')).toEqual(['2', '2', '2'])
  })

  it('shows the enclave its own sources and listed packages, and no other file', async () => {
    const top = `/proc/${await pidOf(stack, 'enclave')}/root`
    const tree = (path: string): string[] => readdirSync(join(top, path)).sort()
    expect(tree('/')).not.toContain('proc')
    expect(tree('/etc')).toEqual(['ssl'])
    expect(tree(root).filter((name) => name !== 'package.json')).toEqual([
      'enclave',
      'node_modules',
      'packages',
    ])
    expect(tree(join(root, 'enclave'))).toEqual(['package.json', 'src'])
    expect(tree(join(root, 'packages'))).toEqual(['protocol'])
    const { enclaveDependencies } = (await import(join(root, 'enclave/src/dependencies.ts'))) as {
      enclaveDependencies: readonly string[]
    }
    const listed = enclaveDependencies.map((name) => name.split('/')[0])
    const packages = tree(join(root, 'node_modules')).filter((name) => !name.startsWith('node-'))
    expect(new Set(packages)).toEqual(new Set(listed))
    expect(tree((await stack.report()).paths.dataDir)).toEqual(['run'])
  })

  it('shows the control plane its database, and neither keys nor the way to the relay', async () => {
    const top = `/proc/${await pidOf(stack, 'authorization-server')}/root`
    const { dataDir } = (await stack.report()).paths
    expect(readdirSync(join(top, dataDir)).sort()).toEqual(['control', 'run'])
    expect(readdirSync(join(top, dataDir, 'run'))).toEqual(['dispatch'])
  })
})

describe.skipIf(!isLinux || !ordinaryUserCanRun)(
  'Holdfast started by an ordinary user',
  { timeout: 120_000 },
  () => {
    it('is filtered: the control plane of the same user gets neither key nor memory', async () => {
      const stack = await startStack({ as: ordinaryUser })
      try {
        const { level, inside, outside, reasons } = await isolationOf(stack)
        expect(level).toBe('filtered')
        expect(reasons).toContain('namespaces need root')
        expect(inside).toEqual(['network-interface', 'pathname-socket', 'see-file'])
        // Without user namespaces the control plane shares all sockets of its user.
        const foreign = outside.filter((id) => id !== 'service-socket')
        expect(foreign).toEqual(['same-user', ...(hasUserNamespaces ? [] : ['connect-socket'])])
        const supervisor = (await stack.report()).pid
        const peek = `require('node:fs').openSync('/proc/${supervisor}/mem', 'r')`
        const { stderr } = spawnSync(process.execPath, ['-e', peek], {
          ...ordinaryUser,
          encoding: 'utf8',
        })
        expect(stderr).toContain('EACCES')
      } finally {
        await stack.stop()
      }
    })
  },
)

describe.skipIf(!ordinaryUserCanRun)(
  'a floor that the machine does not reach',
  { timeout: 120_000 },
  () => {
    it('keeps the key from the enclave, and Holdfast from starting', async () => {
      const settings = {
        HOLDFAST_ENCLAVE_ISOLATION: 'process',
        HOLDFAST_ENCLAVE_MIN_ISOLATION: 'filtered',
      }
      await expect(startStack({ as: ordinaryUser, settings })).rejects.toThrow(
        'ISOLATION_BELOW_FLOOR',
      )
    })

    it('is a decision: lowered, the same machine starts and says what it lacks', async () => {
      const stack = await startStack({
        as: ordinaryUser,
        settings: {
          HOLDFAST_ENCLAVE_ISOLATION: 'process',
          HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process',
        },
      })
      try {
        const { level, inside, reasons } = await isolationOf(stack)
        expect(level).toBe('process')
        expect(reasons).toContain('asked for no more than process')
        expect(inside).toEqual(
          isLinux ? expect.arrayContaining(['socket-inet', 'fork']) : ['system-calls'],
        )
      } finally {
        await stack.stop()
      }
    })
  },
)
