import { readFileSync } from 'node:fs'
import type { Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, denied, fromCall } from './attack.ts'
import { tryOpen } from './file-attacks.ts'

/** A process to be attacked. */
export interface Victim {
  readonly pid: number
  /** What it is called in the report, such as `the supervisor`. */
  readonly name: string
}

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
