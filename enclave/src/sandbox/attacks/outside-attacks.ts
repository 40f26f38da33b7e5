import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoName, type Kernel } from '../ffi.ts'
import { type Attack, type AttackOutcome, denied, succeeded, unavailable } from './attack.ts'
import { tryOpen } from './file-attacks.ts'
import { connectUnix } from './network-attacks.ts'
import { memoryAttacks, signalAttack, visibleUser } from './process-attacks.ts'
import { family, kind, serviceSockets, unixAddress, withSocket } from './sockets.ts'

/** What the control plane is made to attack. */
export interface OutsideTargets {
  /** The enclave's process id as the prober's pid namespace numbers it. */
  readonly enclavePid: number
  /** Files with the enclave's keys and state. */
  readonly keyFiles: readonly string[]
  /** Sockets that only the enclave may use. */
  readonly sockets: readonly string[]
  /** The enclave's own socket, which tells its user. */
  readonly enclaveSocket?: string | undefined
}

/** The attacks on a running enclave from where the control plane stands. */
export function outsideAttacks(kernel: Kernel, targets: OutsideTargets): Attack[] {
  const victim = { pid: targets.enclavePid, name: 'the enclave' }
  const files = targets.keyFiles.flatMap((path) =>
    (['read', 'write'] as const).map((access): Attack => ({
      id: `${access}-key-file`,
      attack: `open ${path} to ${access} it`,
      caps: 'process',
      run: () => tryOpen(kernel, path, access),
    })),
  )
  return [
    ...files,
    ...memoryAttacks(kernel, victim),
    // Whoever may signal can stop the enclave, but reads nothing by it.
    signalAttack(kernel, victim, 'filtered'),
    {
      id: 'debugger',
      attack: 'make the enclave open its debugger',
      caps: 'process',
      run: () => tryDebugger(kernel, targets.enclavePid),
    },
    {
      id: 'same-user',
      attack: 'be the user that the enclave runs as',
      caps: 'filtered',
      run: () => compareUsers(kernel, targets),
    },
    ...serviceSockets(process.getuid?.() ?? 0).map((path): Attack => ({
      id: 'service-socket',
      attack: `connect to ${path}, which starts programs`,
      caps: 'filtered',
      run: () => connectUnix(kernel, unixAddress(path)),
    })),
    ...targets.sockets.map((path): Attack => ({
      id: 'connect-socket',
      attack: `connect to ${path}`,
      caps: 'filtered',
      run: () => connectUnix(kernel, unixAddress(path)),
    })),
  ]
}

const debuggerPort = 9229
const debuggerOpensWithinMs = 150

/** The enclave listens to SIGUSR1 without doing anything, so this is safe to really do. */
async function tryDebugger(kernel: Kernel, pid: number): Promise<AttackOutcome> {
  const userSignal1 = 10
  if (await answersOnDebuggerPort()) return denied('the port was taken before')
  const sent = kernel.call('kill', pid, userSignal1)
  if (sent < 0) return denied(errnoName(sent))
  await sleep(debuggerOpensWithinMs)
  return (await answersOnDebuggerPort()) ? succeeded() : denied('signal ignored')
}

const answersOnDebuggerPort = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(debuggerPort, '127.0.0.1')
    const end = (answers: boolean): void => {
      socket.destroy()
      resolve(answers)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })

function compareUsers(kernel: Kernel, targets: OutsideTargets): AttackOutcome {
  const enclaveUser = socketOwner(kernel, targets.enclaveSocket) ?? visibleUser(targets.enclavePid)
  if (enclaveUser === undefined) return unavailable('the user of the enclave cannot be seen')
  return enclaveUser === process.geteuid?.() ? succeeded() : denied()
}

/** The user that listens on a Unix socket, as the kernel tells anybody who connects. */
function socketOwner(kernel: Kernel, path: string | undefined): number | undefined {
  if (path === undefined) return undefined
  let owner: number | undefined
  withSocket(kernel, [family.unix, kind.stream], (fd) => {
    const address = unixAddress(path)
    if (kernel.call('connect', fd, address, address.length) < 0) return 0
    const socketLevel = 1
    const peerCredentials = 17
    const credentials = new Uint8Array(12)
    const length = new Uint8Array(new Uint32Array([credentials.length]).buffer)
    if (kernel.call('getsockopt', fd, socketLevel, peerCredentials, credentials, length) === 0) {
      owner = new DataView(credentials.buffer).getUint32(4, true)
    }
    return 0
  })
  return owner
}
