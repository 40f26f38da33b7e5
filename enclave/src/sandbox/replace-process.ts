import { writeSync } from 'node:fs'
import { errnoName, type Kernel } from './ffi.ts'
import type { LaunchProfile } from './launch-spec.ts'

/** Exit status for a launch that can never work as asked; a supervisor does not try again. */
export const launchRefused = 78

/** Descriptors of the launch contract: standard streams, and for the enclave key pipe and state file. */
const lastDescriptor = (profile: LaunchProfile): number => (profile === 'enclave' ? 4 : 2)

/**
 * Becomes another program with the descriptors of the contract, no others and no environment. Signals
 * that node ignores stay ignored.
 *
 * It is `execve(2)` itself: `process.execve` first runs exit hooks, which the filter may already stop.
 */
export function replaceProcess(
  kernel: Kernel,
  profile: LaunchProfile,
  command: readonly string[],
): never {
  keepDescriptors(kernel, lastDescriptor(profile))
  const path = command[0] ?? ''
  const pointers = new BigUint64Array(command.length + 1)
  for (const [i, argument] of command.entries()) pointers[i] = kernel.place(argument)
  const noEnvironment = new Uint8Array(8)
  const result = kernel.call('execve', path, new Uint8Array(pointers.buffer), noEnvironment)
  const standardError = 2
  writeSync(standardError, `launch: cannot execute ${path}: ${errnoName(result)}\n`)
  // Under the filter node's own event loop, started before it, could not go on.
  kernel.call('exit_group', launchRefused)
  throw new Error('unreachable')
}

/** Node marks inherited descriptors close-on-exec; those of the contract must stay, others must not. */
function keepDescriptors(kernel: Kernel, last: number): void {
  const setFlags = 2
  for (let fd = 0; fd <= last; fd += 1) kernel.call('fcntl', fd, setFlags, 0)
  const closeOnExec = 4
  const everyOther = 0xffffffff
  kernel.call('close_range', last + 1, everyOther, closeOnExec)
}
