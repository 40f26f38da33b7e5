/**
 * Every npm package that the enclave may load, its own dependencies and theirs. A line added here adds
 * code that sees plaintext credentials; a test holds the list equal to what `package.json` files say.
 *
 * - `jose` checks DPoP proofs of callers whose keys a credential pins, and encodes base64url.
 * - `canonicalize` makes the canonical JSON that signatures and vault records are bound to.
 * - `libsodium` opens sealed boxes; `libsodium-wrappers` is its interface.
 * - `undici` speaks HTTP to upstreams.
 * - `zod` checks everything that arrives.
 */
export const enclaveDependencies = [
  '@holdfast/protocol',
  'canonicalize',
  'jose',
  'libsodium',
  'libsodium-wrappers',
  'undici',
  'zod',
] as const
