import {
  type CredentialPins,
  parseBaseUrl,
  parseConnectionHandle,
  seal,
  toBase64url,
} from '@holdfast/protocol'
import type { ProviderReservation } from '@holdfast/providers'
import type { EnclaveKey } from './keys.ts'
import type { PageData } from './page.ts'
import { post } from './post.ts'
import type { Secrets } from './secrets.ts'

/** What came of a credential. */
export interface Outcome {
  readonly result: 'ok' | 'refused' | 'restored' | 'forbidden' | 'failed' | 'unavailable' | 'kept'
  readonly account: string | null
  readonly handle: string
}

interface Reserved {
  readonly handle: string
  readonly owner: string
  readonly nonce: string
  readonly pins: CredentialPins
}

/**
 * Has a handle reserved, seals the secrets to it here, and sends the ciphertext.
 *
 * @throws Error when the server answers with another handle or owner than this page is for
 */
export async function sealAndSend(
  { ticket, owner, renewed }: PageData,
  { key }: EnclaveKey,
  { provider, base_url, credential }: ProviderReservation,
  { secrets, allow }: { readonly secrets: Secrets; readonly allow: string | undefined },
): Promise<Outcome> {
  const { authority, basePath } = parseBaseUrl(base_url)
  const baseUrl = `https://${authority}${basePath}`
  const reserved = await post<Reserved>(ticket, 'reserve', {
    provider,
    base_url: baseUrl,
    ...(allow !== undefined && { allow }),
  })
  const handle = parseConnectionHandle(reserved.handle)
  const isOurs =
    reserved.owner === owner &&
    handle.endsWith(`-${provider}`) &&
    (renewed === null || renewed.handle === handle)
  if (!isOurs) {
    throw new Error('the server would give the key to another connection; nothing was sealed')
  }
  const sealed = await seal(key, {
    header: {
      credential,
      base_url: baseUrl,
      binding: {
        handle,
        owner,
        provider,
        allowed_hosts: [authority],
        upload_nonce: reserved.nonce,
        created_at: Math.floor(Date.now() / 1000),
        pins: reserved.pins,
      },
    },
    secrets,
  })
  return post<Outcome>(ticket, 'credential', {
    kid: sealed.kid,
    sealed: toBase64url(sealed.sealed),
    upload_nonce: reserved.nonce,
  })
}
