import { type DpopKey, importDpopKey } from '@holdfast/protocol/token'
import type { Auth, PresentableToken } from './auth.ts'

/**
 * A bearer token that was obtained elsewhere. When it is refused, it stays refused.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750}
 */
export class BearerAuth implements Auth {
  readonly #accessToken: string

  constructor(accessToken: string) {
    this.#accessToken = accessToken
  }

  token(): Promise<PresentableToken> {
    return Promise.resolve({ accessToken: this.#accessToken })
  }

  refused(): Promise<undefined> {
    return Promise.resolve(undefined)
  }
}

/**
 * A token that was obtained elsewhere and is bound to a key: each request carries a proof of its own.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7}
 */
export class DPoPAuth implements Auth {
  readonly #token: Promise<PresentableToken>

  /** @param key - the key that the token is bound to, also as a private JWK */
  constructor(accessToken: string, key: DpopKey | Readonly<Record<string, unknown>>) {
    const imported = 'privateKey' in key ? Promise.resolve(key as DpopKey) : importDpopKey(key)
    this.#token = imported.then((dpopKey) => ({ accessToken, dpopKey }))
    // Told to whoever asks for the token.
    this.#token.catch(() => undefined)
  }

  token(): Promise<PresentableToken> {
    return this.#token
  }

  refused(): Promise<undefined> {
    return Promise.resolve(undefined)
  }
}
