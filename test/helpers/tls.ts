/** Certificates made at run time; the published testing package has them. */
export {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  type IssueOptions,
} from '@holdfast/testing/tls'
