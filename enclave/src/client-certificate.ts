import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** PEM bytes that prove a client in the TLS handshake. */
export interface ClientCertificate {
  /** The certificate, then those that lead to its authority. */
  readonly certificate: Uint8Array
  readonly privateKey: Uint8Array
}

/** Times between which a certificate is valid, in Unix milliseconds. */
export interface Validity {
  readonly fromMs: number
  readonly untilMs: number
}

/** When a certificate is valid. It must be one that {@link certificateFault} passed. */
export function validityOf({ certificate }: ClientCertificate): Validity {
  const { validFromDate, validToDate } = new X509Certificate(asBuffer(certificate))
  return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() }
}

/** Why a certificate cannot be used at a time, and what to do about it. */
export function validityFault({ fromMs, untilMs }: Validity, nowMs: number): string | undefined {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  if (nowMs > untilMs) {
    return `the client certificate expired on ${day(untilMs)}; get a new one and rotate the connection`
  }
  if (nowMs < fromMs) return `the client certificate is valid only from ${day(fromMs)}`
  return undefined
}

/** Why a certificate and a key cannot prove a client, and what to do about it. */
export function certificateFault(pem: ClientCertificate, nowMs: number): string | undefined {
  const certificate = parseCertificate(pem)
  if (!certificate) {
    return 'the certificate is not PEM; it starts with -----BEGIN CERTIFICATE-----'
  }
  const privateKey = parseKey(pem)
  if (typeof privateKey === 'string') return privateKey
  if (!certificate.checkPrivateKey(privateKey)) {
    return 'the private key does not belong to the certificate; put the client’s own certificate first'
  }
  return validityFault(validityOf(pem), nowMs)
}

function parseCertificate({ certificate }: ClientCertificate): X509Certificate | undefined {
  try {
    // Bare DER would parse too, but not as part of a handshake.
    return asBuffer(certificate).includes('-----BEGIN CERTIFICATE-----')
      ? new X509Certificate(asBuffer(certificate))
      : undefined
  } catch {
    return undefined
  }
}

function parseKey({ privateKey }: ClientCertificate): KeyObject | string {
  const key = asBuffer(privateKey)
  if (key.includes('ENCRYPTED')) {
    return 'the private key is encrypted; decrypt it first, with `openssl pkey -in key.pem`'
  }
  try {
    return createPrivateKey({ key, format: 'pem' })
  } catch {
    // Without the library's text, which may quote its input.
    return 'the private key is not PEM; it starts with -----BEGIN PRIVATE KEY-----'
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
