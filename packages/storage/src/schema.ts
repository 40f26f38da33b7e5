import type { ConnectionStatus, ProviderRevocation } from '@holdfast/protocol'

/** The tables as the query builder sees them; `@holdfast/migrations` is where they are made. */
export interface Schema {
  users: UserRow
  invitations: InvitationRow
  settings: { name: string; value: Uint8Array }
  clients: ClientRow
  client_documents: ClientDocumentRow
  client_pins: ClientPinRow
  client_hosts: ClientHostRow
  registration_tokens: RegistrationTokenRow
  api_keys: ApiKeyRow
  trusted_issuers: TrustedIssuerRow
  resources: ResourceRow
  tool_manifests: { resource: string; manifest: string; updated_at_ms: number }
  resource_names: { name: string; resource: string }
  grants: GrantRow
  signing_keys: SigningKeyRow
  denials: DenialRow
  connections: ConnectionRow
  pending_authorizations: PendingAuthorizationRow
  connect_tickets: ConnectTicketRow
  connection_choices: ConnectionChoiceRow
  token_revocations: TokenRevocationRow
  used_envelopes: { fingerprint: Uint8Array }
  audit: AuditRow
  audit_heads: AuditHeadRow
}

export interface UserRow {
  id: string
  email: string
  password_hash: string
  role: 'admin' | 'member'
  status: 'active' | 'disabled'
  created_at_ms: number
  updated_at_ms: number
}

export interface InvitationRow {
  id: string
  key_hash: Uint8Array
  purpose: 'setup' | 'invite'
  role: 'admin' | 'member'
  email: string | null
  created_by: string | null
  created_at_ms: number
  expires_at_ms: number
  used_at_ms: number | null
  used_by: string | null
}

export interface ClientRow {
  client_id: string
  source: 'builtin' | 'manual' | 'dynamic'
  resource: string | null
  /** JSON list; null = every registered resource. */
  resources: string | null
  created_by: string | null
  created_at_ms: number
  updated_at_ms: number
  revoked_at_ms: number | null
  /** Goes up with every change, for caches. */
  revision: number
  metadata: string
  secret: Uint8Array | null
  /** Of the metadata of a dynamic public client: equal ones are one client. */
  fingerprint: Uint8Array | null
  /** SHA-256 of the registration access token. */
  management_hash: Uint8Array | null
}

export interface ClientDocumentRow {
  client_id: string
  host: string
  document: string | null
  etag: string | null
  fetched_at_ms: number | null
  /** Until then nothing is fetched, whether there is a document or only a failure. */
  fresh_until_ms: number
  failure: string | null
  failed_at_ms: number | null
  updated_at_ms: number
}

export interface ClientPinRow {
  client_id: string
  host: string
  document: string
  pinned_by: string
  pinned_at_ms: number
}

export interface ClientHostRow {
  host: string
  decision: 'waiting' | 'approved' | 'denied'
  client_id: string | null
  first_seen_ms: number
  decided_by: string | null
  decided_at_ms: number | null
}

export interface RegistrationTokenRow {
  id: string
  token_hash: Uint8Array
  label: string | null
  uses_left: number | null
  created_by: string
  created_at_ms: number
  expires_at_ms: number
  last_used_at_ms: number | null
  revoked_at_ms: number | null
}

export interface ApiKeyRow {
  id: string
  key_hash: Uint8Array
  environment: 'live' | 'test'
  owner: string
  label: string | null
  /** JSON lists; null = all. */
  resources: string | null
  scopes: string | null
  /** JSON: name → handle; null = all. */
  connections: string | null
  created_at_ms: number
  expires_at_ms: number | null
  last_used_at_ms: number | null
  revoked_at_ms: number | null
}

export interface TrustedIssuerRow {
  id: string
  issuer: string
  trust: string
  created_by: string
  created_at_ms: number
  removed_at_ms: number | null
}

export interface ResourceRow {
  resource: string
  display_name: string
  scopes: string
  connections: string
  dpop: 'off' | 'preferred' | 'required'
  dpop_nonce: number
  client_id: string | null
  deployment_id: string | null
  deployment_secret: Uint8Array | null
  created_by: string | null
  created_at_ms: number
  updated_at_ms: number
}

export interface GrantRow {
  grant_id: string
  user_id: string
  client_id: string
  resource: string
  scopes: string
  connections: string
  /** RFC 9396 as JSON. */
  authorization_details: string | null
  created_at_ms: number
  updated_at_ms: number
  expires_at_ms: number | null
  revoked_at_ms: number | null
}

export interface SigningKeyRow {
  kid: string
  alg: string
  state: 'next' | 'active' | 'retired'
  created_at_ms: number
  activated_at_ms: number | null
  retired_at_ms: number | null
  private_jwk: Uint8Array
}

export interface DenialRow {
  kind: 'user' | 'client' | 'grant' | 'token'
  value: string
  expires_at_ms: number
}

export interface ConnectionRow {
  handle: string
  owner: string
  provider: string
  name: string | null
  label: string | null
  status: ConnectionStatus
  base_url: string
  allowed_hosts: string
  policy: string
  kind: string | null
  summary: string | null
  record_version: number
  upload_nonce_hash: Uint8Array | null
  upload_expires_at_ms: number | null
  last_used_at_ms: number | null
  created_at_ms: number
  updated_at_ms: number
  revoked_at_ms: number | null
  record: Uint8Array | null
  purpose: 'credential' | 'oauth_app'
  app_handle: string | null
  token_expires_at_ms: number | null
  token_refresh_at_ms: number | null
  refresh_owner: string | null
  refresh_until_ms: number | null
  refresh_failures: number
  refresh_retry_at_ms: number | null
  provider_revocation: ProviderRevocation | null
}

export interface PendingAuthorizationRow {
  ticket_hash: Uint8Array
  state_hash: Uint8Array
  browser_hash: Uint8Array | null
  handle: string
  owner: string
  app_handle: string
  url: string
  pending: Uint8Array
  created_at_ms: number
  expires_at_ms: number
  connect_ticket: string | null
}

export interface ConnectTicketRow {
  id: string
  owner: string
  provider: string | null
  name: string | null
  label: string | null
  policy: string | null
  resource: string | null
  client_id: string | null
  grant_id: string | null
  handle: string | null
  is_renewal: number
  browser_hash: Uint8Array | null
  attempts: number
  created_at_ms: number
  usable_until_ms: number
  connected_at_ms: number | null
  expires_at_ms: number
  agent_id: string | null
  interaction: string | null
}

export interface ConnectionChoiceRow {
  user_id: string
  client_id: string
  resource: string
  name: string
  handle: string
  chosen_at_ms: number
}

export interface TokenRevocationRow {
  id: string
  handle: string
  owner: string
  context: string
  record: Uint8Array
  app_context: string | null
  app_record: Uint8Array | null
  attempts: number
  next_attempt_at_ms: number
  created_at_ms: number
}

export interface AuditRow {
  seq: number
  time_ms: number
  type: string
  outcome: 'success' | 'denied' | 'failed'
  actor: string | null
  subject: string | null
  client: string | null
  resource: string | null
  connection: string | null
  grant_id: string | null
  request_id: string | null
  detail: string | null
  prev_hash: Uint8Array
  hash: Uint8Array
}

export interface AuditHeadRow {
  seq: number
  hash: string
  time: string
  key_id: string
  signature: string
}
