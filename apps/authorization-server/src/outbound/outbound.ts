import { rootCertificates } from 'node:tls'
import { Client, type Dispatcher } from 'undici'
import { connectTo } from './connect.ts'
import { OutboundError } from './errors.ts'
import { createOutboundLimits, type OutboundLimitOptions, type OutboundPurpose } from './limits.ts'
import { createAdmits } from './private-hosts.ts'
import { createLookup, type LookupAddresses, resolveTarget } from './resolve.ts'
import { type Target, targetOf } from './target.ts'

export interface OutboundOptions {
  /** False: nothing leaves, every request fails with OUTBOUND_OFF. */
  readonly enabled: boolean
  /** Sent as `User-Agent`: hosts refuse requests that do not say who asks. */
  readonly userAgent: string
  /** `host` or `host:port` that may be reached although their address is not public. */
  readonly privateHosts: readonly string[]
  /** Also `http:` on loopback; for development. */
  readonly allowHttpLoopback: boolean
  /** Empty = the system's resolver. */
  readonly dnsServers: readonly string[]
  /** PEM certificates to trust beside the public ones. */
  readonly extraCaPem?: string | undefined
  readonly limits?: OutboundLimitOptions
  /** Default: made from `dnsServers`. */
  readonly lookup?: LookupAddresses
}

export interface GetOptions extends OutboundPurpose {
  readonly accept: string
  /** Largest body. */
  readonly maxBytes: number
  /** For everything: name, connection, headers, body. */
  readonly timeoutMs: number
  /** Of a cached copy: 304 is then an answer without body. */
  readonly etag?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface OutboundResponse {
  readonly status: number
  /** Lower-case names; of repeated ones the first. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Every request that the authorization server itself sends to a host that somebody else named. */
export interface Outbound {
  readonly enabled: boolean
  /**
   * Fetches a document. No redirect is followed, no credential, cookie or proxy is used, and each
   * request has a connection of its own to an address that was checked.
   *
   * @throws OutboundError
   */
  get(url: string, options: GetOptions): Promise<OutboundResponse>
}

/** Makes the one way out. */
export function createOutbound(options: OutboundOptions): Outbound {
  const lookup = options.lookup ?? createLookup(options.dnsServers)
  const admits = createAdmits(options.privateHosts)
  const limits = createOutboundLimits(options.limits)
  const ca =
    options.extraCaPem === undefined ? undefined : [...rootCertificates, options.extraCaPem]

  return {
    enabled: options.enabled,
    async get(url, wanted) {
      if (!options.enabled) throw new OutboundError('OUTBOUND_OFF')
      const target = targetOf(url, options)
      const timeout = AbortSignal.timeout(wanted.timeoutMs)
      const signal = wanted.signal ? AbortSignal.any([timeout, wanted.signal]) : timeout
      return limits.run(target.host, wanted, async () => {
        const addresses = await inTime(resolveTarget(target, lookup, admits), signal)
        const socket = await connectTo(target, { addresses, signal, ca })
        const client = new Client(target.url.origin, {
          pipelining: 0,
          allowH2: false,
          maxHeaderSize: 16_384,
          connect: (_options, callback) => void setImmediate(callback, null, socket),
        })
        try {
          return await exchange(client, target, wanted, signal, options.userAgent)
        } catch (error) {
          throw toOutboundError(error, signal)
        } finally {
          client.destroy().catch(() => undefined)
          socket.destroy()
        }
      })
    },
  }
}

async function exchange(
  client: Client,
  { url }: Target,
  { accept, etag, maxBytes }: GetOptions,
  signal: AbortSignal,
  userAgent: string,
): Promise<OutboundResponse> {
  const response = await client.request({
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers: {
      accept,
      'accept-encoding': 'identity',
      'user-agent': userAgent,
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
    signal,
  })
  const { statusCode: status } = response
  const headers = firstOfEach(response.headers)
  if (status >= 300 && status < 400 && status !== 304) throw new OutboundError('REDIRECTED')
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new OutboundError('ENCODED')
  }
  return { status, headers, body: await readAll(response, headers, maxBytes) }
}

async function readAll(
  { body }: Dispatcher.ResponseData,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
): Promise<Uint8Array> {
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new OutboundError('TOO_LARGE')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw new OutboundError('TOO_LARGE')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const firstOfEach = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value
      return first === undefined ? [] : [[name.toLowerCase(), first]]
    }),
  )

/** A resolver cannot be interrupted; its late answer is dropped. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new OutboundError('TIMEOUT'))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    return undefined
  })
}

function toOutboundError(error: unknown, signal: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  return new OutboundError(signal.aborted ? 'TIMEOUT' : 'CONNECT_FAILED', { cause: error })
}
