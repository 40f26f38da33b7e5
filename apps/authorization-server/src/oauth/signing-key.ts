import type { KeyObject } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import type { LoadedSigningKey } from '../keystore.ts'
import { signBytes } from '../signing-algorithms.ts'

/** A signing key of ours in the library's hands: it can have things signed and read the public part. */
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
    return this.#key.alg
  }

  override keyObject(): KeyObject {
    return this.#key.publicKey
  }

  override sign(data: Uint8Array): Uint8Array {
    return signBytes(this.#key.alg, this.#key.privateKey, data)
  }
}
