/** A certificate authority made at run time, so that tests speak real, verified TLS on loopback. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { bits, boolean, der, integer, octets, oid, sequence, set, utcTime, utf8 } from './der.ts'

/** A certificate with its private key, both PEM. */
export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
}

/** An authority that clients can be told to trust. */
export interface CertificateAuthority {
  readonly caPem: string
  /** Issues a server certificate for DNS names and IPv4 addresses, or a client's. */
  issue(names: readonly string[], options?: IssueOptions): Certificate
}

/** What a certificate is for, and when. */
export interface IssueOptions {
  /** Default `server`. */
  readonly usage?: 'server' | 'client'
  /** Default: yesterday. */
  readonly fromMs?: number
  /** Default: in 30 days. */
  readonly untilMs?: number
}

interface Template {
  readonly subject: string
  readonly issuer: string
  readonly subjectKey: KeyObject
  readonly issuerKey: KeyObject
  readonly signingKey: KeyObject
  readonly extensions: readonly Uint8Array[]
  readonly validity?: Pick<IssueOptions, 'fromMs' | 'untilMs'>
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const DAY_MS = 86_400_000
const extendedKeyUsages = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

/** Makes an authority with a P-256 key that exists only in this process. */
export function createAuthority(name = 'Holdfast test authority'): CertificateAuthority {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const caPem = certificate({
    subject: name,
    issuer: name,
    subjectKey: ca.publicKey,
    issuerKey: ca.publicKey,
    signingKey: ca.privateKey,
    extensions: [
      extension('2.5.29.19', sequence(boolean(true)), true),
      extension('2.5.29.15', bits(Buffer.from([0b0000_0110]), 1), true),
    ],
  })
  return {
    caPem,
    issue: (names, { usage = 'server', ...validity } = {}) => {
      const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const certPem = certificate({
        subject: names[0] ?? 'server',
        issuer: name,
        subjectKey: server.publicKey,
        issuerKey: ca.publicKey,
        signingKey: ca.privateKey,
        validity,
        extensions: [
          extension('2.5.29.19', sequence(), true),
          extension('2.5.29.15', bits(Buffer.from([0b1000_0000]), 7), true),
          extension('2.5.29.37', sequence(oid(extendedKeyUsages[usage]))),
          extension('2.5.29.17', sequence(...names.map(alternativeName))),
        ],
      })
      return {
        certPem,
        keyPem: server.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      }
    },
  }
}

/** RFC 5280 section 4.1, signed with ECDSA. */
function certificate(template: Template): string {
  const now = Date.now()
  const { fromMs = now - DAY_MS, untilMs = now + 30 * DAY_MS } = template.validity ?? {}
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    distinguishedName(template.issuer),
    sequence(utcTime(new Date(fromMs)), utcTime(new Date(untilMs))),
    distinguishedName(template.subject),
    publicKeyInfo(template.subjectKey),
    der(
      0xa3,
      sequence(
        ...template.extensions,
        extension('2.5.29.14', octets(keyIdentifier(template.subjectKey))),
        extension('2.5.29.35', sequence(der(0x80, keyIdentifier(template.issuerKey)))),
      ),
    ),
  )
  const signature = sign('sha256', toBeSigned, template.signingKey)
  return toPem(sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature)))
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
}

function alternativeName(name: string): Buffer {
  return isIPv4(name)
    ? der(0x87, Buffer.from(name.split('.').map(Number)))
    : der(0x82, Buffer.from(name))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20)
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
