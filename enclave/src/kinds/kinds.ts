import type { CredentialEnvelope, CredentialKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { isUpstreamOwnHeader } from '../caller-headers.ts'
import { apiKeyInjector } from './api-key.ts'
import { basicInjector } from './basic.ts'
import { bearerInjector } from './bearer.ts'
import type { CredentialInjector, InjectedHeader } from './injector.ts'

const injectors: {
  readonly [Kind in CredentialKind['kind']]: CredentialInjector<
    Extract<CredentialKind, { kind: Kind }>
  >
} = {
  api_key: apiKeyInjector,
  bearer: bearerInjector,
  basic: basicInjector,
}

/** The header that a credential becomes. The caller wipes its value. */
export function injectCredential(envelope: CredentialEnvelope): InjectedHeader {
  const { credential } = envelope.header
  return (injectors[credential.kind] as CredentialInjector).inject(credential, envelope.secrets)
}

/**
 * Checks at upload what would otherwise fail at first use.
 *
 * @throws EnclaveError `INVALID_ENVELOPE` for a header that HTTP itself needs, a byte that no header
 *   may hold, or a user name with a colon
 */
export function requireInjectable({ header, secrets }: CredentialEnvelope): void {
  const { credential } = header
  if (credential.kind === 'api_key' && isUpstreamOwnHeader(credential.header_name)) {
    throw new EnclaveError('INVALID_ENVELOPE', 'this header cannot carry a credential')
  }
  if (credential.kind === 'basic' && secrets['username']?.includes(0x3a)) {
    throw new EnclaveError('INVALID_ENVELOPE', 'a user name for basic must not hold a colon')
  }
  const isControl = (byte: number): boolean => (byte < 0x20 && byte !== 0x09) || byte === 0x7f
  if (Object.values(secrets).some((secret) => secret.some(isControl))) {
    throw new EnclaveError('INVALID_ENVELOPE', 'a secret field holds a control character')
  }
}
