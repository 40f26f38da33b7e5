import type { DpopKey } from '@holdfast/protocol/token'
import type { Fetch } from '../http.ts'

/** A token and the way to present it. A secret. */
export interface PresentableToken {
  readonly accessToken: string
  /** The key that the token is bound to; without one it is a bearer token. */
  readonly dpopKey?: DpopKey | undefined
}

/** Why a server refused a request. What it says is the server's word: show it, do not trust it. */
export interface Refusal {
  /** 401, or 403 for `insufficient_scope`. */
  readonly status: number
  readonly error: string | undefined
  /** The scopes that the server says are needed. */
  readonly scope: string | undefined
  /** Where the server says that its metadata are. */
  readonly resourceMetadata: string | undefined
  /** Schemes of the challenges in lower case. */
  readonly schemes: readonly string[]
  /** The token that was refused. */
  readonly rejected: PresentableToken | undefined
}

/** What the caller lends for one request. */
export interface AuthContext {
  /** Sends the requests to authorization servers. */
  readonly fetch: Fetch
}

/**
 * A way to be authorized. One object may serve many requests, also at the same time.
 *
 * `token` is asked before every request: it answers what it has, or undefined when it needs the
 * server's challenge first. `refused` is asked when the server refuses: it answers another token, or
 * undefined when there is nothing more to try, and throws when obtaining one failed.
 */
export interface Auth {
  readonly token: (url: URL, context: AuthContext) => Promise<PresentableToken | undefined>
  readonly refused: (
    url: URL,
    refusal: Refusal,
    context: AuthContext,
  ) => Promise<PresentableToken | undefined>
}
