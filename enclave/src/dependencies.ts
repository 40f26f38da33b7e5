/**
 * Every npm package that the enclave may load, its own dependencies and theirs. A line added here adds
 * code that sees plaintext credentials; a test holds the list equal to what `package.json` files say.
 *
 * - `jose` checks DPoP proofs of callers whose keys a credential pins, signs assertions of service
 *   accounts, and encodes base64url.
 * - `canonicalize` makes the canonical JSON that signatures and vault records are bound to.
 * - `libsodium` opens sealed boxes; `libsodium-wrappers` is its interface.
 * - `oauth4webapi` speaks OAuth to token endpoints, over the enclave's own connections.
 * - `undici` speaks HTTP to upstreams.
 * - `zod` checks everything that arrives.
 */
export const enclaveDependencies = [
  '@holdfast/protocol',
  'canonicalize',
  'jose',
  'libsodium',
  'libsodium-wrappers',
  'oauth4webapi',
  'undici',
  'zod',
] as const
