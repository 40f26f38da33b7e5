import {
  type ConnectionHandle,
  type ConnectionPolicy,
  type CredentialKind,
  type CredentialPins,
  denyAllPolicy,
  type DispatchResponse,
  parseConnectionHandle,
} from '@holdfast/protocol'
import { longestUpstreamMs } from './api.ts'
import { ClientError } from './errors.ts'
import { all, segment } from './paging.ts'
import {
  canonicalBase,
  requireSealable,
  type Reservation,
  sealAndUpload,
  type SealParts,
} from './seal-upload.ts'
import type { IdentityPin } from './session.ts'

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
  /**
   * `refused` when the provider does not take the credential, `forbidden` when it may only lack the
   * right to ask this, `unavailable` when the catalog has no such request for this connection.
   */
  readonly result: 'ok' | 'refused' | 'forbidden' | 'failed' | 'unavailable'
  /** The account, as the provider names it. */
  readonly account: string | null
  /** Status of the provider's answer. */
  readonly status: number | null
  /** Why there was no answer. */
  readonly code: string | null
  /** The same in words. */
  readonly reason: string | null
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

/** A new value for a connection that stays what it is: its handle, its policy, its host. */
export type Rotation = Pick<NewConnection, 'provider' | 'baseUrl' | 'credential' | 'secrets'> & {
  /** Limits to seal in. Default: those that the connection shows. */
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

/** Connections of the person who is signed in. Their credentials are sealed here and never read back. */
export interface Connections {
  /**
   * Reserves a handle, seals the credential here and uploads the ciphertext. Plaintext never leaves
   * this process.
   *
   * @throws ClientError `INVALID_REQUEST` when the secrets are not bytes
   * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE` before anything is reserved
   * @throws ClientError `IDENTITY_CHANGED`, `BINDING_REFUSED` before anything is sealed
   */
  readonly create: (connection: NewConnection) => Promise<SealReceipt>
  readonly list: () => Promise<readonly ConnectionView[]>
  readonly get: (handle: string) => Promise<ConnectionView>
  readonly setPolicy: (handle: string, policy: ConnectionPolicy) => Promise<ConnectionView>
  /**
   * Seals a new credential for the same handle. The old one stays in use until the new one is stored.
   *
   * @throws ClientError `INVALID_REQUEST` when the secrets are not bytes
   * @throws ProtocolError `INVALID_HOST`, `INVALID_ENVELOPE` before anything is asked
   * @throws ClientError `IDENTITY_CHANGED`, `BINDING_REFUSED` before anything is sealed
   */
  readonly rotate: (handle: string, rotation: Rotation) => Promise<SealReceipt>
  readonly setLabel: (handle: string, label: string) => Promise<ConnectionView>
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

export function connectionsApi(parts: SealParts): Connections {
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
    rotate: (handle, rotation) => rotate(parts, path(handle), rotation),
    setLabel: (handle, label) => patch(handle, { label }),
    pause: (handle) => patch(handle, { status: 'paused' }),
    resume: (handle) => patch(handle, { status: 'active' }),
    test: (handle, request = {}) =>
      api({
        method: 'POST',
        path: `${path(handle)}/test`,
        body: request,
        upstreamMs: longestUpstreamMs,
      }),
    identify: (handle) =>
      api({ method: 'POST', path: `${path(handle)}/identify`, upstreamMs: longestUpstreamMs }),
    revoke: (handle) => api({ method: 'DELETE', path: path(handle) }),
  }
}

async function create(parts: SealParts, given: NewConnection): Promise<SealReceipt> {
  const { api } = parts
  requireSealable(given)
  const wanted = { ...given, baseUrl: canonicalBase(given).baseUrl }
  const sealingKey = await parts.sealingKey()
  const { pin, firstUse } = sealingKey
  const reserved = await api<Reservation>({
    method: 'POST',
    path: '/v1/connections',
    body: {
      provider: wanted.provider,
      name: wanted.name ?? wanted.provider,
      label: wanted.label,
      base_url: wanted.baseUrl,
      policy: wanted.policy ?? denyAllPolicy,
    },
  })
  try {
    const stored = await sealAndUpload(parts, sealingKey, reserved, wanted)
    return { ...stored, pin, firstUse }
  } catch (error) {
    // A reservation without a credential is of no use to anybody.
    const path = `/v1/connections/${segment(reserved.handle)}`
    await api({ method: 'DELETE', path }).catch(() => undefined)
    throw error
  }
}

async function rotate(parts: SealParts, path: string, given: Rotation): Promise<SealReceipt> {
  const { api } = parts
  requireSealable(given)
  const wanted = { ...given, baseUrl: canonicalBase(given).baseUrl }
  const sealingKey = await parts.sealingKey()
  const { pins } = await api<{ pins?: CredentialPins | null }>({ method: 'GET', path })
  const reserved = await api<Reservation>({ method: 'POST', path: `${path}/upload` })
  if (path !== `/v1/connections/${segment(reserved.handle)}`) {
    throw new ClientError(
      'BINDING_REFUSED',
      'the server would give the credential to another connection; nothing was sealed',
    )
  }
  const stored = await sealAndUpload(parts, sealingKey, reserved, {
    ...wanted,
    pins: wanted.pins ?? pins ?? {},
  })
  return { ...stored, pin: sealingKey.pin, firstUse: sealingKey.firstUse }
}
