import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.ts'
import { createProxies } from '../http/proxies.ts'

/** The certificate with which a client has connected to the proxy in front of us. */
export interface ClientCertificates {
  /** Undefined unless a trusted proxy hands on exactly one. */
  of(request: IncomingMessage): X509Certificate | undefined
  /** True when the proxy says that it has verified the chain. */
  isVerified(request: IncomingMessage): boolean
}

const maxHeaderLength = 12_288

/**
 * Reads client certificates from the headers of a trusted proxy; nobody else is believed.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9440}
 */
export function createClientCertificates(
  config: Pick<Config, 'mtls' | 'trustProxy' | 'trustedProxies'>,
): ClientCertificates {
  const proxies = createProxies(config)
  const { mtls } = config
  const header = (request: IncomingMessage, name: string | undefined): string | undefined => {
    if (name === undefined || !proxies.isBehindProxy(request)) return undefined
    const values = request.headersDistinct[name]
    return values?.length === 1 ? values[0] : undefined
  }
  return {
    of: (request) => parseCertificate(header(request, mtls?.certificateHeader)),
    isVerified: (request) => header(request, mtls?.verifiedHeader) === 'SUCCESS',
  }
}

/** RFC 9440 `:base64:`, or PEM in URL encoding as nginx and others write it. */
function parseCertificate(value: string | undefined): X509Certificate | undefined {
  if (value === undefined || value === '' || value.length > maxHeaderLength) return undefined
  try {
    const binary = /^:([A-Za-z0-9+/=]+):$/.exec(value)?.[1]
    if (binary !== undefined) return new X509Certificate(Buffer.from(binary, 'base64'))
    const pem = decodeURIComponent(value)
    return pem.startsWith('-----BEGIN CERTIFICATE-----') ? new X509Certificate(pem) : undefined
  } catch {
    return undefined
  }
}

/** Compares a certificate with what a client was registered with. */
export function certificateMatches(
  certificate: X509Certificate | undefined,
  property: string,
  expected: string,
): boolean {
  if (!certificate) return false
  if (property === 'tls_client_auth_subject_dn') {
    return sameName(certificate.subject.split('\n').toReversed(), splitName(expected))
  }
  if (property !== 'tls_client_auth_san_dns') return false
  const names = (certificate.subjectAltName ?? '').split(', ')
  return names.includes(`DNS:${expected}`)
}

/** The parts of an RFC 4514 name; a name with escapes or several values per part is never equal. */
const splitName = (name: string): string[] =>
  name.includes('\\') || name.includes('+') ? [] : name.split(',').map((part) => part.trim())

/** Node lists a subject's parts in their order in the certificate, RFC 4514 in the reverse. */
const sameName = (a: readonly string[], b: readonly string[]): boolean =>
  b.length > 0 && a.length === b.length && a.every((part, i) => part === b[i])
