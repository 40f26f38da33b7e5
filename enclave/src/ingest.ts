import { timingSafeEqual, createHash } from 'node:crypto'
import {
  canonicalAuthority,
  type CredentialEnvelope,
  type CredentialPins,
  decodeEnvelope,
  type OAuthApp,
  parseBaseUrl,
  ProtocolError,
} from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { IngestHead, IngestResult } from '@holdfast/protocol/enclave'
import { convertDedalusPlaintext } from './dedalus-envelope.ts'
import type { Keyring } from './keyring.ts'
import { requireInjectable } from './kinds/kinds.ts'
import { openDedalusEnvelope, openSealedBox } from './open.ts'
import { sealRecord } from './vault-record.ts'

/**
 * Opens an uploaded credential once, checks that it is meant for this very upload, and turns it into
 * a vault record. The plaintext is wiped before this returns.
 *
 * @throws EnclaveError `WRONG_KEY`, `INVALID_ENVELOPE`, `BINDING_MISMATCH`, `UPLOAD_NONCE_MISMATCH`
 *   or `HOST_NOT_ALLOWED`, so that a mistake shows at upload and not at first use
 */
export async function ingest(
  keyring: Keyring,
  head: IngestHead,
  sealed: Uint8Array,
  nowSeconds: number,
): Promise<{ result: IngestResult; record: Buffer }> {
  const encoded = await openUpload(keyring, head, sealed, nowSeconds)
  try {
    const envelope = decode(encoded)
    requireBinding(envelope, head)
    requireHosts(envelope, head)
    requireInjectable(envelope)
    const { credential, base_url, binding } = envelope.header
    return {
      record: sealRecord(keyring, head.context, encoded),
      result: {
        kind: credential.kind,
        base_url,
        allowed_hosts: binding.allowed_hosts,
        pins: presentPins(binding.pins),
        ...(credential.kind === 'oauth2_app' && { app: describeApp(credential) }),
      },
    }
  } finally {
    encoded.fill(0)
  }
}

async function openUpload(
  keyring: Keyring,
  head: IngestHead,
  sealed: Uint8Array,
  nowSeconds: number,
): Promise<Uint8Array> {
  if (head.form === 'sealed-box') return openSealedBox(sealed, keyring.sealingKeys, head.kid)
  const plaintext = openDedalusEnvelope(sealed, await keyring.encryptionKeys(), head.kid)
  try {
    const { context, base_url: baseUrl, upload_nonce: nonce } = head
    return convertDedalusPlaintext(plaintext, { context, baseUrl, nonce, nowSeconds })
  } finally {
    plaintext.fill(0)
  }
}

function decode(encoded: Uint8Array): CredentialEnvelope {
  try {
    return decodeEnvelope(encoded)
  } catch (error) {
    if (error instanceof ProtocolError) throw new EnclaveError('INVALID_ENVELOPE', error.message)
    throw error
  }
}

function requireBinding(
  { header: { binding } }: CredentialEnvelope,
  { context, upload_nonce }: IngestHead,
): void {
  for (const name of ['handle', 'owner', 'provider'] as const) {
    if (binding[name] !== context[name]) {
      throw new EnclaveError(
        'BINDING_MISMATCH',
        `the credential was sealed for another ${name}; seal it again for this connection`,
      )
    }
  }
  if (!equalInConstantTime(binding.upload_nonce, upload_nonce)) {
    throw new EnclaveError(
      'UPLOAD_NONCE_MISMATCH',
      'the credential was sealed for another upload; ask for a new upload and seal again',
    )
  }
}

function requireHosts({ header }: CredentialEnvelope, { context }: IngestHead): void {
  const refuse = (why: string): never => {
    throw new EnclaveError('HOST_NOT_ALLOWED', why)
  }
  const sealedHosts = header.binding.allowed_hosts
  if (![...sealedHosts, ...context.allowed_hosts].every(isCanonicalAuthority)) {
    refuse('an allowed host is not in canonical form: host or host:port in lower case')
  }
  if (!sameMembers(sealedHosts, context.allowed_hosts)) {
    refuse('the hosts sealed with the credential are not those of the connection')
  }
  if (!sealedHosts.includes(authorityOf(header.base_url))) {
    refuse('the host of the base URL is not among the allowed hosts')
  }
}

function authorityOf(baseUrl: string): string {
  try {
    return parseBaseUrl(baseUrl).authority
  } catch (error) {
    if (error instanceof ProtocolError) throw new EnclaveError('INVALID_ENVELOPE', error.message)
    throw error
  }
}

function isCanonicalAuthority(host: string): boolean {
  try {
    return canonicalAuthority(host) === host
  } catch {
    return false
  }
}

const sameMembers = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length &&
  a.every((value) => b.includes(value)) &&
  b.every((value) => a.includes(value))

const describeApp = ({
  client_id,
  authorization_endpoint,
  token_endpoint,
  scopes,
}: OAuthApp): NonNullable<IngestResult['app']> => ({
  client_id,
  authorization_endpoint,
  token_endpoint,
  scopes,
})

function presentPins(pins: CredentialPins): Record<string, readonly string[]> {
  const present: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(pins)) if (values) present[name] = values
  return present
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const equalInConstantTime = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b))
