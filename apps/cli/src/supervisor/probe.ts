import { readFileSync } from 'node:fs'
import { attackResultSchema } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { Child } from './child.ts'
import type { OutsideAttacks } from './isolation.ts'
import type { Command } from './launch-spec.ts'
import type { LogFile } from './log-file.ts'

/** The probe gets this long; it normally takes a fraction of a second. */
const probeWithinMs = 15_000

const probeEventSchema = z.object({ attacks: z.array(attackResultSchema) })

/** What the outside probe attacks. */
export interface ProbeTargets {
  readonly enclavePid: number
  readonly keyFiles: readonly string[]
  readonly sockets: readonly string[]
  readonly enclaveSocket: string
}

/** Attacks the enclave from the control plane's place; undefined when the probe could not finish. */
export async function runProbe(
  command: Command,
  targets: ProbeTargets,
  log: LogFile,
): Promise<OutsideAttacks> {
  let attacks: OutsideAttacks
  const child = new Child({
    ...command,
    config: targets,
    log,
    onEvent: (event) => {
      if (event.event !== 'probe') return
      const parsed = probeEventSchema.safeParse(event)
      if (parsed.success) attacks = parsed.data.attacks
    },
  })
  const tooLate = setTimeout(() => child.kill(), probeWithinMs)
  const { code } = await child.exited
  clearTimeout(tooLate)
  return code === 0 ? attacks : undefined
}

/**
 * The process that really is the enclave: below the launcher there may be one that holds a pid
 * namespace open.
 */
export function workerPid(pid: number): number {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return child ? workerPid(Number(child)) : pid
  } catch {
    return pid
  }
}
