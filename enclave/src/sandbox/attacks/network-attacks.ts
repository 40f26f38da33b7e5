import { errnoName, type Kernel } from '../ffi.ts'
import {
  type Attack,
  type AttackOutcome,
  denied,
  fromCall,
  succeeded,
  unavailable,
} from './attack.ts'
import {
  family,
  inetAddress,
  kind,
  serviceSockets,
  tryConnect,
  unixAddress,
  withSocket,
} from './sockets.ts'

/** What there is to reach. */
export interface NetworkTargets {
  /** A port on loopback that something listens on. */
  readonly tcpPort?: number | undefined
  readonly sockets: readonly string[]
  readonly abstractSockets: readonly string[]
}

/** A documentation address: nothing answers, but with a route the kernel accepts the socket. */
const outsideAddress = inetAddress('192.0.2.1', 53)

/** Attempts to get onto a network, or to a socket of another process. */
export function networkAttacks(kernel: Kernel, targets: NetworkTargets): Attack[] {
  const create = (id: string, name: string, domain: number, type: number): Attack => ({
    id: `socket-${id}`,
    attack: `create ${name} socket`,
    caps: 'process',
    run: () => fromCall(withSocket(kernel, [domain, type], () => 0)),
  })
  const loopback = inetAddress('127.0.0.1', targets.tcpPort ?? 0)
  return [
    create('inet', 'an IPv4', family.inet, kind.stream),
    create('inet6', 'an IPv6', family.inet6, kind.stream),
    create('netlink', 'a netlink', family.netlink, kind.raw),
    create('packet', 'a packet', family.packet, kind.datagram),
    create('vsock', 'a hypervisor', family.vsock, kind.stream),
    ...(targets.tcpPort === undefined
      ? []
      : [
          {
            id: 'connect-loopback',
            attack: 'connect to a TCP port of this machine',
            caps: 'process' as const,
            run: () => fromCall(tryConnect(kernel, kind.stream, loopback), open),
          },
        ]),
    {
      id: 'connect-udp',
      attack: 'open a UDP association to the Internet',
      caps: 'process',
      run: () => fromCall(tryConnect(kernel, kind.datagram, outsideAddress)),
    },
    {
      id: 'bind-tcp',
      attack: 'bind a TCP port',
      caps: 'process',
      run: () => fromCall(tryBind(kernel, inetAddress('127.0.0.1', 0))),
    },
    {
      id: 'bind-unix',
      attack: 'bind another Unix socket',
      caps: 'process',
      // An address of the family alone asks the kernel for any free abstract name.
      run: () => fromCall(tryBind(kernel, unixAddress('').subarray(0, 2))),
    },
    {
      id: 'network-interface',
      attack: 'find a network interface',
      caps: 'filtered',
      run: () => findInterface(kernel),
    },
    ...targets.abstractSockets.map((name): Attack => ({
      id: 'abstract-socket',
      attack: 'connect to an abstract Unix socket of another process',
      caps: 'filtered',
      // Here a refusal is all that the kernel says, also about names that nobody has.
      run: () => fromCall(tryConnect(kernel, kind.stream, unixAddress(name, true))),
    })),
    ...[...targets.sockets, ...serviceSockets(process.getuid?.() ?? 0)].map((path): Attack => ({
      id: 'pathname-socket',
      attack: `connect to the Unix socket ${path}`,
      caps: 'filtered',
      run: () => connectUnix(kernel, unixAddress(path)),
    })),
  ]
}

/** That nobody listens just now, or listens differently, still means that the way there is open. */
const open = ['ECONNREFUSED', 'EAGAIN', 'EPROTOTYPE']

export const connectUnix = (kernel: Kernel, address: Uint8Array): AttackOutcome =>
  fromCall(tryConnect(kernel, kind.stream, address), open)

function tryBind(kernel: Kernel, address: Uint8Array): number {
  const domain = new DataView(address.buffer).getUint16(0, true)
  return withSocket(kernel, [domain, kind.stream], (fd) =>
    kernel.call('bind', fd, address, address.length),
  )
}

const request = { name: 0x8910, flags: 0x8913, hardware: 0x8927 }
const interfaceUp = 1
const ethernet = 1
const highestIndexTried = 64

/**
 * Looks for an interface other than loopback that is up or is a network card. A Unix socket answers
 * such requests for its network namespace, so this works where no network socket can be created.
 */
function findInterface(kernel: Kernel): AttackOutcome {
  let outcome: AttackOutcome = denied('none but loopback')
  const result = withSocket(kernel, [family.unix, kind.datagram], (fd) => {
    for (let index = 1; index <= highestIndexTried; index += 1) {
      // struct ifreq: a name of 16 bytes, then a union.
      const entry = new Uint8Array(40)
      const view = new DataView(entry.buffer)
      view.setInt32(16, index, true)
      const found = kernel.call('ioctl', fd, request.name, entry)
      if (found < 0 && errnoName(found) !== 'ENODEV') return found
      const name = new TextDecoder().decode(entry.subarray(0, 16)).replace(/\0.*$/su, '')
      if (found < 0 || name === 'lo') continue
      const isUp =
        kernel.call('ioctl', fd, request.flags, entry) >= 0 &&
        (view.getUint16(16, true) & interfaceUp) !== 0
      const isCard =
        kernel.call('ioctl', fd, request.hardware, entry) >= 0 &&
        view.getUint16(16, true) === ethernet
      if (isUp || isCard) outcome = succeeded(name)
    }
    return 0
  })
  return result < 0 ? unavailable(errnoName(result)) : outcome
}
