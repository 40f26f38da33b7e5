/**
 * Access tokens and DPoP proofs: making proofs, and the checks that the authorization server and
 * every resource server share.
 *
 * @module
 */
export {
  accessTokenAlgorithms,
  type AccessTokenVerifier,
  type AccessTokenVerifierOptions,
  type AuthorizationDetail,
  connectionsIn,
  createAccessTokenVerifier,
  type GrantedConnections,
  type TokenProfile,
  type VerifiedAccessToken,
} from './access-token.ts'
export {
  authorizeRequest,
  type AuthorizeRequestOptions,
  parseAuthorization,
  type PresentedToken,
  requireScopes,
  type TokenRequest,
} from './authorize-request.ts'
export { BoundedCache } from './bounded-cache.ts'
export {
  createDpopVerifier,
  type DpopCheck,
  type DpopVerifier,
  type DpopVerifierOptions,
  type VerifiedDpopProof,
} from './dpop.ts'
export {
  dpopAlgorithms,
  type DpopKey,
  type DpopPublicJwk,
  exportDpopKey,
  generateDpopKey,
  importDpopKey,
  jwkThumbprint,
} from './dpop-key.ts'
export { createDpopProof, type DpopProofOptions } from './dpop-proof.ts'
export { normalizeHtu } from './dpop-uri.ts'
export { type ProcessStart, processStart } from './process-start.ts'
export {
  createMemoryReplayStore,
  type MemoryReplayStoreOptions,
  type ReplayStore,
} from './replay.ts'
export { type Sha256, webSha256 } from './sha256.ts'
export { type ChallengeOptions, type DpopPolicy, formatChallenge } from './token-challenge.ts'
export { TokenError, type TokenErrorCode } from './token-error.ts'
export {
  createLocalKeySource,
  createRemoteKeySource,
  type RemoteKeySourceOptions,
  type SigningKeyHint,
  type TokenKeySource,
} from './token-key-source.ts'
export {
  type ImportProofKey,
  type VerifyProof,
  type VerifySignature,
  webVerifySignature,
} from './verify-signature.ts'
