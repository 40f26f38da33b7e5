import {
  identityFingerprint,
  ProtocolError,
  type SealingKey,
  verifyKeySet,
} from '@holdfast/protocol'
import { ClientError } from './errors.ts'
import { errorOf, type Fetch, readJson, send } from './http.ts'
import type { IdentityPin, TokenStore } from './session.ts'

/** Where every server publishes its enclave's sealing keys. */
const sealingKeysPath = '/.well-known/holdfast-sealing-keys.json'

/** A key to seal to, of an enclave whose identity was pinned and is still the same. */
export interface TrustedSealingKey {
  readonly key: SealingKey
  readonly pin: IdentityPin
  /** True when the identity was seen for the first time just now: show its fingerprint. */
  readonly firstUse: boolean
}

/**
 * Fetches the sealing keys, verifies them and pins the enclave's identity on first use.
 *
 * @throws ClientError `IDENTITY_CHANGED` when the identity is another one and no signed succession
 *   leads to it; `SERVER_ERROR` when a signature is wrong
 */
export async function trustedSealingKey(
  issuer: string,
  store: TokenStore,
  fetch: Fetch,
): Promise<TrustedSealingKey> {
  const response = await send(fetch, `${issuer}${sealingKeysPath}`, { method: 'GET' })
  if (!response.ok) throw await errorOf(response)
  const set = await readJson(response)
  return store.exclusive(async () => {
    const session = await store.load()
    const pinned = session?.issuer === issuer ? session.pin : undefined
    const verified = await verify(set, pinned)
    const firstUse = pinned === undefined
    if (pinned?.identity === verified.identity) return { key: verified.key, pin: pinned, firstUse }
    const pin: IdentityPin = {
      identity: verified.identity,
      fingerprint: await identityFingerprint(verified.identity),
      firstSeen: new Date().toISOString(),
      ...(pinned && { former: [...(pinned.former ?? []), pinned.identity] }),
    }
    if (session !== undefined) await store.save({ ...session, pin })
    return { key: verified.key, pin, firstUse }
  })
}

async function verify(
  set: unknown,
  pinned: IdentityPin | undefined,
): ReturnType<typeof verifyKeySet> {
  try {
    return await verifyKeySet(set, {
      pinned: pinned?.identity,
      nowSeconds: Math.floor(Date.now() / 1000),
    })
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    if (cause.code !== 'IDENTITY_CHANGED') {
      throw new ClientError('SERVER_ERROR', cause.message, { problem: cause.code, cause })
    }
    throw new ClientError(
      'IDENTITY_CHANGED',
      `the enclave is not the one that this device trusts (${pinned?.fingerprint}); nothing was sealed`,
      {
        problem: cause.code,
        fix: 'ask the operator whether the enclave was rebuilt and for its fingerprint; only then run `holdfast keys trust`',
        cause,
      },
    )
  }
}
