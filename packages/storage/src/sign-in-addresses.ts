import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'

/** An account, and an address from which somebody signs in to it. */
export interface SignInAddress {
  /** By what the account is recognised; itself a hash where it tells of a person. */
  readonly account: string
  readonly address: string
}

/**
 * From where accounts signed in lately, over all processes and over restarts. Only a hash of the two is
 * stored: nobody reads there who signs in from where.
 */
export interface SignInAddresses {
  /** Whether the account signed in from there, not too long ago. */
  isKnown(place: SignInAddress): Promise<boolean>
  /** Remembers a sign-in for a time, counted from now. */
  remember(place: SignInAddress, seconds: number): Promise<void>
}

// The text that was hashed when these stood among the attempts.
const hashOf = ({ account, address }: SignInAddress): string =>
  hash('sha256', `sign-in ${account} ${address}`, 'base64url')

export function createSignInAddresses({ db, commit, now }: Backend): SignInAddresses {
  const find = db.prepare<{ found: 1 }>(
    'select 1 as found from sign_in_addresses where hash = ? and expires_at_ms > ?',
  )
  const keep = db.prepare(
    `insert into sign_in_addresses (hash, expires_at_ms) values (?, ?)
     on conflict do update set expires_at_ms = excluded.expires_at_ms`,
  )
  return {
    isKnown: async (place) => find.get(hashOf(place), now()) !== undefined,
    remember: async (place, seconds) => {
      await commit.relaxed(() => keep.run(hashOf(place), now() + seconds * 1000))
    },
  }
}
