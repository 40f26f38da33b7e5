import { hash } from 'node:crypto'
import type { SignInAddress, Storage } from '@holdfast/storage'

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

/** Whom an address stands for: itself, or for IPv6 its /64, of which one subscriber has all. */
export function addressGroup(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1]
  if (mapped !== undefined || !bare.includes(':')) return mapped ?? bare
  const [head = '', tail] = bare.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  const groups = tail === undefined ? before : [...before, ...zeros, ...after]
  return `${groups.slice(0, 4).join(':')}::/64`
}
