import { type IsolationReport, isolationReportSchema } from '@holdfast/protocol/enclave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LaunchSpec } from '../src/sandbox/launch-spec.ts'
import {
  baseSpec,
  isLinux,
  isRoot,
  launch,
  ordinaryUser,
  ordinaryUserCanRun,
  type Surroundings,
  surroundings,
} from './helpers/launched.ts'

let around: Surroundings
beforeAll(async () => {
  around = await surroundings()
})
afterAll(() => around.close())

const own = { uid: 47101, gid: 47101 }

async function reportOf(
  changes: Partial<LaunchSpec>,
  as?: { uid: number; gid: number },
  through?: string[],
): Promise<IsolationReport> {
  const worker = launch(
    { ...baseSpec('test/fixtures/worker.ts'), readWrite: [around.runFolder], ...changes },
    {
      as,
      through,
      config: {
        socket: `${around.runFolder}/${Math.random().toString(36).slice(2)}.sock`,
        targets: {
          supervisorPid: process.pid,
          tcpPort: around.tcpPort,
          files: [around.database, around.keyFile],
          folders: [around.folder],
          sockets: [around.foreignSocket],
          abstractSockets: [around.abstractSocket],
        },
      },
    },
  )
  const { report } = await worker.event('selftest')
  await worker.end()
  return isolationReportSchema.parse(report)
}

const ids = (report: IsolationReport, outcome: string): string[] => [
  ...new Set(report.attacks.filter((attack) => attack.outcome === outcome).map(({ id }) => id)),
]

describe.skipIf(!isLinux || !isRoot)('an enclave that root started under its own user', () => {
  it('is networkless: every attack from inside is denied', async () => {
    const report = await reportOf(own)
    expect(ids(report, 'succeeded')).toEqual([])
    expect(ids(report, 'unavailable')).toEqual([])
    expect(report).toMatchObject({ level: 'networkless', reasons: [] })
    expect(report.mechanisms).toEqual(
      expect.arrayContaining(['netns', 'pidns', 'private-root', 'own-uid', 'landlock', 'seccomp']),
    )
  })

  it.skipIf(!ordinaryUserCanRun)(
    'is filtered without namespaces: it sees names and interfaces, and reaches only open sockets',
    async () => {
      const report = await reportOf({ ...own, isolation: 'filtered' })
      expect(report.level).toBe('filtered')
      const seen = ['network-interface', 'pathname-socket', 'see-file']
      expect(ids(report, 'succeeded')).toEqual(seen)
    },
  )

  it.skipIf(!ordinaryUserCanRun)(
    'is filtered where root may not make namespaces, as in a default container',
    async () => {
      const report = await reportOf(own, undefined, ['setpriv', '--bounding-set=-sys_admin'])
      expect(report.level).toBe('filtered')
      expect(report.reasons).toContain('namespaces: EPERM')
      expect(report.mechanisms).toEqual(expect.arrayContaining(['own-uid', 'landlock', 'seccomp']))
    },
  )

  it('is only a process without defences, and every attack on the system succeeds', async () => {
    const report = await reportOf({ isolation: 'process' })
    expect(report.level).toBe('process')
    expect(ids(report, 'succeeded')).toEqual(expect.arrayContaining(everySystemAttack))
  })
})

describe.skipIf(!isLinux || !ordinaryUserCanRun)('an enclave that an ordinary user started', () => {
  it('is filtered: no network, no files, no programs, no other process', async () => {
    const report = await reportOf({}, ordinaryUser)
    expect(report.level).toBe('filtered')
    const seen = ['network-interface', 'pathname-socket', 'see-file']
    expect(ids(report, 'succeeded')).toEqual(seen)
    expect(report.reasons).toContain('namespaces need root')
  })

  it('is only a process without defences', async () => {
    const report = await reportOf({ isolation: 'process' }, ordinaryUser)
    expect(report.level).toBe('process')
    expect(ids(report, 'succeeded')).toEqual(
      expect.arrayContaining(
        names(`socket-inet connect-loopback bind-tcp abstract-socket pathname-socket read-file
          create-file fork execve io-uring set-dumpable unfiltered`),
      ),
    )
  })
})

const everySystemAttack = names(`
  socket-inet socket-inet6 socket-netlink connect-loopback connect-udp bind-tcp bind-unix
  network-interface abstract-socket pathname-socket read-file see-file create-file
  fork clone clone3 execve execveat proc-mem proc-environ proc-maps proc-fd-0 process-vm-readv
  ptrace pidfd-getfd setns signal user-namespace net-namespace mount-namespace mount chroot
  bpf userfaultfd io-uring keyctl memfd perf-event
  dumpable set-dumpable core-limit capabilities new-privileges unfiltered`)

function names(list: string): string[] {
  return list.trim().split(/\s+/u)
}
