/**
 * How credentials are described, without any secret and without the cryptography that seals them.
 *
 * @module
 */
export {
  type CredentialKind,
  credentialFields,
  credentialKindSchema,
  secretFieldsOf,
} from './credential-kind.ts'
export { headerForm, isCredentialHeader, isUpstreamOwnHeader } from './upstream-headers.ts'
export { parseBaseUrl } from './upstream-host.ts'
