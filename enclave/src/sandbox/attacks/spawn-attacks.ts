import type { Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, fromCall } from './attack.ts'

const prctl = { getDumpable: 3, setDumpable: 4 }
const childExitSignal = 17

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
