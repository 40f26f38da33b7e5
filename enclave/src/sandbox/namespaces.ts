import { existsSync } from 'node:fs'
import { errnoName, type Kernel } from './ffi.ts'

const flag = {
  mount: 0x00020000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pid: 0x20000000,
  net: 0x40000000,
}
const forkers = ['/usr/bin/unshare', '/bin/unshare']

/** Namespaces that were entered. */
export interface Namespaces {
  readonly entered: readonly string[]
  readonly reasons: readonly string[]
  /**
   * Program that has to start the worker when there is a new pid namespace: only a child is in it.
   * It takes the worker's command line as its arguments.
   */
  readonly forker?: { readonly path: string; readonly args: readonly string[] }
}

/**
 * Moves the calling thread to namespaces of its own, as root. Done by the main thread, which alone
 * survives `execve`, this needs no second start of node; user namespaces, which a multi-threaded
 * process cannot create, are not used (see docs/adr/0003-isolation-by-attack.md).
 *
 * @param wanted `all`, or for a process that keeps its network `files`
 */
export function enterNamespaces(kernel: Kernel, wanted: 'all' | 'files'): Namespaces {
  const forker = wanted === 'all' ? forkers.find((path) => existsSync(path)) : undefined
  const isolated = flag.net | (forker === undefined ? 0 : flag.pid)
  const flags = flag.mount | flag.uts | flag.ipc | (wanted === 'all' ? isolated : 0)
  const result = kernel.call('unshare', flags)
  if (result < 0) return { entered: [], reasons: [`namespaces: ${errnoName(result)}`] }
  const entered = wanted === 'all' ? ['netns', 'ipcns', 'utsns'] : ['ipcns', 'utsns']
  if (wanted === 'files') return { entered, reasons: [] }
  if (forker === undefined) {
    return { entered, reasons: ['no pid namespace: unshare of util-linux is not installed'] }
  }
  return {
    entered: [...entered, 'pidns'],
    reasons: [],
    // Of unshare only the fork is used: it waits, passes the exit status on, and takes the worker down with it.
    forker: { path: forker, args: ['--fork', '--kill-child', '--'] },
  }
}
