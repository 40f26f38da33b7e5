/**
 * What both sides of every Holdfast wire share: names, formats and sealing. Runs in browsers and
 * in Node; holds no private key and does no I/O.
 *
 * @module
 */
export { ProtocolError, type ProtocolErrorCode } from './errors.ts'
export {
  allowsCall,
  allowsLocation,
  type ConnectionDetail,
  connectionDetailSchema,
  detailsOfConnections,
  type GrantedConnectionDetail,
  grantedConnectionDetailSchema,
  maxAuthorizationDetails,
  maxAuthorizationDetailsLength,
  narrowDetails,
} from './authorization-details.ts'
export { concatBytes, fromBase64url, toBase64url, utf8, utf8Text } from './bytes.ts'
export { canonicalBytes } from './canonical-json.ts'
export { deepFreeze } from './deep-freeze.ts'
export {
  type ConnectionHandle,
  connectionHandleSchema,
  formatConnectionHandle,
  isConnectionHandle,
  maxHandleLength,
  parseConnectionHandle,
  providerNameSchema,
  providerOfHandle,
} from './connection-handle.ts'
export {
  type ConnectionStatus,
  connectionStatuses,
  denyAllPolicy,
  type ProviderRevocation,
  providerRevocations,
  type RecordContext,
  recordContextSchema,
} from './connection.ts'
export {
  apiKeyInjection,
  type CredentialKind,
  credentialFields,
  credentialKindSchema,
  type SecretFields,
  secretFieldsOf,
} from './credential-kind.ts'
export { hmacSlots, type SignaturePlace } from './credential-hmac.ts'
export { type Injection } from './credential-place.ts'
export {
  type GoneAnswers,
  goneAnswersSchema,
  type RevocationRequest,
  revocationRequestOf,
  revocationSlots,
} from './credential-revocation.ts'
export { parseTemplate, type TemplatePart } from './credential-template.ts'
export {
  type IssuedToken,
  isTokenKind,
  mintingKinds,
  type OAuthApp,
  type TokenKind,
} from './credential-token.ts'
export {
  type CredentialEnvelope,
  decodeEnvelope,
  encodeEnvelope,
  type EnvelopeBinding,
  type EnvelopeHeader,
  envelopeSecrets,
  maxEnvelopeBytes,
} from './credential-envelope.ts'
export {
  type DispatchBody,
  type DispatchErrorCode,
  dispatchErrorCodes,
  dispatchErrors,
  type DispatchFailure,
  dispatchFailure,
  type DispatchRequest,
  dispatchRequestSchema,
  isDispatchRequest,
  type DispatchResponse,
  dispatchResponseSchema,
  type HttpRequest,
  type HttpResponse,
} from './dispatch.ts'
export {
  auditHeadSignedBytes,
  identityFingerprint,
  type IdentitySuccession,
  type KeySet,
  keySetSchema,
  type SealingKey,
  sealingKeySignedBytes,
  successionSignedBytes,
  type VerifiedKeySet,
  verifyIdentitySignature,
  verifyKeySet,
} from './key-set.ts'
export {
  type ConnectionPolicy,
  connectionPolicySchema,
  type CredentialPins,
  credentialPinsSchema,
  type DispatchMethod,
  dispatchMethods,
  pathMatches,
  patternCovers,
  type PolicyQuestion,
  type PolicyRefusal,
  policyRefusal,
} from './policy.ts'
export { parseRequestPath, type RequestPath } from './request-path.ts'
export { seal, type SealedCredential } from './sealing.ts'
export { canonicalAuthority, parseBaseUrl, type UpstreamOrigin } from './upstream-host.ts'
