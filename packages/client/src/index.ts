/**
 * SDK of a Holdfast server: sign in, seal credentials, manage connections, call by handle. Runs in
 * browsers and in Node; what needs Node alone is in `@holdfast/client/node`.
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
  ResourceView,
  ScopeDescription,
  UserView,
} from './administration.ts'
export type { Audit, AuditHead } from './audit.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export type { Connections, ConnectionView, NewConnection, SealReceipt } from './connections.ts'
export type { Dispatch } from './dispatch.ts'
export { ClientError, type ClientErrorCode, type FieldError } from './errors.ts'
export type { Fetch } from './http.ts'
export type { LoginOptions } from './login.ts'
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
