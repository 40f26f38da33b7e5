import { connect as connectTcp, type Socket } from 'node:net'
import { connect as startTls } from 'node:tls'
import { canonicalAddress } from '@holdfast/egress-guard'
import { OutboundError } from './errors.ts'
import type { Target } from './target.ts'

export interface ConnectOptions {
  /** Checked addresses, tried in this order. */
  readonly addresses: readonly string[]
  readonly signal: AbortSignal
  /** PEM certificates to trust; undefined = the public ones. */
  readonly ca: readonly string[] | undefined
}

const attemptMs = 1500

/**
 * Connects to a checked address, never to a name, and compares the peer with it. For https, TLS is on
 * and the certificate is that of the target's host.
 *
 * @throws OutboundError CONNECT_FAILED, TLS_FAILED, NON_PUBLIC_ADDRESS, TIMEOUT
 */
export async function connectTo(target: Target, options: ConnectOptions): Promise<Socket> {
  let failure: unknown
  for (const [index, address] of options.addresses.entries()) {
    const isLast = index === options.addresses.length - 1
    const signal = isLast
      ? options.signal
      : AbortSignal.any([options.signal, AbortSignal.timeout(attemptMs)])
    try {
      const socket = await dial(address, target.port, signal)
      requirePeer(socket, address)
      return target.url.protocol === 'https:' ? await secure(socket, target, options) : socket
    } catch (error) {
      if (error instanceof OutboundError) throw error
      failure = error
    }
    if (options.signal.aborted) throw new OutboundError('TIMEOUT', { cause: failure })
  }
  throw new OutboundError('CONNECT_FAILED', { cause: failure })
}

function dial(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return settled(connectTcp({ host: address, port, noDelay: true }), 'connect', signal)
}

async function secure(
  socket: Socket,
  { host, isAddress }: Target,
  { ca, signal }: ConnectOptions,
): Promise<Socket> {
  const tls = startTls({
    socket,
    host,
    ...(!isAddress && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    ...(ca && { ca: [...ca] }),
  })
  try {
    return await settled(tls, 'secureConnect', signal)
  } catch (cause) {
    socket.destroy()
    throw new OutboundError(signal.aborted ? 'TIMEOUT' : 'TLS_FAILED', { cause })
  }
}

function settled<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    // Whoever holds the socket acts on 'close'; without a listener a late reset would end the process.
    socket.on('error', () => undefined)
    const finish = (end: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose).off(event, onEvent)
      end()
    }
    const fail = (error: unknown): void =>
      finish(() => {
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(signal.reason)
    const onError = (error: Error): void => fail(error)
    const onClose = (): void => fail(new Error('closed'))
    const onEvent = (): void => finish(() => resolve(socket))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    socket.on('error', onError).on('close', onClose).on(event, onEvent)
    return undefined
  })
}

function requirePeer(socket: Socket, address: string): void {
  const peer = socket.remoteAddress
  if (peer !== undefined && canonicalAddress(peer) === address) return
  socket.destroy()
  throw new OutboundError(peer === undefined ? 'CONNECT_FAILED' : 'NON_PUBLIC_ADDRESS')
}
