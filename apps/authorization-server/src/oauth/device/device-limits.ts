import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../../config.ts'
import { addressGroup } from '../../interaction/sign-in-limits.ts'

/** How often wrong device codes may be tried. */
export interface DeviceCodeLimits {
  /** Counts a try before the code is looked at. Returns the seconds to wait, 0 = go on. */
  attempt(address: string): Promise<number>
  /** Takes the try of a code that exists back. */
  wasRight(address: string): Promise<void>
}

const quarterHour = 15 * 60

/**
 * A code has 20^8 values and lives ten minutes: with these limits a guess at one of a thousand codes
 * that are waiting succeeds once in some thousand years.
 */
export function createDeviceCodeLimits(limits: Config['rateLimits']): DeviceCodeLimits {
  const perAddress = new RateLimiterMemory({
    keyPrefix: 'device',
    points: limits.deviceCodesPerAddress,
    duration: quarterHour,
  })
  const all = new RateLimiterMemory({
    keyPrefix: 'device-all',
    points: limits.deviceCodesGlobal,
    duration: quarterHour,
  })
  return {
    async attempt(address) {
      try {
        await perAddress.consume(addressGroup(address))
        await all.consume('all')
        return 0
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
      }
    },
    async wasRight(address) {
      await Promise.all([perAddress.reward(addressGroup(address)), all.reward('all')])
    },
  }
}
