import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Config } from '../../config.ts'
import { addressGroup } from '../../http/address-group.ts'
import { spend } from '../../http/rate-limits.ts'

const what = 'registrations'

/** Requests of one address (for IPv6 its /64) per minute. */
const requestsPerAddress = 120

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
  settings: Pick<Config['registration'], 'newClientsPerAddress' | 'newClientsInAll'>,
): RegistrationLimits {
  const requests = new RateLimiterMemory({ points: requestsPerAddress, duration: 60 })
  const perAddress = new RateLimiterMemory({
    points: settings.newClientsPerAddress,
    duration: 3600,
  })
  const inAll = new RateLimiterMemory({ points: settings.newClientsInAll, duration: 3600 })
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
