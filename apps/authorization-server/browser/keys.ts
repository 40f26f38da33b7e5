import { identityFingerprint, type SealingKey, verifyKeySet } from '@holdfast/protocol'

/** The enclave's key, after its signature was checked. */
export interface EnclaveKey {
  readonly key: SealingKey
  readonly fingerprint: string
  readonly isNew: boolean
}

/** Where this browser remembers the enclave that it saw first. Holds a public key, nothing else. */
const pinName = 'holdfast:enclave-identity'

/**
 * Fetches the key set, checks its signatures, and that it is the enclave of last time, or the one that
 * the link itself names behind `#identity=`: a server never sees that part.
 *
 * @throws ProtocolError `INVALID_KEY_SET`, `IDENTITY_CHANGED`, `KEY_NOT_VALID_NOW`
 */
export async function fetchEnclaveKey(): Promise<EnclaveKey> {
  const response = await globalThis.fetch('/.well-known/holdfast-sealing-keys.json', {
    redirect: 'error',
  })
  if (!response.ok) throw new Error('the enclave does not answer; try again in a minute')
  const set: unknown = await response.json()
  const nowSeconds = Math.floor(Date.now() / 1000)
  const named = new URLSearchParams(location.hash.slice(1)).get('identity') ?? undefined
  const known = localStorage.getItem(pinName) ?? undefined
  const verified = await verifyKeySet(set, { pinned: known ?? named, nowSeconds })
  if (named !== undefined) await verifyKeySet(set, { pinned: named, nowSeconds })
  localStorage.setItem(pinName, verified.identity)
  return {
    key: verified.key,
    fingerprint: await identityFingerprint(verified.identity),
    isNew: known === undefined && named === undefined,
  }
}
