import { type KeySet, sealingKeySignedBytes } from '@holdfast/protocol'
import type { EnclaveKeys } from '@holdfast/protocol/enclave'
import { signWithIdentity } from './key-pairs.ts'
import type { Keyring } from './keyring.ts'
import type { EncryptionKeyPair, SealingKeyPair } from './keyring-state.ts'

/** The identity's public key as it is published and pinned. */
export const identityOf = (keyring: Keyring): string =>
  Buffer.from(keyring.identity.publicKey).toString('base64url')

/** Everything public: the signed sealing keys and the RSA keys for Dedalus clients. */
export async function publishKeys(keyring: Keyring): Promise<EnclaveKeys> {
  await keyring.maintain()
  const encryption = await keyring.encryptionKeys()
  return { key_set: signedKeySet(keyring), enc_jwks: encryption.map(toJwk) }
}

/** The key set that clients verify, signed by the current identity. */
export function signedKeySet(keyring: Keyring): KeySet {
  return {
    v: 1,
    identity: identityOf(keyring),
    succession: [...keyring.succession],
    keys: keyring.publishedSealingKeys.map((key) => signedKey(keyring, key)),
  }
}

function signedKey(keyring: Keyring, key: SealingKeyPair): KeySet['keys'][number] {
  const statement = {
    kid: key.kid,
    alg: 'x25519-sealed-box' as const,
    public_key: Buffer.from(key.publicKey).toString('base64url'),
    not_before: key.notBefore,
    expires_at: key.expiresAt,
  }
  const signature = signWithIdentity(keyring.identity, sealingKeySignedBytes(statement))
  return { ...statement, signature }
}

function toJwk({ kid, n, e }: EncryptionKeyPair): Record<string, unknown> {
  return { kty: 'RSA', use: 'enc', alg: 'RSA-OAEP-256', kid, n, e }
}
