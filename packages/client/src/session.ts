/** Tokens for one resource. */
export interface StoredTokens {
  readonly accessToken: string
  /** Unix seconds. */
  readonly expiresAt: number
  readonly scope: string
  readonly refreshToken: string | undefined
}

/** The enclave identity that this device trusts. */
export interface IdentityPin {
  /** Ed25519 public key, base64url. */
  readonly identity: string
  /** For people to compare. */
  readonly fingerprint: string
  /** ISO 8601. */
  readonly firstSeen: string
  /** Identities that were pinned before and handed over to this one by their signature. */
  readonly former?: readonly string[] | undefined
}

/** What a signed-in device keeps. A secret as a whole. */
export interface Session {
  readonly issuer: string
  readonly clientId: string
  /** Private JWK of the DPoP key to which all tokens are bound. */
  readonly dpopKey: Readonly<Record<string, unknown>>
  /** Tokens by resource URI. */
  readonly tokens: Readonly<Record<string, StoredTokens>>
  readonly pin?: IdentityPin | undefined
}

/**
 * Where a session is kept. `load` answers undefined when there is none. `exclusive` runs one piece of
 * work at a time among everybody who shares the store, also in other processes: a refresh token can
 * be used once.
 */
export interface TokenStore<T = Session> {
  readonly load: () => Promise<T | undefined>
  /** Replaces the session as a whole; undefined forgets it. */
  readonly save: (session: T | undefined) => Promise<void>
  readonly exclusive: <R>(work: () => Promise<R>) => Promise<R>
}

/** A store for tests and short-lived programs. */
export function memoryTokenStore<T = Session>(initial?: T): TokenStore<T> {
  let session = initial
  let last: Promise<unknown> = Promise.resolve()
  return {
    load: () => Promise.resolve(session),
    save: (next) => {
      session = next
      return Promise.resolve()
    },
    exclusive: (work) => {
      const turn = last.then(work, work)
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
