export { openStorage } from './open.ts'
export type { Storage, StorageOptions } from './storage.ts'
export { StorageError, type StorageErrorCode } from './errors.ts'
export type { JsonObject, JsonValue } from './json.ts'
export type { Denial, Page } from './paging.ts'
export type { NewUser, User, UserRole, Users, UserStatus } from './users.ts'
export type { Invitation, InvitationPurpose, Invitations, NewInvitation } from './invitations.ts'
export {
  sourceProperty,
  type Client,
  type Clients,
  type ClientSource,
  type NewClient,
} from './clients.ts'
export type {
  DynamicClients,
  DynamicRegistration,
  NewDynamicClient,
  ReapOptions,
} from './dynamic-clients.ts'
export type { CachedDocument, ClientDocuments, PinnedDocument } from './client-documents.ts'
export type { ClientHost, ClientHosts, HostDecision } from './client-hosts.ts'
export type { RegistrationToken, RegistrationTokens } from './registration-tokens.ts'
export { type ApiKey, type ApiKeys, isOfApiKey, type NewApiKey } from './api-keys.ts'
export type { TrustedIssuer, TrustedIssuers } from './trusted-issuers.ts'
export type {
  DpopPolicy,
  NewResource,
  RequiredConnection,
  Resource,
  ResourceChanges,
  Resources,
  ResourceScope,
} from './resources.ts'
export type {
  Connection,
  ConnectionInfo,
  ConnectionPurpose,
  NewConnection,
  UploadNonce,
} from './connections/connection.ts'
export type { Connections } from './connections/connections.ts'
export type { RecordUpdate, TokenTimes } from './connections/records.ts'
export type { Grant, GrantFilter, Grants, NewGrant } from './grants.ts'
export type { NewSigningKey, SigningKey, SigningKeys, SigningKeyState } from './signing-keys.ts'
export type { AttemptLimit, Attempts } from './attempts.ts'
export type { SignInAddress, SignInAddresses } from './sign-in-addresses.ts'
export type { DenialEntry, DenialKind, Denials } from './denials.ts'
export type { Settings } from './settings.ts'
export type { AuditLog } from './audit/log.ts'
export type { AuditEntry, AuditPoint, AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'
export type { OidcAdapter, OidcPayload } from './oidc/types.ts'
export { newUlid } from './ulid.ts'
export type {
  NewPendingAuthorization,
  PendingAuthorization,
  PendingAuthorizations,
} from './pending-authorizations.ts'
export type {
  ConnectNeed,
  ConnectTicket,
  ConnectTickets,
  NewConnectTicket,
  RenewalNeed,
} from './connect-tickets.ts'
export type { UsedEnvelopes } from './used-envelopes.ts'
export type { TokenRevocation, TokenRevocations } from './token-revocations.ts'
export type { RefreshFailure, RefreshLease, TokenRefreshes } from './connections/token-refreshes.ts'
