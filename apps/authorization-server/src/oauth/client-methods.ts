import { type ClientAuthMethod, type Configuration, errors } from 'oidc-provider'
import type { JWTPayload } from 'jose'
import type { Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { isForUsAlone, maxAssertionSeconds } from './client-assertion.ts'
import { certificateMatches, createClientCertificates } from './client-certificate.ts'

/** Ways in which clients prove who they are; those by certificate only behind a proxy that hands it on. */
export const clientAuthMethods = ({ mtls }: Pick<Config, 'mtls'>): ClientAuthMethod[] => [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  ...(mtls ? (['self_signed_tls_client_auth'] as const) : []),
  ...(mtls?.verifiedHeader === undefined ? [] : (['tls_client_auth'] as const)),
  'none',
]

/** Refuses client assertions that would have to be remembered for long, or are for other servers as well. */
export const limitAssertions =
  ({
    clock,
    config,
  }: Pick<AppContext, 'clock' | 'config'>): NonNullable<
    Configuration['assertJwtClientAuthClaimsAndHeader']
  > =>
  async (_koa, { aud, exp }) => {
    if (!isForUsAlone(aud as JWTPayload['aud'], config.issuer)) {
      throw new errors.InvalidClientAuth('the client assertion is made out to others as well')
    }
    if (typeof exp !== 'number' || exp - clock() / 1000 > maxAssertionSeconds) {
      throw new errors.InvalidClientAuth(
        `the client assertion lives longer than ${maxAssertionSeconds} seconds`,
      )
    }
  }

type MutualTls = NonNullable<NonNullable<Configuration['features']>['mTLS']>

/** Client authentication by certificate (RFC 8705 section 2), with what the proxy hands on. */
export function mutualTls(
  config: Pick<Config, 'mtls' | 'trustProxy' | 'trustedProxies'>,
): MutualTls {
  const { mtls } = config
  if (!mtls) return { enabled: false }
  const certificates = createClientCertificates(config)
  return {
    enabled: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: mtls.verifiedHeader !== undefined,
    getCertificate: (koa) => certificates.of(koa.req),
    certificateAuthorized: (koa) => certificates.isVerified(koa.req),
    certificateSubjectMatches: (koa, property, expected) =>
      certificateMatches(certificates.of(koa.req), property, expected),
  }
}
