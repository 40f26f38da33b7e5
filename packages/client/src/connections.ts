import {
  type ConnectionHandle,
  type ConnectionPolicy,
  type CredentialKind,
  type CredentialPins,
  denyAllPolicy,
  type DispatchResponse,
  encodeEnvelope,
  parseBaseUrl,
  parseConnectionHandle,
  seal,
  toBase64url,
} from '@holdfast/protocol'
import type { Api } from './api.ts'
import { ClientError } from './errors.ts'
import { all, segment } from './paging.ts'
import type { IdentityPin } from './session.ts'
import type { TrustedSealingKey } from './sealing-keys.ts'

/** A connection as the server describes it: never with its credential. */
export interface ConnectionView {
  readonly handle: string
  readonly provider: string
  readonly status: string
  readonly base_url: string
  readonly policy: ConnectionPolicy
  readonly label?: string | null
  readonly name?: string | null
  /** The account at the provider, once it was asked. */
  readonly account?: string | null
  readonly [field: string]: unknown
}

/** What the one harmless request that the server's catalog has for a provider said. */
export interface ConnectionIdentity {
  /** `unavailable` when the catalog has no such request for this connection. */
  readonly result: 'ok' | 'refused' | 'failed' | 'unavailable'
  /** The account, as the provider names it. */
  readonly account: string | null
  /** Status of the provider's answer. */
  readonly status: number | null
  /** Why there was no answer. */
  readonly code: string | null
  readonly connection: ConnectionView
}

/** A new connection and the credential to seal into it. */
export interface NewConnection {
  /** Catalog name, such as `github`. */
  readonly provider: string
  /** Name under which a resource asks for it. Default: the provider. */
  readonly name?: string
  readonly label?: string
  /** `https://host[:port][/path]`: the only place that will ever receive the credential. */
  readonly baseUrl: string
  /** How the credential is injected. */
  readonly credential: CredentialKind
  /** Secret bytes by field name (see `credentialFields` of the protocol). Wipe them after the call. */
  readonly secrets: Readonly<Record<string, Uint8Array>>
  /** What it may be used for. Default: nothing, until `setPolicy`. */
  readonly policy?: ConnectionPolicy
  /** Limits that only a new sealing can change. Default: none. */
  readonly pins?: CredentialPins
}

/** What was sealed, to which enclave. */
export interface SealReceipt {
  readonly connection: ConnectionView
  readonly handle: ConnectionHandle
  /** The enclave identity that it was sealed to. */
  readonly pin: IdentityPin
  readonly firstUse: boolean
}

export interface Connections {
  /**
   * Reserves a handle, seals the credential here and uploads the ciphertext. Plaintext never leaves
   * this process.
   *
   * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE` before anything is reserved
   * @throws ClientError `IDENTITY_CHANGED`, `BINDING_REFUSED` before anything is sealed
   */
  readonly create: (connection: NewConnection) => Promise<SealReceipt>
  readonly list: () => Promise<readonly ConnectionView[]>
  readonly get: (handle: string) => Promise<ConnectionView>
  readonly setPolicy: (handle: string, policy: ConnectionPolicy) => Promise<ConnectionView>
  readonly pause: (handle: string) => Promise<ConnectionView>
  readonly resume: (handle: string) => Promise<ConnectionView>
  /** Makes a harmless call; by default `GET` of the base URL's path. */
  readonly test: (
    handle: string,
    request?: { readonly path?: string; readonly method?: string },
  ) => Promise<DispatchResponse>
  /** Asks the provider which account it is; its policy need not allow that. */
  readonly identify: (handle: string) => Promise<ConnectionIdentity>
  /** For good: the stored ciphertext is deleted. */
  readonly revoke: (handle: string) => Promise<ConnectionView>
}

interface Reservation {
  readonly handle: string
  readonly owner: string
  readonly upload: { readonly nonce: string }
}

export interface ConnectionParts {
  readonly api: Api
  readonly sealingKey: () => Promise<TrustedSealingKey>
  /** The signed-in user. */
  readonly subject: () => Promise<string>
}

export function connectionsApi(parts: ConnectionParts): Connections {
  const { api } = parts
  const path = (handle: string): string =>
    `/v1/connections/${segment(parseConnectionHandle(handle))}`
  const patch = (handle: string, body: unknown): Promise<ConnectionView> =>
    api({ method: 'PATCH', path: path(handle), body })
  return {
    create: (connection) => create(parts, connection),
    list: () => all<ConnectionView>(api, '/v1/connections'),
    get: (handle) => api({ method: 'GET', path: path(handle) }),
    setPolicy: (handle, policy) => patch(handle, { policy }),
    pause: (handle) => patch(handle, { status: 'paused' }),
    resume: (handle) => patch(handle, { status: 'active' }),
    test: (handle, request = {}) =>
      api({ method: 'POST', path: `${path(handle)}/test`, body: request }),
    identify: (handle) => api({ method: 'POST', path: `${path(handle)}/identify` }),
    revoke: (handle) => api({ method: 'DELETE', path: path(handle) }),
  }
}

async function create(parts: ConnectionParts, wanted: NewConnection): Promise<SealReceipt> {
  const { api } = parts
  // Taken from the caller and never from the server, which could otherwise choose where the
  // credential goes.
  const { authority, basePath } = parseBaseUrl(wanted.baseUrl)
  const baseUrl = `https://${authority}${basePath}`
  requireSealable(wanted, baseUrl, authority)
  const { key, pin, firstUse } = await parts.sealingKey()
  const reserved = await api<Reservation>({
    method: 'POST',
    path: '/v1/connections',
    body: {
      provider: wanted.provider,
      name: wanted.name ?? wanted.provider,
      label: wanted.label,
      base_url: baseUrl,
      policy: wanted.policy ?? denyAllPolicy,
    },
  })
  const handle = parseConnectionHandle(reserved.handle)
  const uploadPath = `/v1/connections/${segment(handle)}`
  try {
    if (reserved.owner !== (await parts.subject())) {
      throw new ClientError(
        'BINDING_REFUSED',
        'the server would give the credential to another owner; nothing was sealed',
      )
    }
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
      path: `${uploadPath}/credential`,
      body: {
        form: sealed.form,
        kid: sealed.kid,
        upload_nonce: reserved.upload.nonce,
        sealed: toBase64url(sealed.sealed),
      },
    })
    return { connection, handle, pin, firstUse }
  } catch (error) {
    // A reservation without a credential is of no use to anybody.
    await api({ method: 'DELETE', path: uploadPath }).catch(() => undefined)
    throw error
  }
}

/**
 * Encodes the credential once with a binding that stands in for the real one: what can be refused
 * here must not cost a reservation, which would stay behind as a revoked connection.
 */
function requireSealable(
  { credential, secrets, pins = {} }: NewConnection,
  baseUrl: string,
  authority: string,
): void {
  const provider = 'none'
  encodeEnvelope({
    header: {
      credential,
      base_url: baseUrl,
      binding: {
        handle: parseConnectionHandle(`ddls:conn:${'0'.repeat(26)}-${provider}`),
        owner: provider,
        provider,
        allowed_hosts: [authority],
        upload_nonce: '0'.repeat(16),
        created_at: 0,
        pins,
      },
    },
    secrets,
  }).fill(0)
}
