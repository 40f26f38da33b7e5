import type { Socket } from 'node:net'
import { dialFirst, type Dial } from './dial.ts'
import { failureCode, RefusalError, type RefusalCode } from './errors.ts'
import { formatTarget, type Target } from './host.ts'
import { pipeBytes, type Ending } from './pipe.ts'
import type { Policy } from './policy.ts'
import { readRequest } from './request.ts'
import { resolveHost, type LookupAddresses } from './resolve.ts'
import type { Limits } from './config.ts'

/** What one connection needs from the relay around it. */
export interface ConnectOptions {
  readonly policy: Policy
  readonly lookupAddresses: LookupAddresses
  readonly limits: Limits
  /** Opens the TCP connection; the default dials for real. */
  readonly dial?: Dial
}

/** What the log says of one connection. Never a byte of what it carried. */
export interface ConnectionRecord {
  /** The canonical host and port; absent when the request was not understood. */
  readonly target?: string
  readonly outcome: RefusalCode | Ending
  readonly reason?: string
  readonly bytesUp: number
  readonly bytesDown: number
  readonly durationMs: number
}

/**
 * Serves one client: reads where to, decides, connects, answers `OK\n` and then carries bytes, or
 * answers `ERR CODE\n` and closes. Resolves when the connection is over; never rejects.
 */
export async function serveConnection(
  client: Socket,
  options: ConnectOptions,
): Promise<ConnectionRecord> {
  const startedMs = performance.now()
  const durationMs = (): number => Math.round(performance.now() - startedMs)
  let target: Target | undefined
  let upstream: Socket
  try {
    target = await readRequest(client, options.limits.maxLineBytes, options.limits.requestTimeoutMs)
    upstream = await openUpstream(target, options)
  } catch (error) {
    const { code, reason } =
      error instanceof RefusalError
        ? error
        : new RefusalError('CONNECT_FAILED', failureCode(error), { cause: error })
    refuse(client, code)
    const where = target === undefined ? {} : { target: formatTarget(target) }
    return { ...where, outcome: code, reason, bytesUp: 0, bytesDown: 0, durationMs: durationMs() }
  }
  client.write('OK\n')
  const outcome = await pipeBytes(client, upstream, options.limits)
  return {
    target: formatTarget(target),
    outcome,
    bytesUp: upstream.bytesWritten,
    bytesDown: upstream.bytesRead,
    durationMs: durationMs(),
  }
}

/** Answers `ERR CODE\n` and closes, also towards a client that never closes its side. */
export function refuse(client: Socket, code: RefusalCode): void {
  const timer = setTimeout(() => client.destroy(), 1000)
  client.once('close', () => clearTimeout(timer))
  // Unread input at close would turn into a reset that can overtake the answer.
  client.resume()
  client.end(`ERR ${code}\n`)
}

async function openUpstream(target: Target, options: ConnectOptions): Promise<Socket> {
  const verdict = options.policy(target)
  if (verdict === 'deny') throw new RefusalError('DENIED_BY_POLICY', 'no rule allows it')
  const deadline = AbortSignal.timeout(options.limits.connectTimeoutMs)
  const addresses = await before(
    deadline,
    resolveHost(target.host, verdict, options.lookupAddresses),
  )
  return dialFirst(addresses, target.port, deadline, options.dial)
}

/** The system's resolver cannot be cancelled; its late answer is dropped instead. */
function before<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new RefusalError('TIMEOUT', 'resolving'))
    deadline.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => deadline.removeEventListener('abort', late))
  })
}
