import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { HttpProblem } from '../../http/problem.ts'
import { addressGroup } from '../../interaction/sign-in-limits.ts'

export interface RegistrationLimitOptions {
  /** Requests of one address (for IPv6 its /64) per minute. Default 120. */
  readonly requests?: number
  /** New clients of one address per hour; hosted clients share few addresses. Default 200. */
  readonly newPerAddress?: number
  /** New clients of everyone per hour. Default 1000. */
  readonly newInAll?: number
}

/** How often clients may be registered. */
export interface RegistrationLimits {
  /** @throws HttpProblem 429 */
  request(address: string): Promise<void>
  /**
   * Counts a new client; the answer takes it back, for a registration that made none.
   * @throws HttpProblem 429
   */
  create(address: string): Promise<() => Promise<void>>
}

export function createRegistrationLimits(
  options: RegistrationLimitOptions = {},
): RegistrationLimits {
  const requests = new RateLimiterMemory({ points: options.requests ?? 120, duration: 60 })
  const perAddress = new RateLimiterMemory({ points: options.newPerAddress ?? 200, duration: 3600 })
  const inAll = new RateLimiterMemory({ points: options.newInAll ?? 1000, duration: 3600 })
  return {
    request: (address) => consume(requests, addressGroup(address)),
    async create(address) {
      const key = addressGroup(address)
      await consume(perAddress, key)
      await consume(inAll, 'all')
      return async () => {
        await Promise.all([perAddress.reward(key), inAll.reward('all')])
      }
    },
  }
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
    throw new HttpProblem(429, `too many registrations; try again in ${seconds} seconds`, {
      error: 'temporarily_unavailable',
      headers: { 'Retry-After': String(seconds) },
    })
  }
}
