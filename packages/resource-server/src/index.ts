/**
 * Protects MCP servers and other HTTP APIs with tokens of a Holdfast authorization server, and lets
 * them call upstreams through its vault. Runs wherever the Fetch API and WebCrypto do; frameworks
 * have their own subpaths.
 *
 * @module
 */
export {
  type AuthenticatedRequest,
  type AuthInfo,
  type Dispatch,
  requestOfAuthInfo,
} from './authenticated-request.ts'
export {
  Connection,
  type ConnectionOptions,
  type SealableConnection,
  type SecretKeys,
  SecretValues,
} from './connection.ts'
export type { DispatchCall } from './dispatch.ts'
export {
  type AuthorizationDetail,
  TokenError,
  type TokenErrorCode,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
export { DispatchError, type DispatchFailureCode } from './dispatch-error.ts'
export type { Fetch } from './http-client.ts'
export {
  type AuthorizationProvider,
  type JWTAlgorithm,
  JWTValidator,
  type JWTValidatorOptions,
} from './jwt-validator.ts'
export type { ResourceMetadata } from './metadata.ts'
export type {
  ProtectedResourceOptions,
  ResourceClient,
  ResourceScopes,
  RevocationOptions,
  ScopeEnforcement,
} from './options.ts'
export { type ProtectedFetchHandler, protectFetch } from './protect-fetch.ts'
export { type ProtectedResource, protectedResource } from './protected-resource.ts'
export type { Decision, ResourceAnswer, ResourceRequest } from './resource-request.ts'
export type { ScopeHierarchy } from './scopes.ts'
export type { BodySchema, SchemaResult, TypedResponse } from './typed-response.ts'
