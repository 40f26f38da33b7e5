import type { RecordContext } from '@holdfast/protocol'
import { z } from 'zod'
import type { Keyring } from '../keyring.ts'
import { openBound, sealBound } from '../vault-record.ts'

const pendingSchema = z.strictObject({
  v: z.literal(1),
  /** Handle of the OAuth app. */
  app: z.string(),
  state: z.string(),
  /** The PKCE verifier: a secret until the code is redeemed. */
  verifier: z.string(),
  redirect_uri: z.string(),
  scopes: z.array(z.string()),
})

/** An authorization that a person is on the way to give. */
export type PendingAuthorization = z.infer<typeof pendingSchema>

const domain = Buffer.from('holdfast-pending-authorization-v1\n')

// Not the policy and not the version: both may change while the person is at the provider.
const boundTo = ({ handle, owner, provider, allowed_hosts }: RecordContext) => ({
  domain,
  context: { handle, owner, provider, allowed_hosts },
})

/** Seals a pending authorization for the connection that it is for. */
export function sealPending(
  keyring: Keyring,
  context: RecordContext,
  pending: PendingAuthorization,
): Buffer {
  const plaintext = Buffer.from(JSON.stringify(pending))
  try {
    return sealBound(keyring, boundTo(context), plaintext)
  } finally {
    plaintext.fill(0)
  }
}

/** @throws EnclaveError `DECRYPTION_FAILED` when it was made for another connection or owner */
export function openPending(
  keyring: Keyring,
  context: RecordContext,
  sealed: Uint8Array,
): PendingAuthorization {
  const plaintext = openBound(keyring, boundTo(context), sealed)
  try {
    return pendingSchema.parse(JSON.parse(plaintext.toString()))
  } finally {
    plaintext.fill(0)
  }
}
