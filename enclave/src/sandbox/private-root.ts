import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errnoName, type Kernel } from './ffi.ts'
import type { PathRight } from './landlock.ts'

const flag = {
  readOnly: 1,
  noSetuid: 2,
  noDevices: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
}
const detach = 2

/** Folders on which the new root may be mounted while it is built; one that hides nothing needed is taken. */
const buildSites = ['/mnt', '/media', '/srv', '/opt', '/home', '/var/tmp', '/tmp', '/run', '/sys']

/**
 * Replaces the root of this mount namespace by a read-only one that holds exactly the listed paths,
 * each at the same absolute path as before. Folders on the way are new and open to every user, so a
 * path below a folder of mode 0700 becomes reachable for a process that drops to another user.
 *
 * Call it as root in a mount namespace of its own.
 *
 * @throws Error saying which step failed; nothing has changed then but unreachable mounts
 * @see {@link https://man7.org/linux/man-pages/man2/pivot_root.2.html}
 */
export function enterPrivateRoot(kernel: Kernel, paths: readonly PathRight[]): void {
  const attempt = (step: string, result: number): void => {
    if (result < 0) throw new Error(`${step}: ${errnoName(result)}`)
  }
  attempt('mount', kernel.call('mount', 'none', '/', 0, flag.recursive | flag.private, 0))
  const site = chooseSite(paths)
  const rootFlags = flag.noSetuid | flag.noDevices
  attempt('mount', kernel.call('mount', 'tmpfs', site, 'tmpfs', rootFlags, 'mode=0755,size=4m'))
  for (const [source, access] of placeAll(site, paths)) {
    const target = join(site, source)
    attempt('bind', kernel.call('mount', source, target, 0, flag.bind, 0))
    const limits =
      flag.noSetuid |
      (source.startsWith('/dev/') ? 0 : flag.noDevices) |
      (access === 'execute' ? 0 : flag.noExec) |
      (access === 'write' ? 0 : flag.readOnly)
    attempt('remount', limit(kernel, target, limits))
  }
  attempt('remount', limit(kernel, site, flag.readOnly | rootFlags))
  attempt('chdir', kernel.call('chdir', site))
  // Both roots on one mount point, so no folder for the old one has to exist in the new one.
  attempt('pivot_root', kernel.call('pivot_root', '.', '.'))
  attempt('umount', kernel.call('umount2', '.', detach))
  attempt('chdir', kernel.call('chdir', '/'))
}

/**
 * Adds restrictions to a mount. `mount_setattr` leaves its others alone, which in a user namespace
 * may not be taken off; kernels before 5.12 only know the remount.
 */
function limit(kernel: Kernel, target: string, limits: number): number {
  const currentFolder = -100
  const attributes = new Uint8Array(new BigUint64Array([BigInt(limits), 0n, 0n, 0n]).buffer)
  const result = kernel.call(
    'mount_setattr',
    currentFolder,
    target,
    0,
    attributes,
    attributes.length,
  )
  if (errnoName(result) !== 'ENOSYS') return result
  return kernel.call('mount', 'none', target, 0, flag.bind | flag.remount | limits, 0)
}

function chooseSite(paths: readonly PathRight[]): string {
  const needed = paths.flatMap(({ path }) => [path, realpathSync(path)])
  const site = buildSites.find(
    (folder) =>
      lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
      !needed.some((path) => path === folder || path.startsWith(`${folder}/`)),
  )
  if (site === undefined) throw new Error('no folder to build a private root on')
  return site
}

const strength = ['read', 'execute', 'write'] as const

/** What to mount, outer folders first: one that came later would hide what is mounted inside it. */
function placeAll(site: string, paths: readonly PathRight[]): [string, PathRight['access']][] {
  const wanted = new Map<string, PathRight['access']>()
  for (const { path, access } of paths) {
    const source = place(site, path)
    const other = wanted.get(source) ?? 'read'
    wanted.set(source, strength.indexOf(access) > strength.indexOf(other) ? access : other)
  }
  return [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * Makes room for `path` below the new root, with the symbolic links on its way copied as they are.
 *
 * @returns the path without links, where its content is to be mounted
 */
function place(site: string, path: string): string {
  let done = ''
  let rest = resolve(path).split('/').slice(1)
  while (rest.length > 0) {
    const next = `${done}/${rest[0]}`
    rest = rest.slice(1)
    const status = lstatSync(next)
    const target = join(site, next)
    if (status.isSymbolicLink()) {
      const link = readlinkSync(next)
      if (!exists(target)) symlinkSync(link, target)
      rest = [...resolve(dirname(next), link).split('/').slice(1), ...rest]
      done = ''
    } else {
      if (!exists(target)) makeLike(target, statSync(next).isDirectory())
      done = next
    }
  }
  return done
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

function makeLike(target: string, isFolder: boolean): void {
  if (!isFolder) return writeFileSync(target, '')
  mkdirSync(target)
  // Not left to the umask: the worker's user has to pass.
  chmodSync(target, 0o755)
}
