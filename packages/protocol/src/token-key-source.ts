import { createLocalJWKSet, errors, type JSONWebKeySet, type LocalJWKSet } from 'jose'
import { inRange } from './number-range.ts'
import { TokenError } from './token-error.ts'

/** What a token's header says about the key that signed it. */
export interface SigningKeyHint {
  readonly alg: string
  readonly kid: string
}

/**
 * Finds the public key that a token's header names.
 *
 * Called once per token that is not cached, before any signature is checked, so whoever sends tokens
 * picks the arguments.
 *
 * @throws TokenError `invalid_token` when no signing key has that `kid` and `alg`,
 *   `temporarily_unavailable` when keys cannot be had
 */
export type TokenKeySource = (hint: SigningKeyHint) => Promise<CryptoKey>

const unknownKey = (cause: unknown): TokenError =>
  new TokenError('invalid_token', 'the token is signed by an unknown key', { cause })

async function pick(keys: LocalJWKSet, hint: SigningKeyHint): Promise<CryptoKey> {
  try {
    return await keys({ alg: hint.alg, kid: hint.kid })
  } catch (cause) {
    if (cause instanceof errors.JWKSNoMatchingKey) throw unknownKey(cause)
    if (cause instanceof errors.JWKSMultipleMatchingKeys) throw unknownKey(cause)
    throw new TokenError('temporarily_unavailable', 'the issuer published an unusable key', {
      cause,
    })
  }
}

/**
 * Keys that this process holds itself, such as the authorization server's own. `keySet` is asked for
 * every uncached token; return the same object until the keys change.
 */
export function createLocalKeySource(keySet: () => JSONWebKeySet): TokenKeySource {
  let current: JSONWebKeySet | undefined
  let keys: LocalJWKSet | undefined
  return async (hint) => {
    const latest = keySet()
    if (keys === undefined || latest !== current) {
      keys = createLocalJWKSet(latest)
      current = latest
    }
    return pick(keys, hint)
  }
}

/** Options of {@link createRemoteKeySource}. */
export interface RemoteKeySourceOptions {
  /** Fetches the issuer's JWK Set. Never called twice at once. */
  readonly load: () => Promise<unknown>
  /** Age at which the set is fetched again. Default 600000 (10 minutes). */
  readonly maxAgeMs?: number
  /** How much longer an old set serves while the issuer cannot be reached. Default 3600000 (1 hour). */
  readonly maxStaleMs?: number
  /** Least time between two fetches, also after a failure or for unknown key ids. Default 5000. */
  readonly cooldownMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * The issuer's published keys, fetched when needed: on first use, when old, and for an unknown key id,
 * but never more often than the cool-down, so that made-up key ids cannot be turned into a flood.
 *
 * @throws RangeError for times that cannot be
 */
export function createRemoteKeySource(options: RemoteKeySourceOptions): TokenKeySource {
  const { load } = options
  const maxAgeMs = inRange('maxAgeMs', options.maxAgeMs ?? 600_000, 0)
  const maxStaleMs = inRange('maxStaleMs', options.maxStaleMs ?? 3_600_000, 0)
  const cooldownMs = inRange('cooldownMs', options.cooldownMs ?? 5_000, 0)
  const now = options.now ?? Date.now
  let keys: LocalJWKSet | undefined
  let loadedAt = Number.NEGATIVE_INFINITY
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let pending: Promise<void> | undefined

  const reload = async (): Promise<void> => {
    attemptedAt = now()
    try {
      keys = createLocalJWKSet((await load()) as JSONWebKeySet)
      loadedAt = now()
      failure = undefined
    } catch (cause) {
      failure = cause
    }
  }
  const refresh = async (): Promise<void> => {
    if (pending === undefined) {
      if (now() - attemptedAt < cooldownMs) return
      pending = reload().finally(() => {
        pending = undefined
      })
    }
    await pending
  }

  return async (hint) => {
    if (now() - loadedAt >= maxAgeMs) await refresh()
    if (keys === undefined || now() - loadedAt >= maxAgeMs + maxStaleMs) {
      throw new TokenError('temporarily_unavailable', "the issuer's keys cannot be fetched", {
        cause: failure,
      })
    }
    try {
      return await pick(keys, hint)
    } catch (error) {
      const seen = keys
      if (!(error instanceof TokenError) || error.code !== 'invalid_token') throw error
      await refresh()
      if (keys === seen) throw error
      return pick(keys, hint)
    }
  }
}
