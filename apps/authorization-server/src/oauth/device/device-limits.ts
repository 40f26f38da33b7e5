import type { AttemptLimit, Attempts } from '@holdfast/storage'
import type { Config } from '../../config.ts'
import { addressGroup } from '../../http/address-group.ts'

/** Who tries a code. */
export interface DeviceCodeGuesser {
  readonly address: string
  /** Id of who is signed in; undefined for a stranger. */
  readonly user: string | undefined
}

/** How often wrong device codes may be tried. */
export interface DeviceCodeLimits {
  /** Counts a try before the code is looked at. Returns the seconds to wait, 0 = go on. */
  attempt(guesser: DeviceCodeGuesser): Promise<number>
  /** Takes the try of a code that exists back. */
  wasRight(guesser: DeviceCodeGuesser): Promise<void>
}

const quarterHour = 15 * 60

/**
 * A code has 20^8 values and lives ten minutes: with these limits a guess at one of a thousand codes
 * that are waiting succeeds once in some thousand years. Strangers share one limit; who is signed in has
 * one of their own, so that strangers with many addresses cannot use it up.
 */
export function createDeviceCodeLimits(
  attempts: Attempts,
  limits: Pick<Config['rateLimits'], 'deviceCodesPerAddress' | 'deviceCodesGlobal'>,
): DeviceCodeLimits {
  const { deviceCodesPerAddress: perOne, deviceCodesGlobal: perAll } = limits
  const all = 'device-code'
  const limitsOf = ({ address, user }: DeviceCodeGuesser): readonly AttemptLimit[] =>
    [
      { name: `${all} ${addressGroup(address)}`, attempts: perOne },
      user === undefined
        ? { name: all, attempts: perAll }
        : { name: `${all} of ${user}`, attempts: perOne },
    ].map((limit) => ({ ...limit, windowSeconds: quarterHour }))
  return {
    attempt: (guesser) => attempts.count(limitsOf(guesser)),
    wasRight: (guesser) => attempts.giveBack(limitsOf(guesser).map(({ name }) => name)),
  }
}
