/**
 * An OAuth client for agents and apps, and the SDK of a Holdfast server: sign in, seal credentials,
 * manage connections, call by handle. Runs in browsers, Workers and Node; what needs Node alone is in
 * `@holdfast/client/node`, the official MCP client in `@holdfast/client/mcp`.
 *
 * @module
 */
export type {
  ClientView,
  Collection,
  GrantView,
  Invitation,
  NeededConnection,
  NewClient,
  NewResource,
  NewUser,
  RegisteredClient,
  RegisteredResource,
  ResourceChanges,
  Resources,
  ResourceView,
  ScopeDescription,
  UserView,
} from './administration.ts'
export type { ApiKeys, ApiKeyView, NewApiKey } from './api-keys.ts'
export type { Audit, AuditHead } from './audit.ts'
export type {
  BundledDocuments,
  ClientDetail,
  ClientDocumentAdministration,
  ClientDocumentView,
  ClientHostView,
  ClientPin,
  NewRegistrationToken,
  RegistrationTokens,
  RegistrationTokenView,
} from './client-administration.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export type {
  ConnectionIdentity,
  Connections,
  ConnectionView,
  NewConnection,
  Rotation,
  SealReceipt,
} from './connections.ts'
export type { ConnectTickets, ConnectTicketView, NewConnectTicket } from './connect-tickets.ts'
export type { DeviceLoginOptions } from './device-login.ts'
export type {
  AuthorizationLink,
  NewOAuthApp,
  NewOAuthConnection,
  OAuthApps,
  OAuthAppView,
} from './oauth-apps.ts'
export type { Dispatch } from './dispatch.ts'
export type { Issuers, IssuerSubject, IssuerTrust, IssuerView } from './issuers.ts'
export { ClientError, type ClientErrorCode, type FieldError } from './errors.ts'
export type { Fetch } from './http.ts'
export type { KeyRotation, SigningAlgorithm } from './key-rotation.ts'
export type { SigningKeys, SigningKeyView } from './signing-keys.ts'
export type { LoginOptions } from './login.ts'
export type { ConnectionDetail } from '@holdfast/protocol'
export type { Auth, AuthContext, PresentableToken, Refusal } from './oauth/auth.ts'
export type { DetailedRequest } from './oauth/authorization-details.ts'
export { AuthorizationCodeAuth, type AuthorizationCodeOptions } from './oauth/authorization-code.ts'
export {
  type AuthorizedFetch,
  authorizedFetch,
  type AuthorizedFetchOptions,
} from './oauth/authorized-fetch.ts'
export { ClientCredentialsAuth, type ClientCredentialsOptions } from './oauth/client-credentials.ts'
export type { StaticClient } from './oauth/client-identity.ts'
export { CrossAppAuth, type CrossAppOptions } from './oauth/cross-app.ts'
export { DeviceAuth, type DeviceOptions, type DevicePrompt } from './oauth/device.ts'
export type { GrantAuthOptions } from './oauth/grant-auth.ts'
export type { RegistrationOptions } from './oauth/registration.ts'
export type {
  ClientAuthMethod,
  OAuthState,
  StoredGrant,
  StoredRegistration,
} from './oauth/state.ts'
export { BearerAuth, DPoPAuth } from './oauth/static-auth.ts'
export { TokenExchangeAuth, type TokenExchangeOptions } from './oauth/token-exchange.ts'
export type { Supplied } from './oauth/token-types.ts'
export { WorkloadIdentityAuth, type WorkloadIdentityOptions } from './oauth/workload-identity.ts'
export type { ResourceName } from './resource-names.ts'
export type { TrustedSealingKey } from './sealing-keys.ts'
export {
  type IdentityPin,
  memoryTokenStore,
  type Session,
  type StoredTokens,
  type TokenStore,
} from './session.ts'
export { readClaims } from './token-claims.ts'
