import { SignJWT } from 'jose'
import type { DpopKey } from './dpop-key.ts'
import { type Sha256, webSha256 } from './sha256.ts'

/** What a new proof says. */
export interface DpopProofOptions {
  readonly key: DpopKey
  /** The request's method. */
  readonly method: string
  /** The request's absolute URL; query and fragment are left out of the proof. */
  readonly url: string
  /** The access token that the request carries, if any. */
  readonly accessToken?: string
  /** The nonce that the server demanded, if any. */
  readonly nonce?: string
  /** Default {@link webSha256}. */
  readonly sha256?: Sha256
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * Makes the value of a `DPoP` header for one request.
 *
 * @throws TypeError when `url` is not an absolute URL
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.2}
 */
export async function createDpopProof(options: DpopProofOptions): Promise<string> {
  const { key, method, url, accessToken, nonce, sha256 = webSha256, now = Date.now } = options
  const target = new URL(url)
  const ath = accessToken === undefined ? {} : { ath: await sha256(accessToken) }
  return new SignJWT({
    jti: crypto.randomUUID(),
    htm: method,
    htu: `${target.origin}${target.pathname}`,
    iat: Math.floor(now() / 1000),
    ...ath,
    ...(nonce === undefined ? {} : { nonce }),
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { ...key.publicJwk } })
    .sign(key.privateKey)
}
