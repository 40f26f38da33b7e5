import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { addressGroup } from '../http/address-group.ts'
import { OutboundError } from './errors.ts'

/** What a request is for. Each use has limits of its own, so that one never uses up those of another. */
export type OutboundUse =
  /** An administrator asked for it. */
  | 'administration'
  /** The keys of an issuer that an administrator trusts. */
  | 'issuer-keys'
  /** The keys of a client, fetched before. */
  | 'known-keys'
  /** The keys of a client, at an address that anyone may have named a moment ago. */
  | 'new-keys'
  /** The document of a client, fetched before. */
  | 'known-document'
  /** A document that anyone may have invented. */
  | 'new-document'

export interface OutboundLimitOptions {
  /** Requests to one host per minute. Default 30. */
  readonly perHost?: number
  /** Requests to all hosts per minute. Default 600. */
  readonly total?: number
  /** Requests under way at once. Default 32, of which one host has at most a quarter. */
  readonly concurrent?: number
  /** Requests on behalf of one address (for IPv6 its /64) per minute. Default 30. */
  readonly perAddress?: number
  /** The same to one host. Default 10, for new documents 5: others wait for their turn there. */
  readonly perAddressAndHost?: number
}

export interface OutboundPurpose {
  readonly use: OutboundUse
  /** Address of the stranger who causes the request; undefined = whose number is bounded otherwise. */
  readonly from?: string | undefined
}

/** Bounds what strangers can make this server ask of others. */
export interface OutboundLimits {
  /**
   * Runs a request to a host: its name or address, by which every port and spelling is one host.
   * @throws OutboundError RATE_LIMITED, or what the request throws
   */
  run<T>(host: string, purpose: OutboundPurpose, request: () => Promise<T>): Promise<T>
}

/** Makes the limits, the same for every use. */
export function createOutboundLimits(options: OutboundLimitOptions = {}): OutboundLimits {
  const ofUse = new Map<OutboundUse, RunWithin>()
  return {
    run(host, { use, from }, request) {
      const run =
        ofUse.get(use) ??
        createUseLimits({ perAddressAndHost: use === 'new-document' ? 5 : 10, ...options })
      ofUse.set(use, run)
      return run(host, from, request)
    },
  }
}

type RunWithin = <T>(
  host: string,
  from: string | undefined,
  request: () => Promise<T>,
) => Promise<T>

function createUseLimits(
  options: OutboundLimitOptions & { readonly perAddressAndHost: number },
): RunWithin {
  const perMinute = (points: number): RateLimiterMemory =>
    new RateLimiterMemory({ points, duration: 60 })
  const perAddress = perMinute(options.perAddress ?? 30)
  const perAddressAndHost = perMinute(options.perAddressAndHost)
  const perHost = perMinute(options.perHost ?? 30)
  const total = perMinute(options.total ?? 600)
  const concurrent = options.concurrent ?? 32
  const running = new Map<string, number>()
  let runningTotal = 0

  // The narrowest first: who asks too often must not use up what is there for the host, or for all.
  async function spend(host: string, from: string | undefined): Promise<void> {
    if (from !== undefined) {
      const address = addressGroup(from)
      await consume(perAddress, address)
      await consume(perAddressAndHost, `${address} ${host}`)
    }
    await consume(perHost, host)
    await consume(total, 'all')
  }

  return async (host, from, request) => {
    const here = running.get(host) ?? 0
    if (runningTotal >= concurrent || here >= Math.ceil(concurrent / 4)) {
      throw new OutboundError('RATE_LIMITED')
    }
    running.set(host, here + 1)
    runningTotal += 1
    try {
      await spend(host, from)
      return await request()
    } finally {
      runningTotal -= 1
      const left = (running.get(host) ?? 1) - 1
      if (left === 0) running.delete(host)
      else running.set(host, left)
    }
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
