import type { IsolationReport } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { type Attack, carryOut, unavailable } from './attacks/attack.ts'
import { fileAttacks } from './attacks/file-attacks.ts'
import { kernelAttacks } from './attacks/kernel-attacks.ts'
import { networkAttacks } from './attacks/network-attacks.ts'
import { privilegeAttacks } from './attacks/privilege-attacks.ts'
import { memoryAttacks, signalAttack } from './attacks/process-attacks.ts'
import { relayAttacks, runtimeAttacks } from './attacks/runtime-attacks.ts'
import { spawnAttacks } from './attacks/spawn-attacks.ts'
import type { Kernel } from './ffi.ts'
import { isolationReport } from './isolation.ts'
import type { SealResult } from './self-seal.ts'

/** Schema of {@link AttackTargets}, for the enclave's configuration. */
export const attackTargetsSchema = z.object({
  supervisorPid: z.int().positive(),
  tcpPort: z.int().min(1).max(65535).optional(),
  files: z.array(z.string()).default([]),
  folders: z.array(z.string()).default([]),
  sockets: z.array(z.string()).default([]),
  abstractSockets: z.array(z.string()).default([]),
})

/** What the self-test attacks: things that exist and that the enclave must not be able to touch. */
export type AttackTargets = z.infer<typeof attackTargetsSchema>

/** Where nothing listens, for a relay attack without a better target. */
const discardPort = 9

/**
 * Attacks everything around this process and reports what was left standing. Call it after
 * {@link sealProcess} and before any key is in memory; it takes a few milliseconds.
 *
 * It leaves nothing behind and ends this process's ability to make system calls from JavaScript.
 *
 * @param seal what `sealProcess` returned
 * @param targets what to attack; with no `files` the level cannot rise above `filtered`
 * @param relaySocket the egress relay's socket, which has to refuse forbidden addresses
 */
export async function runSelfTest(
  seal: SealResult,
  targets: AttackTargets,
  relaySocket?: string,
): Promise<IsolationReport> {
  const results = await carryOut(
    [
      ...(seal.kernel === undefined ? [noKernel] : systemAttacks(seal.kernel, targets)),
      ...runtimeAttacks(),
      ...(relaySocket === undefined
        ? []
        : relayAttacks(relaySocket, targets.tcpPort ?? discardPort)),
    ],
    'inside',
  )
  seal.kernel?.close()
  return isolationReport(results, seal)
}

const noKernel: Attack = {
  id: 'system-calls',
  attack: 'attack through system calls',
  caps: 'process',
  run: () => unavailable('system calls cannot be made here'),
}

function systemAttacks(kernel: Kernel, targets: AttackTargets): Attack[] {
  const supervisor = { pid: targets.supervisorPid, name: 'the supervisor' }
  return [
    ...networkAttacks(kernel, targets),
    ...fileAttacks(kernel, targets),
    ...spawnAttacks(kernel),
    ...memoryAttacks(kernel, supervisor),
    signalAttack(kernel, supervisor, 'process'),
    ...kernelAttacks(kernel),
    ...privilegeAttacks(kernel),
  ]
}
