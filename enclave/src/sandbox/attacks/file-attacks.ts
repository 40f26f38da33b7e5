import type { Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, fromCall, unavailable } from './attack.ts'

const currentFolder = -100
const open = { readOnly: 0, writeOnly: 1, create: 0o100, exclusive: 0o200, closeOnExec: 0o2000000 }

/** Opens a path and closes it again; what was in it is never read. */
export function tryOpen(kernel: Kernel, path: string, access: 'read' | 'write'): AttackOutcome {
  const flags = access === 'read' ? open.readOnly : open.writeOnly
  const fd = kernel.call('openat', currentFolder, path, flags | open.closeOnExec, 0)
  if (fd >= 0) kernel.call('close', fd)
  // ENXIO: the way was open, but a socket cannot be opened by name.
  return fromCall(fd, ['ENXIO'])
}

/** Attempts to read, see and create files that are none of the enclave's business. */
export function fileAttacks(
  kernel: Kernel,
  targets: { readonly files: readonly string[]; readonly folders: readonly string[] },
): Attack[] {
  const everywhere = ['/etc/passwd', '/proc/1/environ', '/proc/self/environ']
  const writable = new Set([process.cwd(), '/', '/tmp', '/var/tmp', '/dev/shm', ...targets.folders])
  return [
    ...[...new Set([...everywhere, ...targets.files])].map((path): Attack => ({
      id: 'read-file',
      attack: `open ${path} for reading`,
      caps: 'process',
      run: () => tryOpen(kernel, path, 'read'),
    })),
    ...seeAttacks(kernel, targets.files),
    ...[...writable].map((folder): Attack => ({
      id: 'create-file',
      attack: `create a file in ${folder}`,
      caps: 'process',
      run: () => tryCreate(kernel, `${folder}/.holdfast-attack-${process.pid}`),
    })),
  ]
}

/** With a private root not even the names of other files are there; without a target nothing is proven. */
function seeAttacks(kernel: Kernel, files: readonly string[]): Attack[] {
  const see = { id: 'see-file', caps: 'filtered' } as const
  if (files.length === 0) {
    const attack = 'see files of the control plane'
    return [{ ...see, attack, run: () => unavailable('no file was named') }]
  }
  return files.map((path) => ({
    ...see,
    attack: `see ${path}`,
    run: () => fromCall(kernel.call('newfstatat', currentFolder, path, new Uint8Array(256), 0)),
  }))
}

function tryCreate(kernel: Kernel, path: string): AttackOutcome {
  const flags = open.create | open.exclusive | open.writeOnly | open.closeOnExec
  const fd = kernel.call('openat', currentFolder, path, flags, 0o600)
  if (fd >= 0) {
    kernel.call('close', fd)
    kernel.call('unlinkat', currentFolder, path, 0)
  }
  return fromCall(fd)
}
