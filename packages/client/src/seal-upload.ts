import {
  type ConnectionHandle,
  credentialFields,
  type CredentialKind,
  type CredentialPins,
  encodeEnvelope,
  parseBaseUrl,
  parseConnectionHandle,
  seal,
  toBase64url,
} from '@holdfast/protocol'
import type { Api } from './api.ts'
import type { ConnectionView } from './connections.ts'
import { ClientError } from './errors.ts'
import { segment } from './paging.ts'
import type { TrustedSealingKey } from './sealing-keys.ts'

/** What sealing and uploading need of a client. */
export interface SealParts {
  readonly api: Api
  readonly sealingKey: () => Promise<TrustedSealingKey>
  /** The signed-in user. */
  readonly subject: () => Promise<string>
}

/** A credential on its way into the vault. */
export interface Sealable {
  readonly provider: string
  /** `https://host[:port][/path]`. */
  readonly baseUrl: string
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, Uint8Array>>
  readonly pins?: CredentialPins | undefined
}

/** A handle that waits for its credential. */
export interface Reservation {
  readonly handle: string
  readonly owner: string
  readonly upload: { readonly nonce: string }
}

/** The base URL and its host in canonical form: taken from the caller and never from the server. */
export function canonicalBase({ baseUrl }: Pick<Sealable, 'baseUrl'>): {
  baseUrl: string
  authority: string
} {
  const { authority, basePath } = parseBaseUrl(baseUrl)
  return { baseUrl: `https://${authority}${basePath}`, authority }
}

/**
 * Seals a credential for a reservation and uploads it.
 *
 * @throws ClientError `BINDING_REFUSED` before anything is sealed
 */
export async function sealAndUpload(
  { api, subject }: SealParts,
  { key }: TrustedSealingKey,
  reserved: Reservation,
  wanted: Sealable,
): Promise<{ readonly connection: ConnectionView; readonly handle: ConnectionHandle }> {
  const handle = parseConnectionHandle(reserved.handle)
  if (reserved.owner !== (await subject())) {
    throw new ClientError(
      'BINDING_REFUSED',
      'the server would give the credential to another owner; nothing was sealed',
    )
  }
  const { baseUrl, authority } = canonicalBase(wanted)
  const sealed = await seal(key, {
    header: {
      credential: wanted.credential,
      base_url: baseUrl,
      binding: {
        handle,
        owner: reserved.owner,
        provider: wanted.provider,
        allowed_hosts: [authority],
        upload_nonce: reserved.upload.nonce,
        created_at: Math.floor(Date.now() / 1000),
        pins: wanted.pins ?? {},
      },
    },
    secrets: wanted.secrets,
  })
  const connection = await api<ConnectionView>({
    method: 'PUT',
    path: `/v1/connections/${segment(handle)}/credential`,
    body: {
      form: sealed.form,
      kid: sealed.kid,
      upload_nonce: reserved.upload.nonce,
      sealed: toBase64url(sealed.sealed),
    },
  })
  return { connection, handle }
}

/**
 * Encodes the credential once with a binding that stands in for the real one: what can be refused
 * here must not cost a reservation, which would stay behind as a revoked connection.
 *
 * @throws ClientError `INVALID_REQUEST` for what types would have refused, such as text
 * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE`
 */
export function requireSealable(wanted: Sealable): void {
  requireTypes(wanted)
  const { baseUrl, authority } = canonicalBase(wanted)
  const provider = 'none'
  encodeEnvelope({
    header: {
      credential: wanted.credential,
      base_url: baseUrl,
      binding: {
        handle: parseConnectionHandle(`ddls:conn:${'0'.repeat(26)}-${provider}`),
        owner: provider,
        provider,
        allowed_hosts: [authority],
        upload_nonce: '0'.repeat(16),
        created_at: 0,
        pins: wanted.pins ?? {},
      },
    },
    secrets: wanted.secrets,
  }).fill(0)
}

/** Programs without types hand over what other SDKs take; what they gave is not repeated. */
function requireTypes({ credential, secrets }: Partial<Sealable>): void {
  if (!Object.values(secrets ?? [undefined]).every((secret) => ArrayBuffer.isView(secret))) {
    throw new ClientError(
      'INVALID_REQUEST',
      'secrets must be bytes by field name; values are never sent unsealed',
      { fix: 'give secrets such as { token: new TextEncoder().encode(token) }' },
    )
  }
  if (!Object.hasOwn(credentialFields, String(credential?.kind))) {
    throw new ClientError('INVALID_REQUEST', 'the credential has no kind that can be sealed', {
      fix: `give credential.kind: ${Object.keys(credentialFields).join(', ')}`,
    })
  }
}
