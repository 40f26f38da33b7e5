/** Algorithms that token signing keys can have. */
export type SigningAlgorithm = 'ES256' | 'EdDSA' | 'RS256'

/** What a rotation of keys has done. */
export interface KeyRotation {
  readonly what: 'signing' | 'sealing'
  /** Id of the key in use from now on. */
  readonly kid: string
  /** Of the signing key. */
  readonly alg?: SigningAlgorithm
  /** The published signing key that comes next. */
  readonly next_kid?: string
  /** When it signs by itself: verifiers get to know a key of another algorithm first. */
  readonly next_signs_from?: string
}
