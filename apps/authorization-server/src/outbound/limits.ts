import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { OutboundError } from './errors.ts'

export interface OutboundLimitOptions {
  /** Requests to one host per minute. Default 30. */
  readonly perHost?: number
  /** Requests to all hosts per minute. Default 300. */
  readonly total?: number
  /** Requests under way at once. Default 32, of which one host has at most a quarter. */
  readonly concurrent?: number
}

/** Bounds what strangers can make this server ask of others. */
export interface OutboundLimits {
  /**
   * Runs a request to a host.
   * @throws OutboundError RATE_LIMITED, or what the request throws
   */
  run<T>(host: string, request: () => Promise<T>): Promise<T>
}

export function createOutboundLimits(options: OutboundLimitOptions = {}): OutboundLimits {
  const perHost = new RateLimiterMemory({ points: options.perHost ?? 30, duration: 60 })
  const total = new RateLimiterMemory({ points: options.total ?? 300, duration: 60 })
  const concurrent = options.concurrent ?? 32
  const running = new Map<string, number>()
  let runningTotal = 0

  return {
    async run(host, request) {
      const here = running.get(host) ?? 0
      if (runningTotal >= concurrent || here >= Math.ceil(concurrent / 4)) {
        throw new OutboundError('RATE_LIMITED')
      }
      running.set(host, here + 1)
      runningTotal += 1
      try {
        // The host first: one that is asked too often must not use up what is there for all.
        await consume(perHost, host)
        await consume(total, 'all')
        return await request()
      } finally {
        runningTotal -= 1
        const left = (running.get(host) ?? 1) - 1
        if (left === 0) running.delete(host)
        else running.set(host, left)
      }
    },
  }
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    throw new OutboundError('RATE_LIMITED')
  }
}
