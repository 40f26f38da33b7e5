import type { Api } from './api.ts'
import type { SigningAlgorithm } from './key-rotation.ts'

/** A key that signs access tokens, will, or did while tokens of it may be valid. */
export interface SigningKeyView {
  readonly kid: string
  readonly alg: SigningAlgorithm
  /** `active` signs; `next` is published and signs from the next rotation on. */
  readonly state: 'active' | 'next' | 'retired'
  /** When it came into its state. */
  readonly since: string
}

/** The signing keys of a server, the one that signs first. */
export interface SigningKeys {
  readonly keys: readonly SigningKeyView[]
  /** When the next key signs by itself; null where only a command makes it. */
  readonly rotation_due: string | null
}

/** Reads the signing keys; for administrators. @throws ClientError `FORBIDDEN` */
export async function signingKeys(api: Api): Promise<SigningKeys> {
  const { signing_keys: keys, signing_rotation_due: due } = await api<{
    readonly signing_keys: SigningKeys['keys']
    readonly signing_rotation_due: string | null
  }>({ method: 'GET', path: '/v1/status' })
  return { keys, rotation_due: due }
}
