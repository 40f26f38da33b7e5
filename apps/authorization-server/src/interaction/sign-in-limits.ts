import { hash } from 'node:crypto'
import type { SignInAddress, Storage } from '@holdfast/storage'
import { addressGroup } from '../http/address-group.ts'

/** How often a password may be tried. Sizes are points per window. */
export interface SignInLimitOptions {
  /** One account from one address, per 15 minutes. */
  readonly perAccountAndAddress?: number
  /**
   * One account from anywhere, per hour. Where its owner signed in lately it does not count: strangers with
   * many addresses cannot lock them out.
   */
  readonly perAccount?: number
  /** One address for any account, per 15 minutes. */
  readonly perAddress?: number
}

export interface SignInLimits {
  /** Counts an attempt before the password is looked at. Returns the seconds to wait, 0 = go on. */
  attempt(email: string, address: string): Promise<number>
  /** Forgets the failures of an account at an address after a success, and remembers the address for it. */
  succeeded(email: string, address: string): Promise<void>
}

const quarterHour = 15 * 60
const hour = 3600
/** How long an address is known as one of an account's. */
const knownSeconds = 30 * 86_400

/** Counted in the database: neither a restart nor a second process gives a guesser new attempts. */
export function createSignInLimits(
  { attempts, signInAddresses }: Pick<Storage, 'attempts' | 'signInAddresses'>,
  options: SignInLimitOptions = {},
): SignInLimits {
  const { perAccountAndAddress = 10, perAccount = 200, perAddress = 100 } = options
  const nameOf = ({ account, address }: SignInAddress): string => `sign-in ${account} ${address}`

  return {
    async attempt(email, remoteAddress) {
      const place = placeOf(email, remoteAddress)
      const { account, address } = place
      const limits = [
        { name: `sign-in ${address}`, attempts: perAddress, windowSeconds: quarterHour },
        { name: nameOf(place), attempts: perAccountAndAddress, windowSeconds: quarterHour },
      ]
      if (!(await signInAddresses.isKnown(place))) {
        limits.push({ name: `sign-in ${account}`, attempts: perAccount, windowSeconds: hour })
      }
      return attempts.count(limits)
    },
    async succeeded(email, remoteAddress) {
      const place = placeOf(email, remoteAddress)
      await Promise.all([
        attempts.forget(nameOf(place)),
        signInAddresses.remember(place, knownSeconds),
      ])
    },
  }
}

const placeOf = (email: string, remoteAddress: string): SignInAddress => ({
  account: hash('sha256', email.trim().toLowerCase().normalize('NFC'), 'base64url'),
  address: addressGroup(remoteAddress),
})
