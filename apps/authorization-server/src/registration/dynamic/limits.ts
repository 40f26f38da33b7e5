import { RateLimiterMemory } from 'rate-limiter-flexible'
import { addressGroup } from '../../http/address-group.ts'
import { spend } from '../../http/rate-limits.ts'

const what = 'registrations'

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
    request: (address) => spend(requests, addressGroup(address), what),
    async create(address) {
      const key = addressGroup(address)
      await spend(perAddress, key, what)
      await spend(inAll, 'all', what)
      return async () => {
        await Promise.all([perAddress.reward(key), inAll.reward('all')])
      }
    },
  }
}
