import {
  connectionPolicySchema,
  connectionStatuses,
  credentialPinsSchema,
  type ProviderRevocation,
  providerRevocations,
} from '@holdfast/protocol'
import type { ConnectionInfo } from '@holdfast/storage'
import { z } from 'zod'
import { accountOf } from '../connections/account.ts'
import type { OpenUpload } from '../connections/reserve.ts'
import { optionalTime, timeText } from './page.ts'

const isOpen = (state: ProviderRevocation): boolean =>
  state === 'pending' || state === 'not_supported' || state === 'failed'

/** A connection as its owner sees it. */
export const connectionView = z.object({
  handle: z.string(),
  owner: z.string(),
  provider: z.string(),
  name: z.string().nullable(),
  label: z.string().nullable(),
  status: z.enum(connectionStatuses),
  base_url: z.string(),
  allowed_hosts: z.array(z.string()),
  policy: connectionPolicySchema,
  /** Credential kind; null before the upload. */
  kind: z.string().nullable(),
  /** Limits sealed with the credential, as the enclave told them at upload. */
  pins: credentialPinsSchema.nullable(),
  /** The account at the provider, as the last identity request named it. */
  account: z.string().nullable(),
  record_version: z.int(),
  upload_expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  revoked_at: z.string().nullable(),
  /** The OAuth app that it is authorized with. */
  oauth_app: z.string().nullable(),
  /** What the provider granted; null for kinds without tokens. */
  scopes: z.array(z.string()).nullable(),
  /** When its owner signed in at the provider last. */
  authorized_at: z.string().nullable(),
  /** When its access token ends, for those that do. */
  token_expires_at: z.string().nullable(),
  /** Of a revoked connection: what became of its tokens at the provider. */
  provider_revocation: z.enum(providerRevocations).nullable(),
  /** Where its owner can end the access by hand, while the provider did not. */
  access_page: z.string().nullable(),
})
export type ConnectionView = z.infer<typeof connectionView>

/** A connection with the one-time right to upload its credential. */
export const reservationView = z.object({
  handle: z.string(),
  owner: z.string(),
  upload: z.object({ nonce: z.string(), expires_at: z.string() }),
  connection: connectionView,
})

/**
 * The {@link connectionView} of a stored connection.
 *
 * @param accessPage - the provider's page where people take back what they allowed
 */
export function viewConnection(connection: ConnectionInfo, accessPage?: string): ConnectionView {
  const { providerRevocation: state } = connection
  const policy = connectionPolicySchema.safeParse(connection.policy)
  const scopes = z.array(z.string()).safeParse(connection.summary?.['scopes'])
  const authorizedAt = z.int().safeParse(connection.summary?.['authorized_at_ms'])
  const pins = credentialPinsSchema.safeParse(connection.summary?.['pins'])
  return {
    handle: connection.handle,
    owner: connection.owner,
    provider: connection.provider,
    name: connection.name ?? null,
    label: connection.label ?? null,
    status: connection.status,
    base_url: connection.baseUrl,
    allowed_hosts: [...connection.allowedHosts],
    policy: policy.success ? policy.data : { methods: [], paths: [], resources: [] },
    kind: connection.kind ?? null,
    pins: pins.success ? pins.data : null,
    account: accountOf(connection) ?? null,
    record_version: connection.recordVersion,
    upload_expires_at: optionalTime(connection.uploadExpiresAtMs),
    last_used_at: optionalTime(connection.lastUsedAtMs),
    created_at: timeText(connection.createdAtMs),
    updated_at: timeText(connection.updatedAtMs),
    revoked_at: optionalTime(connection.revokedAtMs),
    oauth_app: connection.appHandle ?? null,
    scopes: scopes.success ? scopes.data : null,
    authorized_at: authorizedAt.success ? timeText(authorizedAt.data) : null,
    token_expires_at: optionalTime(connection.tokenExpiresAtMs),
    provider_revocation: state ?? null,
    access_page: state !== undefined && isOpen(state) ? (accessPage ?? null) : null,
  }
}

/** The {@link reservationView} of an opened upload. */
export const viewReservation = ({
  connection,
  upload,
}: OpenUpload): z.infer<typeof reservationView> => ({
  handle: connection.handle,
  owner: connection.owner,
  upload: { nonce: upload.nonce, expires_at: timeText(upload.expiresAtMs) },
  connection: viewConnection(connection),
})
