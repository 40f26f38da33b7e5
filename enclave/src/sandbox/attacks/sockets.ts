import type { Kernel } from '../ffi.ts'

export const family = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17, vsock: 40 }
export const kind = { stream: 1, datagram: 2, raw: 3 }

/** An address of IPv4, as `struct sockaddr_in`. */
export function inetAddress(host: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family.inet, true)
  view.setUint16(2, port)
  bytes.set(host.split('.').map(Number), 4)
  return bytes
}

/** The address of a Unix socket; `abstract` ones have a name instead of a path. */
export function unixAddress(name: string, abstract = false): Uint8Array {
  const text = new TextEncoder().encode(name)
  const bytes = new Uint8Array(2 + (abstract ? 1 : 0) + text.length + (abstract ? 0 : 1))
  new DataView(bytes.buffer).setUint16(0, family.unix, true)
  bytes.set(text, abstract ? 3 : 2)
  return bytes
}

/** Creates a socket, lets `use` do something with it, and closes it; a negative errno when there is none. */
export function withSocket(
  kernel: Kernel,
  [domain, type]: readonly [domain: number, type: number],
  use: (fd: number) => number,
): number {
  const closeOnExec = 0o2000000
  const fd = kernel.call('socket', domain, type | closeOnExec, 0)
  if (fd < 0) return fd
  const result = use(fd)
  kernel.call('close', fd)
  return result
}

/** Connects a new socket, waiting a second at most; 0 or a negative errno. */
export function tryConnect(kernel: Kernel, type: number, address: Uint8Array): number {
  const domain = new DataView(address.buffer).getUint16(0, true)
  return withSocket(kernel, [domain, type], (fd) => {
    const socketLevel = 1
    const sendTimeout = 21
    const oneSecond = new Uint8Array(new BigInt64Array([1n, 0n]).buffer)
    kernel.call('setsockopt', fd, socketLevel, sendTimeout, oneSecond, oneSecond.length)
    return kernel.call('connect', fd, address, address.length)
  })
}

/** Sockets of services that start programs for whoever may connect: a way around any sandbox. */
export const serviceSockets = (uid: number): string[] => [
  '/var/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  `/run/user/${uid}/bus`,
  `/run/user/${uid}/systemd/private`,
]
