/**
 * Tests of protected MCP servers without a Holdfast installation: an authorization server in the
 * test's own process, an upstream over TLS, and the official client.
 *
 * @module
 */
export { connectClient, type TestClient } from './connect-client.ts'
export type { TestConnection } from './connections.ts'
export { type EchoUpstream, type SeenRequest, startEchoUpstream } from './echo-upstream.ts'
export type { Revocation } from './revocations.ts'
export {
  createTestIssuer,
  type FetchServer,
  type ServedServer,
  type TestAuthorization,
  type TestIssuer,
} from './test-issuer.ts'
export type { TokenOptions } from './token-options.ts'
