import type { JsonObject } from './json.ts'

export type SigningKeyState = 'next' | 'active' | 'retired'

/** A token signing key; the private JWK is encrypted at rest. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateJwk: JsonObject
  readonly state: SigningKeyState
  readonly createdAtMs: number
  readonly activatedAtMs: number | undefined
  readonly retiredAtMs: number | undefined
}

export interface NewSigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateJwk: JsonObject
  /** `active` only for the very first key; later ones start as `next`. */
  readonly state: 'next' | 'active'
}

export interface SigningKeys {
  /** @throws StorageError EXISTS for a known kid, or for a second active or next key of this alg */
  create(key: NewSigningKey): Promise<SigningKey>
  /** Active first, then next, then retired (newest first). */
  list(): Promise<SigningKey[]>
  /**
   * Makes the `next` key active and the active one retired, in one transaction.
   * @throws StorageError NOT_FOUND when this kid is not `next`
   */
  promote(kid: string): Promise<void>
  /** Deletes a retired key once no token signed by it can be valid. @throws StorageError NOT_FOUND */
  remove(kid: string): Promise<void>
}
