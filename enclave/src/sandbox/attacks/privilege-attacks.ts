import type { Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, denied, fromCall, succeeded } from './attack.ts'

const prctl = { getDumpable: 3, setDumpable: 4, getSeccomp: 21, getNoNewPrivileges: 39 }

/** States of this process that would undo its defence. */
export function privilegeAttacks(kernel: Kernel): Attack[] {
  const filterMode = 2
  return [
    {
      id: 'dumpable',
      attack: 'find this process open to tracing and core dumps',
      caps: 'process',
      run: () => {
        const value = kernel.call('prctl', prctl.getDumpable, 0, 0, 0, 0)
        return value === 0 ? denied() : succeeded(`dumpable ${value}`)
      },
    },
    {
      id: 'set-dumpable',
      attack: 'open this process to tracing and core dumps',
      caps: 'process',
      run: () => {
        const before = kernel.call('prctl', prctl.getDumpable, 0, 0, 0, 0)
        const result = kernel.call('prctl', prctl.setDumpable, 1, 0, 0, 0)
        if (result === 0) kernel.call('prctl', prctl.setDumpable, before, 0, 0, 0)
        return fromCall(result)
      },
    },
    {
      id: 'core-limit',
      attack: 'raise the limit of core dumps',
      caps: 'process',
      run: () => tryRaiseCoreLimit(kernel),
    },
    {
      id: 'capabilities',
      attack: 'hold a capability',
      caps: 'process',
      run: () => (holdsCapability(kernel) ? succeeded() : denied()),
    },
    {
      id: 'new-privileges',
      attack: 'gain privileges from a program',
      caps: 'process',
      run: () =>
        kernel.call('prctl', prctl.getNoNewPrivileges, 0, 0, 0, 0) === 1 ? denied() : succeeded(),
    },
    {
      id: 'unfiltered',
      attack: 'run without a system call filter',
      caps: 'process',
      run: () =>
        kernel.call('prctl', prctl.getSeccomp, 0, 0, 0, 0) === filterMode ? denied() : succeeded(),
    },
  ]
}

function tryRaiseCoreLimit(kernel: Kernel): AttackOutcome {
  const coreLimit = 4
  const before = new Uint8Array(16)
  kernel.call('prlimit64', 0, coreLimit, 0, before)
  const unlimited = new Uint8Array(16).fill(0xff)
  const raised = kernel.call('prlimit64', 0, coreLimit, unlimited, 0)
  if (raised >= 0) kernel.call('prlimit64', 0, coreLimit, before, 0)
  return fromCall(raised)
}

function holdsCapability(kernel: Kernel): boolean {
  const version3 = 0x20080522
  const header = new Uint8Array(8)
  new DataView(header.buffer).setUint32(0, version3, true)
  const sets = new Uint8Array(24)
  const result = kernel.call('capget', header, sets)
  // Two halves of (effective, permitted, inheritable); the first two count.
  return (
    result < 0 || [0, 4, 12, 16].some((at) => new DataView(sets.buffer).getUint32(at, true) !== 0)
  )
}
