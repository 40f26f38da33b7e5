/** A published key, unchecked. */
export type PublishedKey = Readonly<Record<string, unknown>>

/** The keys of a key set; empty for anything else. */
export function publishedKeys(json: unknown): readonly PublishedKey[] {
  const keys = (json as { keys?: unknown } | undefined | null)?.keys
  return Array.isArray(keys)
    ? keys.filter((key): key is PublishedKey => typeof key === 'object' && key !== null)
    : []
}

/** Algorithms and curves by which nothing is signed. */
const encrypts = /^(?:RSA1_5|RSA-OAEP|ECDH-ES|A\d{3}|PBES2|dir$)/
const agrees: ReadonlySet<unknown> = new Set(['X25519', 'X448'])

/**
 * True for a key that signatures can be checked with: a key set may hold others, for encryption.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-4.2}
 */
export function isSigningKey({ use, key_ops: operations, alg, crv }: PublishedKey): boolean {
  if (use !== undefined && use !== 'sig') return false
  if (Array.isArray(operations) && !operations.includes('verify')) return false
  return !agrees.has(crv) && !(typeof alg === 'string' && encrypts.test(alg))
}
