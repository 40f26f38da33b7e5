import { type Kernel, openKernel } from './ffi.ts'
import { sealFilter } from './filters.ts'
import { type LaunchRecord, readLaunchRecord } from './launch-record.ts'
import { forbidCoreDumps, forbidNewPrivileges, setNotDumpable } from './privileges.ts'
import { installFilter } from './seccomp.ts'

/** Options of {@link sealProcess}. */
export interface SealOptions {
  /** What the launcher did. Default: read from this process's arguments. */
  readonly record?: LaunchRecord
}

/** What took hold, for the report; and the kernel, for the self-test that follows. */
export interface SealResult {
  readonly mechanisms: readonly string[]
  readonly reasons: readonly string[]
  /** Closed by the self-test; absent where system calls cannot be made. */
  readonly kernel?: Kernel
}

/** Scopes of node's permission model that a running enclave has no use for. */
const droppedScopes = ['fs.write', 'child', 'worker', 'addon', 'wasi', 'inspector', 'ffi']

/**
 * Gives up for good everything that only the start needed: afterwards this process cannot listen,
 * open a network socket, start a thread outside itself or a program, be traced or dumped by its own
 * user, nor load native code.
 *
 * The order in the enclave's main is: load every module; listen; `sealProcess`; `runSelfTest`; and
 * only then take the key. Under node's permission model `fs.fsync` and its kin are refused, before
 * and after: open a state file with `O_DSYNC` instead.
 *
 * Never throws: what does not hold is in `reasons`, and the self-test will notice.
 */
export function sealProcess(options: SealOptions = {}): SealResult {
  const record = options.record ?? readLaunchRecord()
  const mechanisms = [...record.mechanisms]
  const reasons = [...record.reasons]
  const note = (mechanism: string, failure: string | undefined): void => {
    if (failure !== undefined) reasons.push(failure)
    else if (!mechanisms.includes(mechanism)) mechanisms.push(mechanism)
  }
  const access = openKernel()
  if (record.isolation !== 'process' && 'kernel' in access) {
    const { kernel } = access
    // With a listener of ours the signal cannot end the process where node's own is turned off.
    process.on('SIGUSR1', () => undefined)
    note('non-dumpable', setNotDumpable(kernel))
    note('no-core', forbidCoreDumps(kernel))
    note('no-new-privileges', forbidNewPrivileges(kernel))
    note('sealed', installFilter(kernel, sealFilter(process.pid), { allThreads: true }))
  } else if ('reason' in access && !reasons.includes(access.reason)) {
    reasons.push(access.reason)
  }
  if (dropPermissions()) mechanisms.push('permission-model')
  return { mechanisms, reasons, ...('kernel' in access && { kernel: access.kernel }) }
}

function dropPermissions(): boolean {
  // Undefined unless node was started with --permission.
  const permission = process.permission as NodeJS.ProcessPermission | undefined
  for (const scope of droppedScopes) permission?.drop(scope)
  return permission !== undefined
}
