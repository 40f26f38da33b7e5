import { EnclaveError } from '@holdfast/protocol/channel'

/** The relay's refusals, by its code. */
const relayRefusals: Readonly<Record<string, EnclaveError>> = {
  DENIED_BY_POLICY: new EnclaveError(
    'HOST_NOT_ALLOWED',
    'the operator’s egress policy does not allow this host; see HOLDFAST_EGRESS_ALLOW',
  ),
  NON_PUBLIC_ADDRESS: new EnclaveError(
    'HOST_NOT_ALLOWED',
    'the host has a non-public address, which the operator must allow by name; see HOLDFAST_EGRESS_ALLOW_PRIVATE',
  ),
  DNS_FAILED: new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the upstream host has no address'),
  CONNECT_FAILED: new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the upstream refuses connections'),
  TIMEOUT: new EnclaveError(
    'DOWNSTREAM_TIMEOUT',
    'the upstream did not accept a connection in time',
  ),
  TOO_MANY: new EnclaveError('DOWNSTREAM_RATE_LIMITED', 'too many upstream connections are open'),
}

const unreachable = (message: string): EnclaveError =>
  new EnclaveError('DOWNSTREAM_UNREACHABLE', message)

/** Of a request that was sent, at least in part. */
const unanswered = (message: string): EnclaveError =>
  new EnclaveError('DOWNSTREAM_UNREACHABLE', message, { mayHaveRun: true })

/** The failure that a relay code stands for. */
export const relayRefusal = (code: string): EnclaveError =>
  relayRefusals[code] ?? new EnclaveError('INTERNAL', 'the egress relay refused the request')

/** The relay is down. */
export const relayUnreachable = (): EnclaveError =>
  unreachable('the egress relay cannot be reached')

const certificateFaults: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'the upstream’s certificate is for another host',
  CERT_HAS_EXPIRED: 'the upstream’s certificate has expired',
  CERT_NOT_YET_VALID: 'the upstream’s certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the upstream’s certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the upstream’s certificate comes from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the upstream’s certificate comes from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the upstream’s certificate comes from an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the upstream’s certificate comes from an unknown authority',
}

/**
 * A failure between connecting and the end of the TLS handshake.
 *
 * @param hasCertificate - whether a client certificate was offered
 */
export function tlsFailure(error: unknown, hasCertificate = false): EnclaveError {
  const code = codeOf(error)
  const fault = certificateFaults[code]
  if (fault) return new EnclaveError('DOWNSTREAM_TLS_ERROR', fault)
  if (isCertificateAlert(code)) return certificateRefused()
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') {
    return new EnclaveError('DOWNSTREAM_TLS_ERROR', 'the TLS handshake with the upstream failed')
  }
  return hasCertificate
    ? new EnclaveError(
        'DOWNSTREAM_TLS_ERROR',
        'the upstream closed the connection during the TLS handshake; it may not accept the client certificate',
      )
    : unreachable('the upstream closed the connection during the TLS handshake')
}

/** A failure of the request itself. Text of the cause is never passed on: it may quote the upstream. */
export function requestFailure(error: unknown): EnclaveError {
  if (error instanceof EnclaveError) return error
  const { cause } = error as { cause?: unknown }
  if (cause instanceof EnclaveError) return cause
  const code = codeOf(error)
  // With TLS 1.3 a server judges the client's certificate after the handshake.
  if (isCertificateAlert(code)) return certificateRefused()
  const isParserError = error instanceof Error && error.name === 'HTTPParserError'
  if (isParserError || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return unanswered('the upstream’s answer is not valid HTTP')
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR')) {
    return unanswered('the upstream’s compressed answer cannot be read')
  }
  return unanswered('the upstream closed the connection before its answer was complete')
}

const isCertificateAlert = (code: string): boolean =>
  /^ERR_SSL_.*ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/.test(code)

const certificateRefused = (): EnclaveError =>
  new EnclaveError(
    'DOWNSTREAM_AUTH_FAILURE',
    'the upstream asks for a client certificate, or refused the one that the credential has',
  )

/** An end without a word, after a request for a certificate: most likely about that. */
export const certificateUnanswered = (): EnclaveError =>
  new EnclaveError(
    'DOWNSTREAM_TLS_ERROR',
    'the upstream asked for a client certificate and closed the connection without an answer: the credential has none, or not one that it accepts',
  )

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}
