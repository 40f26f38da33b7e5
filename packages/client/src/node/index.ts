/**
 * What the SDK needs of Node: token stores in the system's keychain or a file, and the loopback
 * redirect of a sign-in.
 *
 * @module
 */
export { fileTokenStore } from './file-token-store.ts'
export {
  type Keychain,
  keychainTokenStore,
  type KeychainTokenStoreOptions,
} from './keychain-token-store.ts'
export { type LoopbackRedirect, openLoopbackRedirect } from './loopback-redirect.ts'
export { readPastedRedirect } from './pasted-redirect.ts'
