import sodium, { ready, to_hex } from 'libsodium-wrappers'
import { z } from 'zod'
import { concatBytes, fromBase64url, utf8 } from './bytes.ts'
import { canonicalBytes } from './canonical-json.ts'
import { ProtocolError } from './errors.ts'

const base64urlOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`))

const sealingKeySchema = z.strictObject({
  /** Key id. */
  kid: z.string().min(1).max(64),
  alg: z.literal('x25519-sealed-box'),
  /** X25519 public key, base64url. */
  public_key: base64urlOf(32),
  /** Unix seconds. */
  not_before: z.int(),
  /** Unix seconds; after it clients must fetch the set again. */
  expires_at: z.int(),
  /** Ed25519 signature by the identity over {@link sealingKeySignedBytes}, base64url. */
  signature: base64urlOf(64),
})

const successionSchema = z.strictObject({
  /** Identity public key that hands over, base64url. */
  previous: base64urlOf(32),
  /** Identity public key that takes over, base64url. */
  next: base64urlOf(32),
  /** Unix seconds. */
  at: z.int(),
  /** Ed25519 signature by `previous` over {@link successionSignedBytes}, base64url. */
  signature: base64urlOf(64),
})

/** Zod schema of {@link KeySet}. */
export const keySetSchema = z.strictObject({
  v: z.literal(1),
  /** Ed25519 public key of the enclave, base64url: what clients pin. */
  identity: base64urlOf(32),
  /** Signed hand-overs, oldest first, that lead to `identity`. */
  succession: z.array(successionSchema).max(100),
  /** Sealing keys, the one to use first. */
  keys: z.array(sealingKeySchema).min(1).max(20),
})

export type SealingKey = z.infer<typeof sealingKeySchema>
export type IdentitySuccession = z.infer<typeof successionSchema>

/** The enclave's published sealing keys, signed by its identity. */
export type KeySet = z.infer<typeof keySetSchema>

/** A key set whose signatures hold. */
export interface VerifiedKeySet {
  /** Identity to pin from now on, base64url. */
  readonly identity: string
  /** The sealing key to use. */
  readonly key: SealingKey
}

/** The bytes that the identity signs for a sealing key. */
export const sealingKeySignedBytes = (key: Omit<SealingKey, 'signature'>): Uint8Array =>
  signedBytes('holdfast-sealing-key-v1', {
    alg: key.alg,
    expires_at: key.expires_at,
    kid: key.kid,
    not_before: key.not_before,
    public_key: key.public_key,
  })

/** The bytes that the old identity signs to hand over to a new one. */
export const successionSignedBytes = (step: Omit<IdentitySuccession, 'signature'>): Uint8Array =>
  signedBytes('holdfast-identity-succession-v1', {
    at: step.at,
    next: step.next,
    previous: step.previous,
  })

/** The bytes that the identity signs for the head of the audit chain. */
export const auditHeadSignedBytes = (head: {
  seq: number
  hash: string
  time: string
}): Uint8Array =>
  signedBytes('holdfast-audit-head-v1', { hash: head.hash, seq: head.seq, time: head.time })

function signedBytes(context: string, value: unknown): Uint8Array {
  return concatBytes(utf8(`${context}\n`), canonicalBytes(value))
}

/**
 * Checks an Ed25519 signature by an enclave identity.
 *
 * @param identity - public key, base64url
 * @param signature - base64url
 */
export async function verifyIdentitySignature(
  identity: string,
  message: Uint8Array,
  signature: string,
): Promise<boolean> {
  await ready
  try {
    return sodium.crypto_sign_verify_detached(
      fromBase64url(signature),
      message,
      fromBase64url(identity),
    )
  } catch {
    return false
  }
}

/**
 * Checks a published key set and picks the sealing key to use.
 *
 * @param value - the parsed JSON of `/.well-known/holdfast-sealing-keys.json`
 * @param options.pinned - identity seen before; absent on first use
 * @param options.nowSeconds - the current time
 * @throws ProtocolError `INVALID_KEY_SET` for a wrong shape or signature, `IDENTITY_CHANGED` when
 *   the identity is not the pinned one and no signed succession leads from it to the new one,
 *   `KEY_NOT_VALID_NOW` when no key is valid at this time
 */
export async function verifyKeySet(
  value: unknown,
  options: { readonly pinned?: string | undefined; readonly nowSeconds: number },
): Promise<VerifiedKeySet> {
  const parsed = keySetSchema.safeParse(value)
  if (!parsed.success) {
    throw new ProtocolError('INVALID_KEY_SET', 'the sealing keys do not have the expected form')
  }
  const set = parsed.data
  if (options.pinned !== undefined && options.pinned !== set.identity) {
    await requireSuccession(set, options.pinned)
  }
  for (const key of set.keys) {
    if (!(await verifyIdentitySignature(set.identity, sealingKeySignedBytes(key), key.signature))) {
      throw new ProtocolError(
        'INVALID_KEY_SET',
        'a sealing key is not signed by the enclave identity; do not seal to it',
      )
    }
  }
  const key = set.keys.find(
    ({ not_before, expires_at }) =>
      not_before <= options.nowSeconds + clockSkewSeconds && options.nowSeconds < expires_at,
  )
  if (!key) {
    throw new ProtocolError(
      'KEY_NOT_VALID_NOW',
      'no sealing key is valid now; check the clock of this device, or rotate the sealing key on the server',
    )
  }
  return { identity: set.identity, key }
}

const clockSkewSeconds = 300

async function requireSuccession(set: KeySet, pinned: string): Promise<void> {
  let current = pinned
  for (const step of set.succession) {
    if (step.previous !== current) continue
    if (!(await verifyIdentitySignature(current, successionSignedBytes(step), step.signature)))
      break
    current = step.next
  }
  if (current === set.identity) return
  throw new ProtocolError(
    'IDENTITY_CHANGED',
    'the enclave identity is not the one pinned on this device, and no signed succession leads to it; ' +
      'ask the operator whether the enclave was rebuilt, compare fingerprints, then forget the old pin',
  )
}

/** An identity's fingerprint for people: 32 hex digits in groups of four. */
export async function identityFingerprint(identity: string): Promise<string> {
  await ready
  const digest = sodium.crypto_generichash(16, fromBase64url(identity), null)
  return to_hex(digest).replace(/(.{4})(?=.)/g, '$1 ')
}
