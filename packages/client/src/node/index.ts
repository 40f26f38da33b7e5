/**
 * What the SDK needs of Node: a token store in a file, and the loopback redirect of a sign-in.
 *
 * @module
 */
export { fileTokenStore } from './file-token-store.ts'
export { type LoopbackRedirect, openLoopbackRedirect } from './loopback-redirect.ts'
