import { type KeyObject, sign } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import type { LoadedSigningKey } from '../keystore.ts'

/**
 * A signing key of ours in the library's hands: it can have things signed and read the public part.
 * Signing is synchronous: a job for the thread pool costs more than the 40 µs of the signature.
 */
export class LibrarySigningKey extends ExternalSigningKey {
  readonly #key: LoadedSigningKey

  constructor(key: LoadedSigningKey) {
    super()
    this.#key = key
  }

  override get kid(): string {
    return this.#key.kid
  }

  override get alg(): string {
    return 'ES256'
  }

  override keyObject(): KeyObject {
    return this.#key.publicKey
  }

  override sign(data: Uint8Array): Uint8Array {
    return sign('sha256', data, { key: this.#key.privateKey, dsaEncoding: 'ieee-p1363' })
  }
}
