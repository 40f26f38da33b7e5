import { errnoName, type Kernel } from './ffi.ts'

/** Who a process becomes. Fields left out stay as they are. */
export interface Identity {
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly groups?: readonly number[] | undefined
}

const prctl = { setDumpable: 4, dropBounding: 24, noNewPrivileges: 38, ambient: 47 }
const clearAllAmbient = 4
const coreLimit = 4
const capabilityVersion3 = 0x20080522

/** Sets the core size limit to zero. A piped `core_pattern` ignores it: the seal must do the rest. */
export function forbidCoreDumps(kernel: Kernel): string | undefined {
  const result = kernel.call('prlimit64', 0, coreLimit, new Uint8Array(16), 0)
  return result === 0 ? undefined : `core limit: ${errnoName(result)}`
}

/**
 * Closes this process's memory to other processes of the same user, and keeps it out of core dumps.
 * `execve` undoes it.
 */
export function setNotDumpable(kernel: Kernel): string | undefined {
  const result = kernel.call('prctl', prctl.setDumpable, 0, 0, 0, 0)
  return result === 0 ? undefined : `non-dumpable: ${errnoName(result)}`
}

/** Makes it impossible to gain privileges through `execve`; seccomp and Landlock ask for it. */
export function forbidNewPrivileges(kernel: Kernel): string | undefined {
  const result = kernel.call('prctl', prctl.noNewPrivileges, 1, 0, 0, 0)
  return result === 0 ? undefined : `no_new_privs: ${errnoName(result)}`
}

/**
 * Drops every capability and becomes the given user, on the calling thread: for a process that
 * replaces itself next.
 *
 * @returns a reason when the process is still root with capabilities, or not the wanted user
 */
export function dropPrivileges(kernel: Kernel, identity: Identity): string | undefined {
  const failed = (step: string, result: number): string => `${step}: ${errnoName(result)}`
  if (process.geteuid?.() === 0) {
    // Without a bounding set, executing a program as uid 0 gives no capabilities back.
    for (let capability = 0; kernel.call('prctl', prctl.dropBounding, capability, 0, 0, 0) >= 0;) {
      capability += 1
    }
  }
  kernel.call('prctl', prctl.ambient, clearAllAmbient, 0, 0, 0)
  const { uid, gid } = identity
  if (gid !== undefined) {
    const groups = new Uint32Array(identity.groups ?? [])
    const cleared = kernel.call('setgroups', groups.length, new Uint8Array(groups.buffer))
    if (cleared < 0) return failed('setgroups', cleared)
    const result = kernel.call('setresgid', gid, gid, gid)
    if (result < 0) return failed('setresgid', result)
  }
  if (uid !== undefined) {
    const result = kernel.call('setresuid', uid, uid, uid)
    if (result < 0) return failed('setresuid', result)
  }
  const header = new Uint8Array(8)
  new DataView(header.buffer).setUint32(0, capabilityVersion3, true)
  const result = kernel.call('capset', header, new Uint8Array(24))
  return result === 0 ? undefined : failed('capset', result)
}
