import { readFileSync } from 'node:fs'
import type { Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, denied, fromCall, succeeded } from './attack.ts'
import { tryOpen } from './file-attacks.ts'

/** A process to be attacked. */
export interface Victim {
  readonly pid: number
  /** What it is called in the report, such as `the supervisor`. */
  readonly name: string
}

const prctl = { getDumpable: 3, setDumpable: 4, getSeccomp: 21, getNoNewPrivileges: 39 }
const childExitSignal = 17
const ptrace = { seize: 0x4206, detach: 17 }

/** Attempts on the memory, the descriptors and the namespaces of another process. */
export function memoryAttacks(kernel: Kernel, { pid, name }: Victim): Attack[] {
  const read = (file: string, what: string): Attack => ({
    id: `proc-${file.replace('/', '-')}`,
    attack: `open ${what} of ${name} in /proc`,
    caps: 'process',
    run: () => tryOpen(kernel, `/proc/${pid}/${file}`, 'read'),
  })
  const attacks: Attack[] = [
    read('mem', 'the memory'),
    read('environ', 'the environment'),
    read('maps', 'the memory map'),
    read('fd/0', 'a descriptor'),
    {
      id: 'process-vm-readv',
      attack: `read the memory of ${name}`,
      caps: 'process',
      run: () => tryReadMemory(kernel, pid),
    },
    {
      id: 'ptrace',
      attack: `trace ${name}`,
      caps: 'process',
      run: () => {
        const result = kernel.call('ptrace', ptrace.seize, pid, 0, 0)
        if (result >= 0) detach(kernel, pid)
        return fromCall(result)
      },
    },
    {
      id: 'pidfd-getfd',
      attack: `take a descriptor of ${name}`,
      caps: 'process',
      run: () => tryTakeDescriptor(kernel, pid),
    },
    {
      id: 'setns',
      attack: `enter the namespaces of ${name}`,
      caps: 'process',
      run: () => tryEnterNamespaces(kernel, pid),
    },
  ]
  return attacks.map((attack) => ({
    ...attack,
    // In a pid namespace the number may be our own, which is no attack on anybody.
    run: () => (pid === process.pid ? denied('no such process here') : attack.run()),
  }))
}

function detach(kernel: Kernel, pid: number): void {
  const interrupt = 0x4207
  const waitForAny = 0x40000000
  kernel.call('ptrace', interrupt, pid, 0, 0)
  kernel.call('wait4', pid, 0, waitForAny, 0)
  kernel.call('ptrace', ptrace.detach, pid, 0, 0)
}

function tryReadMemory(kernel: Kernel, pid: number): AttackOutcome {
  const iovec = (address: bigint): bigint =>
    kernel.place(new Uint8Array(new BigUint64Array([address, 1n]).buffer))
  // Where memory may be read the kernel says that nothing is mapped at this address, not EPERM.
  const unmapped = 4096n
  const local = iovec(kernel.place(new Uint8Array(8)))
  const remote = iovec(unmapped)
  return fromCall(kernel.call('process_vm_readv', pid, local, 1, remote, 1, 0), ['EFAULT'])
}

function withPidDescriptor(
  kernel: Kernel,
  pid: number,
  use: (fd: number) => AttackOutcome,
): AttackOutcome {
  const fd = kernel.call('pidfd_open', pid, 0)
  if (fd < 0) return fromCall(fd)
  const outcome = use(fd)
  kernel.call('close', fd)
  return outcome
}

const tryTakeDescriptor = (kernel: Kernel, pid: number): AttackOutcome =>
  withPidDescriptor(kernel, pid, (pidfd) => {
    const taken = kernel.call('pidfd_getfd', pidfd, 0, 0)
    if (taken >= 0) kernel.call('close', taken)
    return fromCall(taken, ['EBADF'])
  })

const tryEnterNamespaces = (kernel: Kernel, pid: number): AttackOutcome =>
  withPidDescriptor(kernel, pid, (pidfd) => {
    const ipc = 0x08000000
    return fromCall(kernel.call('setns', pidfd, ipc))
  })

/** Attempts to signal another process: it could be stopped or killed, or made to open a debugger. */
export const signalAttack = (
  kernel: Kernel,
  { pid, name }: Victim,
  caps: Attack['caps'],
): Attack => ({
  id: 'signal',
  attack: `send a signal to ${name}`,
  caps,
  run: () =>
    pid === process.pid ? denied('no such process here') : fromCall(kernel.call('kill', pid, 0)),
})

/** The user of a process as /proc shows it to anybody, or undefined where /proc does not. */
export function visibleUser(pid: number): number | undefined {
  try {
    const match = /^Uid:\s+\d+\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match === null ? undefined : Number(match[1])
  } catch {
    return undefined
  }
}

/** Attempts to start something new. */
export function spawnAttacks(kernel: Kernel): Attack[] {
  const execute = (call: 'execve' | 'execveat'): AttackOutcome => {
    const nowhere = '/holdfast-does-not-exist'
    const nothing = new Uint8Array(8)
    const currentFolder = -100
    const result =
      call === 'execve'
        ? kernel.call(call, nowhere, nothing, nothing)
        : kernel.call(call, currentFolder, nowhere, nothing, nothing, 0)
    // A program that exists would replace this one: it is enough that the kernel went to look for it.
    return fromCall(result, ['ENOENT', 'EACCES', 'EINVAL', 'EFAULT'])
  }
  const attacks: Attack[] = [
    {
      id: 'fork',
      attack: 'fork',
      caps: 'process',
      run: () => fromCall(tryFork(kernel, () => kernel.call('fork'))),
    },
    {
      id: 'clone',
      attack: 'clone a process',
      caps: 'process',
      run: () => fromCall(tryFork(kernel, () => kernel.call('clone', childExitSignal, 0, 0, 0, 0))),
    },
    {
      id: 'clone3',
      attack: 'clone a process with clone3',
      caps: 'process',
      // No memory is given on purpose: EFAULT or EINVAL means that the filter let it through.
      run: () => fromCall(kernel.call('clone3', 0, 0), ['EINVAL', 'EFAULT']),
    },
  ]
  return [
    ...attacks,
    ...(['execve', 'execveat'] as const).map((call): Attack => ({
      id: call,
      attack: `execute a program with ${call}`,
      caps: 'process',
      run: () => execute(call),
    })),
  ]
}

/**
 * Forks and waits for the copy, which ends at once: V8 keeps its code out of forked processes, so
 * the copy faults where it would go on. That must not leave a core file.
 */
function tryFork(kernel: Kernel, fork: () => number): number {
  const before = kernel.call('prctl', prctl.getDumpable, 0, 0, 0, 0)
  kernel.call('prctl', prctl.setDumpable, 0, 0, 0, 0)
  const pid = fork()
  if (pid === 0) kernel.call('exit_group', 0)
  if (pid > 0) kernel.call('wait4', pid, 0, 0, 0)
  if (before > 0) kernel.call('prctl', prctl.setDumpable, before, 0, 0, 0)
  return pid
}

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
