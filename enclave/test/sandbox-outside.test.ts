import { spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { type AttackResult, attackResultSchema } from '@holdfast/protocol/enclave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { LaunchSpec } from '../src/sandbox/launch-spec.ts'
import {
  baseSpec,
  type Event,
  isLinux,
  isRoot,
  launch,
  type Launched,
  ordinaryUser,
  ordinaryUserCanRun,
  type Surroundings,
  surroundings,
} from './helpers/launched.ts'
import { workerPid } from './helpers/worker-pid.ts'

/** Whether it succeeds without a sandbox depends on what else is installed. */
const ofThisMachine = 'service-socket'

const hasUserNamespaces =
  spawnSync('unshare', ['--user', '--mount', 'true'], { ...ordinaryUser }).status === 0

type User = { uid: number; gid: number } | undefined

let around: Surroundings
beforeAll(async () => {
  around = await surroundings()
  // The files of a Holdfast that this user started are his.
  if (ordinaryUser !== undefined) chownSync(around.keyFile, ordinaryUser.uid, ordinaryUser.gid)
})
afterAll(() => around.close())

async function startEnclave(changes: Partial<LaunchSpec>, as?: User): Promise<[Launched, string]> {
  const socket = `${around.runFolder}/${Math.random().toString(36).slice(2)}.sock`
  const enclave = launch(
    { ...baseSpec('test/fixtures/worker.ts'), readWrite: [around.runFolder], ...changes },
    { as, config: { socket, targets: { supervisorPid: process.pid } } },
  )
  await enclave.event('ready')
  return [enclave, socket]
}

/** Attacks a running enclave as someone, and says which attacks succeeded. */
async function attack(
  [enclave, enclaveSocket]: [Launched, string],
  changes: Partial<LaunchSpec>,
  as?: User,
): Promise<string[]> {
  const enclavePid = workerPid(enclave.process.pid ?? 0)
  const prober = launch(
    { ...baseSpec('src/probe.ts'), profile: 'probe', readOnly: [around.runFolder], ...changes },
    {
      as,
      config: {
        enclavePid,
        keyFiles: [around.keyFile],
        sockets: [around.foreignSocket],
        enclaveSocket,
      },
    },
  )
  const results = attacksOf(await prober.event('probe'))
  expect((await prober.exited).code).toBe(0)
  expect(results.filter(({ outcome }) => outcome === 'unavailable')).toEqual([])
  expect(enclave.process.exitCode).toBeNull()
  return results
    .filter(({ id, outcome }) => outcome === 'succeeded' && id !== ofThisMachine)
    .map(({ id }) => id)
}

const attacksOf = (event: Event): AttackResult[] =>
  z.array(attackResultSchema).parse(event['attacks'])

describe.skipIf(!isLinux || !isRoot)('the enclave of a root-started Holdfast', () => {
  const own = { uid: 47101, gid: 47101 }
  const controlPlane = { uid: 47100, gid: 47100 }

  it('gives the control plane no memory, key, descriptor or signal', async () => {
    const enclave = await startEnclave(own)
    expect(await attack(enclave, controlPlane)).toEqual([])
    await enclave[0].end()
  })

  it.skipIf(!ordinaryUserCanRun)(
    'denies the same to a control plane without a sandbox of its own',
    async () => {
      const enclave = await startEnclave(own)
      const bare = { ...controlPlane, isolation: 'process' as const }
      expect(await attack(enclave, bare)).toEqual(['connect-socket'])
      await enclave[0].end()
    },
  )

  it.skipIf(!ordinaryUserCanRun)(
    'denies memory even to an unconfined process of its own user',
    async () => {
      const enclave = await startEnclave(own)
      const reached = await attack(enclave, { ...own, isolation: 'process' })
      expect(reached).toEqual(['signal', 'same-user', 'connect-socket'])
      await enclave[0].end()
    },
  )

  it('hides nothing from root', async () => {
    const enclave = await startEnclave(own)
    const reached = await attack(enclave, { isolation: 'process' })
    expect(reached).toEqual(
      expect.arrayContaining(['read-key-file', 'process-vm-readv', 'ptrace', 'pidfd-getfd']),
    )
    await enclave[0].end()
  })
})

describe.skipIf(!isLinux || !ordinaryUserCanRun)('the enclave of an ordinary user', () => {
  it.skipIf(!hasUserNamespaces)(
    'gives the control plane of the same user no memory, no key and no foreign socket',
    async () => {
      const enclave = await startEnclave({}, ordinaryUser)
      expect(await attack(enclave, {}, ordinaryUser)).toEqual(['same-user'])
      await enclave[0].end()
    },
  )

  it('gives it no memory and no key where user namespaces are not allowed', async () => {
    const enclave = await startEnclave({}, ordinaryUser)
    const reached = await attack(enclave, { isolation: 'filtered' }, ordinaryUser)
    expect(reached).toEqual(['same-user', 'connect-socket'])
    await enclave[0].end()
  })

  it('denies memory to an unconfined process of the same user, who owns the key file', async () => {
    const enclave = await startEnclave({}, ordinaryUser)
    const reached = await attack(enclave, { isolation: 'process' }, ordinaryUser)
    const owned = ['read-key-file', 'write-key-file', 'signal', 'same-user', 'connect-socket']
    expect(reached).toEqual(owned)
    await enclave[0].end()
  })

  it.skipIf(!isRoot)('denies everything to another user', async () => {
    const enclave = await startEnclave({}, ordinaryUser)
    const other = { uid: 1501, gid: 1501 }
    expect(await attack(enclave, { isolation: 'process' }, other)).toEqual(['connect-socket'])
    await enclave[0].end()
  })

  it('is open to that user when nothing defends it', async () => {
    const undefended = { isolation: 'process' as const }
    const enclave = await startEnclave(undefended, ordinaryUser)
    const reached = await attack(enclave, undefended, ordinaryUser)
    expect(reached).toEqual(
      expect.arrayContaining(
        `read-key-file proc-mem proc-environ proc-maps proc-fd-0 process-vm-readv ptrace pidfd-getfd
          signal same-user connect-socket`.split(/\s+/u),
      ),
    )
    await enclave[0].end()
  })
})
