import type { Kernel } from '../ffi.ts'
import { type Attack, fromCall } from './attack.ts'

const newNamespace = { user: 0x10000000, net: 0x40000000, mount: 0x00020000 }
const makePrivate = (1 << 18) | 16384

/**
 * Attempts to use parts of the kernel that are known as ways out of a sandbox. They come last: where
 * nothing stops them, they leave the main thread in empty namespaces of its own.
 */
export function kernelAttacks(kernel: Kernel): Attack[] {
  const attempt = (
    id: string,
    attack: string,
    run: () => number,
    reached: string[] = [],
  ): Attack => ({
    id,
    attack,
    caps: 'process',
    run: () => fromCall(run(), reached),
  })
  const descriptor = (id: string, attack: string, open: () => number): Attack =>
    attempt(id, attack, () => {
      const fd = open()
      if (fd >= 0) kernel.call('close', fd)
      return fd
    })
  return [
    // The kernel says EINVAL to a process with threads, EPERM to one that may not at all.
    attempt(
      'user-namespace',
      'create a user namespace',
      () => kernel.call('unshare', newNamespace.user),
      ['EINVAL'],
    ),
    attempt('net-namespace', 'create a network namespace', () =>
      kernel.call('unshare', newNamespace.net),
    ),
    attempt('mount-namespace', 'create a mount namespace', () =>
      kernel.call('unshare', newNamespace.mount),
    ),
    // Changes nothing but how mounts spread, in the namespace just made.
    attempt('mount', 'mount a file system', () =>
      kernel.call('mount', 'none', '/', 0, makePrivate, 0),
    ),
    attempt('chroot', 'change the root', () => kernel.call('chroot', '/')),
    descriptor('bpf', 'load a BPF map', () => {
      const array = new Uint8Array(
        new Uint32Array([2, 4, 4, 1, ...Array<number>(28).fill(0)]).buffer,
      )
      const createMap = 0
      return kernel.call('bpf', createMap, array, array.length)
    }),
    descriptor('userfaultfd', 'take over page faults', () => {
      const userModeOnly = 1
      return kernel.call('userfaultfd', userModeOnly)
    }),
    descriptor('io-uring', 'set up io_uring', () =>
      kernel.call('io_uring_setup', 1, new Uint8Array(120)),
    ),
    attempt('keyctl', 'reach the keyring of the kernel', () => {
      const getKeyring = 0
      const processKeyring = -2
      return kernel.call('keyctl', getKeyring, processKeyring, 1)
    }),
    descriptor('memfd', 'create a file in memory that could be executed', () =>
      kernel.call('memfd_create', 'holdfast', 1),
    ),
    descriptor('perf-event', 'watch the processor', () => {
      const attributes = new Uint8Array(128)
      const view = new DataView(attributes.buffer)
      const softwareClock = 1
      view.setUint32(0, softwareClock, true)
      view.setUint32(4, attributes.length, true)
      const excludeKernel = 1n << 5n
      view.setBigUint64(40, excludeKernel, true)
      return kernel.call('perf_event_open', attributes, 0, -1, -1, 0)
    }),
  ]
}
