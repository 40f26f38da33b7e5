import { connect } from 'node:net'
import { type ChannelClient, createChannelClient } from '@holdfast/protocol/channel'
import type { Logger } from 'pino'

/** The one channel to the enclave, opened again whenever it breaks. */
export interface EnclaveLink {
  /** The open channel; `undefined` when there is none and none is being opened right now. */
  channel(): ChannelClient | undefined | Promise<ChannelClient | undefined>
  close(): void
}

export interface EnclaveLinkOptions {
  /** Path of the enclave's Unix socket. */
  readonly socket: string
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** How often an open channel is probed. Default 2000. */
  readonly probeIntervalMs?: number | undefined
  /** How long a probe, or opening the socket, may take. Default 4000. */
  readonly probeTimeoutMs?: number | undefined
}

const firstDelayMs = 50
const longestDelayMs = 2000

/** Opens the link; it keeps trying until it is closed, and never makes a caller wait for a back-off. */
export function openEnclaveLink(options: EnclaveLinkOptions): EnclaveLink {
  const { socket, logger, probeIntervalMs = 2000, probeTimeoutMs = 4000 } = options
  let open: ChannelClient | undefined
  let opening: Promise<ChannelClient | undefined> | undefined
  let delayMs = firstDelayMs
  let retry: NodeJS.Timeout | undefined
  let isClosed = false
  let wasReported = false

  function start(): void {
    opening = attempt().finally(() => (opening = undefined))
  }

  async function attempt(): Promise<ChannelClient | undefined> {
    const channel = createChannelClient(connect(socket))
    try {
      await channel.ping(probeTimeoutMs)
    } catch {
      channel.close()
      again()
      return undefined
    }
    if (isClosed) {
      channel.close()
      return undefined
    }
    open = channel
    delayMs = firstDelayMs
    if (wasReported) logger.info('the enclave answers again')
    wasReported = false
    const probe = setInterval(() => {
      channel.ping(probeTimeoutMs).catch(() => channel.close())
    }, probeIntervalMs)
    probe.unref()
    void channel.closed.then(() => {
      clearInterval(probe)
      open = undefined
      if (!isClosed) start()
    })
    return channel
  }

  function again(): void {
    if (isClosed) return
    if (!wasReported) logger.warn('the enclave does not answer; calls fail until it does')
    wasReported = true
    retry = setTimeout(start, delayMs)
    retry.unref()
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }

  start()
  return {
    channel: () => (open && !open.isClosed ? open : opening),
    close() {
      isClosed = true
      clearTimeout(retry)
      open?.close()
    },
  }
}
