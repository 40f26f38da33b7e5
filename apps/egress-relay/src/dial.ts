import { connect, type Socket } from 'node:net'
import { canonicalAddress } from '@holdfast/egress-guard'
import { failureCode, RefusalError } from './errors.ts'

/** Opens a TCP connection to an address (never a name); rejects when the signal aborts. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Socket>

const ATTEMPT_TIMEOUT_MS = 2000

/**
 * Connects to the first of the checked addresses that answers. Each but the last gets two seconds, so
 * that a dead IPv6 route does not use up the time of the IPv4 address behind it.
 *
 * @throws RefusalError CONNECT_FAILED, or TIMEOUT when the deadline passed.
 */
export async function dialFirst(
  addresses: readonly string[],
  port: number,
  deadline: AbortSignal,
  dial: Dial = dialTcp,
): Promise<Socket> {
  let failure: unknown
  for (const [index, address] of addresses.entries()) {
    const last = index === addresses.length - 1
    const signal = last
      ? deadline
      : AbortSignal.any([deadline, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)])
    try {
      const socket = await dial(address, port, signal)
      return verifyPeer(socket, address)
    } catch (error) {
      if (error instanceof RefusalError) throw error
      failure = error
    }
    if (deadline.aborted) throw new RefusalError('TIMEOUT', 'connecting', { cause: failure })
  }
  throw new RefusalError('CONNECT_FAILED', failureCode(failure), { cause: failure })
}

/** Opens a TCP connection to an IP address. An address is never looked up, so nothing can change it. */
export const dialTcp: Dial = (address, port, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
    // Whoever holds the socket acts on 'close'; without a listener a late reset would end the process.
    socket.on('error', () => {})
    const settle = (finish: () => void): void => {
      signal.removeEventListener('abort', abort)
      socket.off('error', fail).off('connect', connected)
      finish()
    }
    const abort = (): void => settle(() => (socket.destroy(), reject(signal.reason as Error)))
    const fail = (error: Error): void => settle(() => (socket.destroy(), reject(error)))
    const connected = (): void => settle(() => resolve(socket))
    signal.addEventListener('abort', abort)
    socket.once('error', fail).once('connect', connected)
  })

function verifyPeer(socket: Socket, address: string): Socket {
  const peer = socket.remoteAddress
  if (peer !== undefined && canonicalAddress(peer) === address) return socket
  socket.destroy()
  throw peer === undefined
    ? new RefusalError('CONNECT_FAILED', 'closed at once')
    : new RefusalError('NON_PUBLIC_ADDRESS', 'connected elsewhere')
}
