import type { Attempts } from '@holdfast/storage'
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
export function createDeviceCodeLimits(
  attempts: Attempts,
  limits: Pick<Config['rateLimits'], 'deviceCodesPerAddress' | 'deviceCodesGlobal'>,
): DeviceCodeLimits {
  const all = 'device-code'
  const of = (address: string): string => `${all} ${addressGroup(address)}`
  return {
    attempt: (address) =>
      attempts.count([
        {
          name: of(address),
          attempts: limits.deviceCodesPerAddress,
          windowSeconds: quarterHour,
        },
        { name: all, attempts: limits.deviceCodesGlobal, windowSeconds: quarterHour },
      ]),
    wasRight: (address) => attempts.giveBack([of(address), all]),
  }
}
