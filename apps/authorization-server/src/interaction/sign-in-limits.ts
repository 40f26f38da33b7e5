import { hash } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** How often a password may be tried. Sizes are points per window. */
export interface SignInLimitOptions {
  /** One account from one address, per 15 minutes. */
  readonly perAccountAndAddress?: number
  /** One account from anywhere, per hour: high, so that a stranger cannot lock its owner out. */
  readonly perAccount?: number
  /** One address for any account, per 15 minutes. */
  readonly perAddress?: number
}

export interface SignInLimits {
  /** Counts an attempt before the password is looked at. Returns the seconds to wait, 0 = go on. */
  attempt(email: string, address: string): Promise<number>
  /** Forgets the failures of an account at an address after a success. */
  succeeded(email: string, address: string): Promise<void>
}

const quarterHour = 15 * 60

export function createSignInLimits(options: SignInLimitOptions = {}): SignInLimits {
  const limiter = (keyPrefix: string, points: number, duration: number): RateLimiterMemory =>
    new RateLimiterMemory({ keyPrefix, points, duration })
  const pair = limiter('pair', options.perAccountAndAddress ?? 10, quarterHour)
  const account = limiter('account', options.perAccount ?? 200, 3600)
  const address = limiter('address', options.perAddress ?? 100, quarterHour)
  const accountKey = (email: string): string =>
    hash('sha256', email.trim().toLowerCase().normalize('NFC'), 'base64url')

  return {
    async attempt(email, remoteAddress) {
      const key = accountKey(email)
      const from = addressGroup(remoteAddress)
      const consumed: readonly (readonly [RateLimiterMemory, string])[] = [
        [address, from],
        [pair, `${key}:${from}`],
        [account, key],
      ]
      for (const [limit, name] of consumed) {
        try {
          await limit.consume(name)
        } catch (refusal) {
          if (!(refusal instanceof RateLimiterRes)) throw refusal
          return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
        }
      }
      return 0
    },
    async succeeded(email, remoteAddress) {
      await pair.delete(`${accountKey(email)}:${addressGroup(remoteAddress)}`)
    },
  }
}

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
